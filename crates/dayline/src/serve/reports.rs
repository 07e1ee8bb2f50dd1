//! The worker of report jobs: one job at a time, on a thread of its own that gives way to all others.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dayline_app::AppError;
use dayline_app::ports::Randomness;
use dayline_app::reporting::report_worker::{Ran, ReportWorker};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{pace, process};
use crate::wire::OpenReports;
use dayline_cli_kit::failure::Failure;

/// How often it is looked for jobs when there was none.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How much it gives way to other threads, as `nice` counts.
const PRIORITY: i32 = 10;
/// How long it may go on after the server was told to stop: a read takes less, and after each it gives its job back.
const GRACE: Duration = Duration::from_secs(3);

/// The running worker.
pub(super) struct RunningReports {
    stop: CancellationToken,
    thread: JoinHandle<Result<(), Failure>>,
    /// Closed when the thread ends.
    end: oneshot::Receiver<()>,
}

impl RunningReports {
    /// Starts it. If it ends by itself the server stops: without it jobs would wait for ever.
    pub(super) fn start(
        open: OpenReports,
        randomness: Arc<dyn Randomness>,
        server: &CancellationToken,
    ) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let (stops, at_end) = (stop.clone(), server.clone().drop_guard());
        let (ended, end) = oneshot::channel::<()>();
        let run = move || {
            let _at_end = (at_end, ended);
            // On Linux this is the thread's alone, and of the threads that it starts. Elsewhere it may fail.
            let _ = rustix::process::nice(PRIORITY);
            process::report_runtime()?.block_on(async {
                work(&open()?, &*randomness, &stops).await;
                Ok(())
            })
        };
        let thread = thread::Builder::new().name("dayline-report".to_owned()).spawn(run);
        let thread = thread.map_err(|error| Failure::new(format!("can't start a report worker: {error}")))?;
        Ok(Self { stop, thread, end })
    }

    /// Lets it give back what it has begun. An error if it had ended before.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        if timeout(GRACE, self.end).await.is_err() {
            tracing::warn!(
                "the report worker did not stop in time; its job is begun again when its lease ends"
            );
            return Ok(());
        }
        self.thread.join().map_err(|_| Failure::new("the report worker stopped by a bug; see the log"))?
    }
}

async fn work(worker: &ReportWorker, randomness: &dyn Randomness, stop: &CancellationToken) {
    let stops = || stop.is_cancelled();
    let mut failures = 0;
    while !stops() {
        let outcome = worker.run_next(&stops).await;
        report(&outcome, failures == 0);
        failures = if outcome.is_err() { failures + 1 } else { 0 };
        let pause = match outcome {
            Ok(Some(_)) => continue,
            Ok(None) => LOOK_EVERY,
            Err(_) => {
                let mut chance = [0; 4];
                randomness.fill(&mut chance);
                pace::retry(failures - 1, u32::from_le_bytes(chance))
            }
        };
        stop.run_until_cancelled(sleep(pause)).await;
    }
}

fn report(outcome: &Result<Option<Ran>, AppError>, is_news: bool) {
    match outcome {
        Ok(Some(Ran::Failed { why, detail })) => {
            tracing::error!(why = why.name(), detail, "a report job failed");
        }
        Ok(Some(ran)) => tracing::debug!(?ran, "a report job"),
        Err(error) if is_news => tracing::warn!(%error, "report jobs wait"),
        Ok(None) | Err(_) => {}
    }
}
