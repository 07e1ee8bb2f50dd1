//! Drives the workers: each on a thread of its own, steps as fast as its pace says, waits out what fails, and commits
//! what it has when the server stops. Deliberately absent: what a step does (the app).

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use dayline_app::App;
use dayline_app::ports::{PingLog, PortError, Randomness};
use dayline_app::worker::{Step, Worker};
use dayline_http::Metrics;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{pace, process};
use crate::failure::Failure;

/// How long a worker may go on after the server was told to stop. What it does not reach stays in the ping log, for
/// the next start.
const GRACE: Duration = Duration::from_secs(3);

/// The running workers.
pub(super) struct Workers {
    stop: CancellationToken,
    running: Vec<Running>,
}

struct Running {
    thread: JoinHandle<Result<(), Failure>>,
    /// Closed when the thread ends.
    end: oneshot::Receiver<()>,
}

impl Workers {
    /// Starts a thread for each. One that ends by itself stops the server: without it timelines would stand still.
    pub(super) fn start(
        workers: Vec<Worker>,
        app: &App,
        metrics: &Metrics,
        server: &CancellationToken,
    ) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let mut running = Vec::new();
        for worker in workers {
            let driver = Driver {
                worker,
                log: Arc::clone(&app.ping_log),
                randomness: Arc::clone(&app.randomness),
                metrics: metrics.clone(),
                stop: stop.clone(),
                failures: 0,
            };
            let (ended, end) = oneshot::channel();
            let at_end = AtEnd { _ended: ended, server: server.clone() };
            let run = move || {
                let _at_end = at_end;
                process::worker_runtime()?.block_on(driver.run());
                Ok(())
            };
            let thread = thread::Builder::new().name("dayline-worker".to_owned()).spawn(run);
            let thread = thread.map_err(|error| Failure::new(format!("can't start a worker: {error}")))?;
            running.push(Running { thread, end });
        }
        Ok(Self { stop, running })
    }

    /// Lets each commit what it has. An error if one could not, or had ended before.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        for Running { thread, end } in self.running {
            // A little more than the worker gives itself.
            if timeout(GRACE + Duration::from_millis(500), end).await.is_err() {
                tracing::warn!("a worker did not stop in time; the next start goes on where it was");
                continue;
            }
            thread.join().map_err(|_| Failure::new("a worker stopped by a bug; see the log"))??;
        }
        Ok(())
    }
}

/// Tells that a worker's thread ends, however it does.
struct AtEnd {
    _ended: oneshot::Sender<()>,
    server: CancellationToken,
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.server.cancel();
    }
}

struct Driver {
    worker: Worker,
    log: Arc<dyn PingLog>,
    randomness: Arc<dyn Randomness>,
    metrics: Metrics,
    stop: CancellationToken,
    /// Steps in a row that failed.
    failures: u32,
}

impl Driver {
    async fn run(mut self) {
        let stop = self.stop.clone();
        // The oldest ping that a step takes came after this.
        let mut since = Instant::now();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let outcome = self.worker.step().await;
            self.report(&outcome, since.elapsed());
            since = began;
            let idle = matches!(outcome, Ok(Step { entries: 0, overtaken: false, .. }));
            let pause = self.pause(&outcome, began.elapsed()).await;
            stop.run_until_cancelled(async {
                if idle {
                    self.worker.wait().await;
                    since = Instant::now();
                }
                sleep(pause).await;
            })
            .await;
        }
        if timeout(GRACE, self.finish()).await.is_err() {
            tracing::info!("a worker left pings in the log, for the next start");
        }
    }

    /// Steps until nothing is left.
    async fn finish(&mut self) {
        loop {
            let outcome = self.worker.step().await;
            self.report(&outcome, Duration::ZERO);
            match outcome {
                Ok(Step { overtaken: true, .. }) => {}
                Ok(step) if step.entries > 0 => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    async fn pause(&mut self, outcome: &Result<Step, PortError>, took: Duration) -> Duration {
        if matches!(outcome, Ok(Step { overtaken: false, .. })) {
            self.failures = 0;
            // A log that can't tell how much waits will fail the next step.
            let waiting_bytes = self.log.depth().await.map_or(0, |depth| depth.bytes);
            return pace::pause(took, waiting_bytes);
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
            Ok(step) if step.overtaken => tracing::debug!("a step was overtaken"),
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
        if step.dead > 0 {
            self.metrics.dead_lettered(step.dead as u64);
            tracing::error!(records = step.dead, "pings were put aside; see dayline dead-letters");
        }
    }
}
