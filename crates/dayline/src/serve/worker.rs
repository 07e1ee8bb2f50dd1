//! Drives one worker: steps as fast as its pace says, waits out what fails, and commits what it has when the server
//! stops. Which workers there are, `worker_pool` says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{Partition, PortError, Randomness};
use dayline_app::tracking::worker::{Step, Worker};
use dayline_http_kit::Metrics;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::pace;
use super::progress::Progress;

/// How long a worker may go on after the server was told to stop. What it does not reach stays in the ping log, for
/// the next start or somebody else.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How long an idle worker waits for pings at most: it also looks after what the log keeps, and whether the ledger is
/// still what it was.
const IDLE: Duration = Duration::from_mins(1);

pub(super) struct Driver {
    pub(super) worker: Worker,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) metrics: Metrics,
    pub(super) place: Place,
    /// Steps in a row that failed.
    failures: u32,
}

/// Where a worker works, and who is told whether it gets anywhere.
pub(super) struct Place {
    pub(super) partition: Partition,
    pub(super) progress: Arc<Progress>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.progress.is_fine(self.partition);
    }
}

impl Driver {
    pub(super) fn new(
        worker: Worker,
        randomness: Arc<dyn Randomness>,
        metrics: Metrics,
        place: Place,
    ) -> Self {
        Self { worker, randomness, metrics, place, failures: 0 }
    }

    /// Works until told to stop, then until nothing is left or time is up.
    pub(super) async fn run(mut self, stop: CancellationToken, finish: CancellationToken) {
        self.work(&stop).await;
        // Who has lost the partition leaves the rest to its new owner.
        if finish.is_cancelled() && timeout(GRACE, self.finish()).await.is_err() {
            tracing::info!("a worker left pings in the log");
        }
    }

    async fn work(&mut self, stop: &CancellationToken) {
        // The oldest ping that a step takes came after the read of the step before.
        let mut since = Instant::now();
        let mut read = since;
        while !stop.is_cancelled() {
            let began = Instant::now();
            if !self.worker.is_ahead() {
                read = began;
            }
            let outcome = self.step().await;
            self.report(&outcome, since.elapsed());
            // What is settled ahead was read in this step.
            (since, read) = (read, began);
            let idle = matches!(outcome, Ok(Step { entries: 0, stale: false, behind: false, .. }));
            let pause = self.pause(&outcome, began.elapsed());
            stop.run_until_cancelled(async {
                if idle {
                    let _ = timeout(IDLE, self.worker.wait()).await;
                    since = Instant::now();
                }
                sleep(pause).await;
            })
            .await;
        }
    }

    async fn step(&mut self) -> Result<Step, PortError> {
        let Place { partition, progress } = &self.place;
        progress.step_begins(*partition);
        let outcome = self.worker.step().await;
        if matches!(outcome, Ok(Step { stale: false, .. })) {
            progress.is_fine(*partition);
        }
        outcome
    }

    /// Steps until nothing is left.
    async fn finish(&mut self) {
        loop {
            let outcome = self.step().await;
            self.report(&outcome, Duration::ZERO);
            match outcome {
                Ok(Step { stale: true, .. }) => {}
                Ok(step) if step.entries > 0 => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    fn pause(&mut self, outcome: &Result<Step, PortError>, took: Duration) -> Duration {
        if let Ok(Step { stale: false, behind, .. }) = outcome {
            self.failures = 0;
            return pace::pause(took, *behind);
        }
        let mut chance = [0; 4];
        self.randomness.fill(&mut chance);
        self.failures += 1;
        pace::retry(self.failures - 1, u32::from_le_bytes(chance))
    }

    /// Counts, and says so when work begins to fail or succeeds again.
    fn report(&self, outcome: &Result<Step, PortError>, lag: Duration) {
        match outcome {
            Err(error) if self.failures == 0 => {
                tracing::error!(%error, "timelines stand still; accepted pings wait in the log");
            }
            Err(_) => {}
            Ok(step) if step.stale => tracing::debug!("a step was stale"),
            Ok(step) => {
                if self.failures > 1 {
                    tracing::info!("timelines are being written again");
                }
                self.count(step, lag);
            }
        }
    }

    fn count(&self, step: &Step, lag: Duration) {
        self.metrics.pings_settled(step.pings as u64);
        if step.pings > 0 {
            self.metrics.observe_lag(lag);
        }
        if step.lost > 0 {
            self.metrics.log_lost(step.lost);
            tracing::error!(
                partition = self.place.partition.0,
                entries = step.lost,
                "accepted pings are lost: the database is older than what the ping log still has; see --log-keep"
            );
        }
        if step.dead > 0 {
            self.metrics.dead_lettered(step.dead as u64);
            tracing::error!(records = step.dead, "pings became dead letters; see dayline dead-letters");
        }
    }
}
