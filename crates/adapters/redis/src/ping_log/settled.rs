//! Where the ledger stands in each partition, and what is forgotten behind it. What it means is kept
//! in Redis, for all processes; since when, here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dayline_app::ports::{Partition, PortError, Position};
use dayline_app::tracking::keep::{Keep, Keeping, Settled};

use super::entry::parse_id;
use super::head::Head;
use super::scripts::{FORGET, SETTLE};
use crate::link::{Link, Question};

pub(super) struct Settler {
    head: Arc<Head>,
    link: Link,
    partitions: Vec<Mutex<Keeping>>,
    /// What time is counted from.
    began: Instant,
}

/// What the script answers: the bytes that wait in all partitions; how far this one is settled and
/// forgotten, in bytes; up to which id it is forgotten; and the last id there can be.
type Answer = (i64, u64, u64, String, u64, u64);

impl Settler {
    pub(super) fn new(head: Arc<Head>, keep: Keep) -> Self {
        let partitions = (0..head.partitions()).map(|_| Mutex::new(Keeping::new(keep))).collect();
        Self { link: Link::new(head.config().clone()), head, partitions, began: Instant::now() }
    }

    /// The ledger stands at `up_to`. Gives the bytes that wait afterwards.
    pub(super) async fn settle(&self, partition: Partition, up_to: Position) -> Result<i64, PortError> {
        let mut call = SETTLE.call(1);
        call.arg(self.head.key()).arg(partition.0).arg(up_to.major).arg(up_to.minor);
        let answer: Answer = self.link.ask(Question::Script(&SETTLE, &call)).await?;
        let (waiting, settled, base, gone, major, minor) = answer;
        let position = up_to.min(Position { major, minor });
        let gone = parse_id(gone.as_bytes()).unwrap_or(Position::START);
        let forgotten = self.keeping(partition).settle(
            self.began.elapsed(),
            Settled { position, bytes: settled },
            Settled { position: gone, bytes: base },
        );
        if let Some(forgotten) = forgotten {
            self.forget(partition, forgotten.position).await?;
        }
        Ok(waiting)
    }

    async fn forget(&self, partition: Partition, up_to: Position) -> Result<(), PortError> {
        let first_kept = Position { minor: up_to.minor.saturating_add(1), ..up_to };
        let mut call = FORGET.call(2);
        call.arg(self.head.key()).arg(self.head.stream(partition));
        call.arg(partition.0).arg(up_to.major).arg(up_to.minor).arg(first_kept.to_string());
        let _: i64 = self.link.ask(Question::Script(&FORGET, &call)).await?;
        Ok(())
    }

    fn keeping(&self, partition: Partition) -> MutexGuard<'_, Keeping> {
        // What is kept since when is whole at every moment.
        self.partitions[partition.0 as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
