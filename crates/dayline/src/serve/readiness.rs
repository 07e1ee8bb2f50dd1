//! What `/readyz` and the metrics say about the parts of the system. They are asked every other second, whoever wants to know:
//! asking may write to a disk, and who asks `/readyz` a thousand times must not cause a thousand of that.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_api::{Check, Readiness};
use dayline_app::ports::BoxFuture;
use dayline_http_kit::Metrics;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::wire::Probe;

const POLL_EVERY: Duration = Duration::from_secs(2);
/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The parts of the system, and what they answered last.
pub(super) struct Parts {
    probes: Vec<Probe>,
    metrics: Metrics,
    /// Set when the process was told to stop.
    told: Arc<AtomicBool>,
    answers: Mutex<Vec<Check>>,
}

impl Parts {
    /// Parts that have been asked once.
    pub(super) async fn asked(probes: Vec<Probe>, metrics: Metrics, told: Arc<AtomicBool>) -> Arc<Self> {
        let parts = Self { probes, metrics, told, answers: Mutex::default() };
        parts.poll().await;
        Arc::new(parts)
    }

    /// Asks for as long as it is polled.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut ticks = interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.poll().await;
        }
    }

    async fn poll(&self) {
        let answers = join_all(self.probes.iter().map(check)).await;
        self.metrics.set_checks(answers.iter().map(|check| (check.name, check.failure.is_none())));
        self.metrics.set_degraded(is_degraded(&answers));
        let before = std::mem::replace(&mut *self.lock(), answers.clone());
        for check in &answers {
            log_change(check, &before);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Check>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readiness for Parts {
    fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
        let mut checks = self.lock().clone();
        if self.told.load(Ordering::Relaxed) {
            checks.push(leaving());
        }
        Box::pin(ready(checks))
    }
}

/// Why a process that works is not ready.
fn leaving() -> Check {
    let failure = Some("the process was told to stop".to_owned());
    Check { name: "leaving", needed: true, hint: "it was told to stop, and ends after --drain", failure }
}

/// Something does not work, and all that is needed does.
fn is_degraded(checks: &[Check]) -> bool {
    let failing = || checks.iter().filter(|check| check.failure.is_some());
    failing().next().is_some() && failing().all(|check| !check.needed)
}

fn log_change(check: &Check, before: &[Check]) {
    let failed = before.iter().any(|other| other.name == check.name && other.failure.is_some());
    match &check.failure {
        Some(failure) if !failed => {
            tracing::warn!(check = check.name, needed = check.needed, failure, "not ready");
        }
        None if failed => tracing::info!(check = check.name, "ready again"),
        _ => {}
    }
}

async fn check(probe: &Probe) -> Check {
    let &Probe { name, needed, hint, .. } = probe;
    Check { name, needed, hint, failure: failure((probe.ask)()).await }
}

async fn failure(asked: impl Future<Output = Result<(), String>>) -> Option<String> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(why),
        Err(_) => Some(format!("no answer in {PATIENCE:?}")),
    }
}
