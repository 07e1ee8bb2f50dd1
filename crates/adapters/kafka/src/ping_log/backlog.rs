//! How much waits, and whether that is too much.
//! Not here: how long an entry is (the sizes).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dayline_app::ports::{LogDepth, PortError};
use dayline_app::tracking::watermarks::Watermarks;

use super::sizes::Sizes;
use crate::cluster::Cluster;
use crate::error::to_port;

pub(super) struct Backlog {
    cluster: Cluster,
    partitions: u32,
    sizes: Arc<Sizes>,
    watermarks: Watermarks,
    full: AtomicBool,
}

impl Backlog {
    pub(super) fn new(cluster: Cluster, partitions: u32, sizes: Arc<Sizes>, watermarks: Watermarks) -> Self {
        Self { cluster, partitions, sizes, watermarks, full: AtomicBool::new(false) }
    }

    /// Whether the log was full when its depth was last asked for.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(super) async fn depth(&self) -> Result<LogDepth, PortError> {
        let bounds = self.cluster.all_bounds(self.partitions).await.map_err(to_port)?;
        let entries = bounds.iter().map(|bounds| bounds.end.saturating_sub(bounds.start).max(0) as u64).sum();
        let depth = LogDepth { entries, bytes: self.sizes.of(entries) };
        let update = |full| Some(self.watermarks.is_full(full, depth.bytes));
        let _ = self.full.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
        Ok(depth)
    }
}
