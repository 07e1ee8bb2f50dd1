//! The step after the one that is being committed, settled meanwhile: where days come from the ledger
//! a worker that is behind need not wait for it then, nor it for the worker.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::batch::{Batch, read_batch};
use super::{Ahead, Changes, Step, Worker};
use crate::ports::{PortError, Position};

impl Worker {
    /// Commits a step that is not stale, and settles the next one in memory meanwhile. That one counts only if the
    /// commit is done; else everything in memory is forgotten.
    pub(super) async fn commit_and_settle_next(
        &mut self,
        from: Position,
        to: Position,
        changes: Changes,
        step: Step,
    ) -> Result<Step, PortError> {
        let commit = self.commit_of(from, to, changes);
        let ports = self.ports.clone();
        let (is_done, ahead) = both(ports.apply(&commit), self.settle_next(to)).await;
        let step = self.committed(commit, is_done?, step).await?;
        match ahead {
            Ok(ahead) => self.ahead = ahead,
            // It fails again in a step of its own, which can do something about it.
            Err(_) => self.days.clear(),
        }
        Ok(step)
    }

    /// Settles in memory what comes after a position. `None` if nothing does, or if it needs the
    /// ledger to stand there: what the log has lost, and what settles whole days anew.
    async fn settle_next(&mut self, from: Position) -> Result<Option<Ahead>, PortError> {
        let read = self.ports.log.read_after(self.partition, from, self.limits.read_bytes).await?;
        if read.lost.is_some() || read.entries.is_empty() {
            return Ok(None);
        }
        let Batch { observations, orders, dead, count } = read_batch(&read.entries);
        if !orders.is_empty() {
            return Ok(None);
        }
        let entries = read.entries;
        let (changes, step) = self.record(observations, dead, Step::of(entries.len(), count)).await?;
        Ok(Some(Ahead { entries, changes, step }))
    }
}

/// Drives two futures to their ends.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let mut of_a = None;
    let of_b = poll_fn(|context| {
        if of_a.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            of_a = Some(output);
        }
        b.as_mut().poll(context)
    })
    .await;
    match of_a {
        Some(of_a) => (of_a, of_b),
        None => (a.await, of_b),
    }
}
