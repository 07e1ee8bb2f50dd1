//! The signals that end the server: the first in order, the second at once.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use dayline_cli_kit::failure::Failure;

/// The exit code after a second signal, as a shell shows it for an interrupt.
const INTERRUPTED: i32 = 130;

/// How far the process is on its way to its end.
#[derive(Clone, Default)]
pub(super) struct End {
    /// Set when the process is told to stop (SIGTERM, SIGINT).
    pub(super) told: Arc<AtomicBool>,
    /// Cancelled when it is to stop, some time after it was told.
    pub(super) stop: CancellationToken,
}

/// Listens for the signals; `drain` is the time between being told and stopping.
pub(super) fn listen(drain: Duration) -> Result<End, Failure> {
    let catch = |kind| signal(kind).map_err(|error| Failure::new(format!("can't catch signals: {error}")));
    let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
    let end = End::default();
    let End { told, stop } = end.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        told.store(true, Ordering::Relaxed);
        let stop_in_order = async {
            if !drain.is_zero() {
                tracing::info!(
                    ?drain,
                    "not ready any more, and serving until it stops; once more stops at once"
                );
                tokio::time::sleep(drain).await;
            }
            tracing::info!("stopping; once more stops at once");
            stop.cancel();
        };
        tokio::join!(stop_in_order, stop_at_once(terminate, interrupt));
    });
    Ok(end)
}

/// Ends the process at the next signal.
async fn stop_at_once(mut terminate: Signal, mut interrupt: Signal) {
    either(&mut terminate, &mut interrupt).await;
    tracing::warn!("stopped at once");
    exit(INTERRUPTED);
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
