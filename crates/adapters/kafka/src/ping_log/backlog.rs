//! How much waits behind where the ledger stands, and whether that is too much.
//! Not here: how long an entry is (the sizes).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use dayline_app::ports::{LogDepth, Partition, PortError};
use dayline_app::tracking::watermarks::Watermarks;

use super::sizes::Sizes;
use crate::cluster::{Bounds, Cluster};
use crate::error::to_port;

pub(super) struct Backlog {
    cluster: Cluster,
    /// Of each partition, the offset before which all is settled, as far as known.
    settled: Vec<AtomicI64>,
    sizes: Arc<Sizes>,
    watermarks: Watermarks,
    full: AtomicBool,
}

impl Backlog {
    pub(super) fn new(cluster: Cluster, partitions: u32, sizes: Arc<Sizes>, watermarks: Watermarks) -> Self {
        let settled = (0..partitions).map(|_| AtomicI64::new(0)).collect();
        Self { cluster, settled, sizes, watermarks, full: AtomicBool::new(false) }
    }

    /// All before this offset is settled, and nothing after it.
    pub(super) fn settled(&self, Partition(number): Partition, offset: i64) {
        self.settled[number as usize].store(offset, Ordering::Relaxed);
    }

    /// Whether the log was full when its depth was last asked for.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(super) async fn depth(&self) -> Result<LogDepth, PortError> {
        let bounds = self.cluster.all_bounds(self.settled.len() as u32).await.map_err(to_port)?;
        let waiting = |(bounds, settled): (&Bounds, &AtomicI64)| {
            let from = settled.load(Ordering::Relaxed).max(bounds.start);
            bounds.end.saturating_sub(from).max(0) as u64
        };
        let entries = bounds.iter().zip(&self.settled).map(waiting).sum();
        let depth = LogDepth { entries, bytes: self.sizes.of(entries) };
        let update = |full| Some(self.watermarks.is_full(full, depth.bytes));
        let _ = self.full.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
        Ok(depth)
    }
}
