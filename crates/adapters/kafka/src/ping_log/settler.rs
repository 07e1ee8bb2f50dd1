//! Where the ledger stands in each partition, and what is deleted behind it.
//! Not here: what of a topic comes before a position (the positions).

use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{LedgerWriter, Partition, PortError, Position};
use dayline_app::tracking::keep::{Keep, Keeping, Settled as Mark};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::backlog::Backlog;
use super::positions::{self, Settled};
use super::reader::Reader;
use super::sizes::Sizes;
use crate::cluster::Cluster;
use crate::error::{to_port, told};
use crate::native::TopicId;

/// How often the ledger is asked where it stands in partitions that others work on.
const ASK_AGAIN: Duration = Duration::from_secs(2);

pub(super) struct Settler {
    cluster: Cluster,
    reader: Arc<Reader>,
    backlog: Arc<Backlog>,
    sizes: Arc<Sizes>,
    keep: Keep,
    /// What each partition keeps, if it was settled here. Held while records are deleted.
    partitions: Vec<Mutex<Option<Kept>>>,
    /// What time is counted from.
    began: Instant,
}

/// What a partition of a topic keeps.
struct Kept {
    topic: TopicId,
    keeping: Keeping,
    /// The first offset that is there, as far as known.
    start: i64,
    /// Up to where it is settled, and about how many bytes were up to there.
    offset: i64,
    bytes: u64,
}

impl Settler {
    pub(super) fn new(
        cluster: Cluster,
        reader: Arc<Reader>,
        backlog: Arc<Backlog>,
        sizes: Arc<Sizes>,
        (partitions, keep): (u32, Keep),
    ) -> Self {
        let partitions = (0..partitions).map(|_| Mutex::default()).collect();
        Self { cluster, reader, backlog, sizes, keep, partitions, began: Instant::now() }
    }

    /// The ledger stands at `up_to`. That records can't be deleted is no reason to stop: the next try
    /// deletes them, too.
    pub(super) async fn settle(&self, partition: Partition, up_to: Position) -> Result<(), PortError> {
        let mut slot = self.partitions[partition.0 as usize].lock().await;
        let topic = self.cluster.topic_id().await.map_err(to_port)?;
        let settled = positions::settled(up_to, topic, self.reader.major(partition));
        let known = slot.take().filter(|kept| kept.topic == topic);
        let offset = match (&known, settled) {
            (_, Settled::Nothing) => {
                self.backlog.settled(partition, 0);
                *slot = known;
                return Ok(());
            }
            (_, Settled::All) => self.end(partition).await?,
            (_, Settled::Before(offset)) => offset,
        };
        let mut kept = match known {
            Some(kept) => kept,
            None => self.begin(partition, topic).await?,
        };
        self.backlog.settled(partition, offset);
        if let Some(before) = kept.settle(self.began.elapsed(), offset, &self.sizes) {
            match self.cluster.delete_before(partition.0 as i32, before).await {
                Ok(()) => kept.start = before,
                Err(code) => tracing::warn!(
                    partition = partition.0,
                    why = told(code),
                    "processed entries can't be deleted from kafka"
                ),
            }
        }
        *slot = Some(kept);
        Ok(())
    }

    async fn end(&self, partition: Partition) -> Result<i64, PortError> {
        Ok(self.cluster.bounds(partition.0 as i32).await.map_err(to_port)?.end)
    }

    async fn begin(&self, partition: Partition, topic: TopicId) -> Result<Kept, PortError> {
        let start = self.cluster.bounds(partition.0 as i32).await.map_err(to_port)?.start;
        Ok(Kept { topic, keeping: Keeping::new(self.keep), start, offset: start, bytes: 0 })
    }

    /// Learns where the ledger stands in all partitions, as far as it answers.
    pub(super) async fn learn(&self, ledger: &dyn LedgerWriter) {
        let Ok(topic) = self.cluster.topic_id().await else { return };
        for partition in (0..self.partitions.len() as u32).map(Partition) {
            let Ok(position) = ledger.position(partition).await else { return };
            let offset = match positions::settled(position, topic, None) {
                Settled::Before(offset) => offset,
                Settled::All | Settled::Nothing => 0,
            };
            self.backlog.settled(partition, offset);
        }
    }

    /// Learns it again and again.
    pub(super) async fn follow(self: Arc<Self>, ledger: Arc<dyn LedgerWriter>) {
        loop {
            sleep(ASK_AGAIN).await;
            self.learn(&*ledger).await;
        }
    }
}

impl Kept {
    /// Gives the offset before which everything is to be deleted, if there is more of it than before.
    fn settle(&mut self, now: Duration, offset: i64, sizes: &Sizes) -> Option<i64> {
        // Nothing is deleted for a guess: before an entry was seen, all of them count as nothing.
        let bytes = |from: i64, to: i64| sizes.seen_of(to.saturating_sub(from).max(0) as u64);
        let kept = bytes(self.start, offset);
        self.bytes =
            (self.bytes + bytes(self.offset, offset)).saturating_sub(bytes(offset, self.offset)).max(kept);
        self.offset = offset;
        let settled = Mark { position: at(offset), bytes: self.bytes };
        let deleted = Mark { position: at(self.start), bytes: self.bytes - kept };
        let forgotten = self.keeping.settle(now, settled, deleted)?;
        Some(forgotten.position.minor as i64)
    }
}

/// A place in the topic, for [`Keeping`].
fn at(offset: i64) -> Position {
    Position { major: 0, minor: offset.max(0) as u64 }
}
