//! Whether the workers get anywhere. What a step does may fail, or hang, where the parts that it does it with say that
//! they work: a table is locked, an entry of the log can't be read. Then timelines stand still, and readiness says so.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dayline_app::ports::Partition;
use tokio::time::Instant;

use crate::wire::Probe;

/// How long a worker with something to do may get nowhere. A step that waits for a lock or an answer of the database
/// gives up earlier and is tried again.
const PATIENCE: Duration = Duration::from_secs(15);

/// Since when each worker that has something to do got nowhere.
#[derive(Default)]
pub(super) struct Progress(Mutex<BTreeMap<Partition, Instant>>);

impl Progress {
    /// A step begins.
    pub(super) fn step_begins(&self, partition: Partition) {
        self.lock().entry(partition).or_insert_with(Instant::now);
    }

    /// A step succeeded, or the partition is no longer ours.
    pub(super) fn is_fine(&self, partition: Partition) {
        self.lock().remove(&partition);
    }

    fn check(&self) -> Result<(), String> {
        let longest = self.lock().iter().map(|(partition, since)| (since.elapsed(), *partition)).max();
        match longest {
            Some((stood, Partition(number))) if stood >= PATIENCE => {
                Err(format!("no step of partition {number} has succeeded for {} s", stood.as_secs()))
            }
            _ => Ok(()),
        }
    }

    /// What readiness asks.
    pub(super) fn probe(self: Arc<Self>, needed: bool) -> Probe {
        let hint = "accepted pings wait; the log says why, where timelines began to stand still";
        Probe { name: "worker", needed, hint, ask: Box::new(move || Box::pin(ready(self.check()))) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Partition, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const ONE: Partition = Partition(1);
    const TWO: Partition = Partition(2);

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_gets_nowhere_for_too_long_is_told_of_until_a_step_succeeds() {
        let progress = Progress::default();
        progress.step_begins(ONE);
        progress.step_begins(TWO);
        advance(Duration::from_secs(10)).await;
        assert_eq!(progress.check(), Ok(()));
        // Another try is no success.
        progress.step_begins(ONE);
        progress.is_fine(TWO);
        progress.step_begins(TWO);
        advance(Duration::from_secs(5)).await;
        let told = progress.check().unwrap_err();
        assert!(told.contains("partition 1 ") && told.contains("15 s"), "{told}");
        progress.is_fine(ONE);
        assert_eq!(progress.check(), Ok(()));
        advance(Duration::from_secs(10)).await;
        assert!(progress.check().is_err_and(|told| told.contains("partition 2 ")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_with_nothing_to_do_is_fine_however_long() {
        let progress = Progress::default();
        progress.step_begins(ONE);
        progress.is_fine(ONE);
        advance(Duration::from_hours(1)).await;
        assert_eq!(progress.check(), Ok(()));
        progress.step_begins(ONE);
        assert_eq!(progress.check(), Ok(()));
    }
}
