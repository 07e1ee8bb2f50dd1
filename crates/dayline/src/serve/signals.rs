//! The signals that end the server: the first in order, the second at once.

use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use dayline_cli_kit::failure::Failure;

/// The exit code after a second signal, as a shell shows it for an interrupt.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled when the process is told to stop (SIGTERM, SIGINT).
pub(super) fn listen() -> Result<CancellationToken, Failure> {
    let catch = |kind| signal(kind).map_err(|error| Failure::new(format!("can't catch signals: {error}")));
    let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping; once more stops at once");
        told.cancel();
        either(&mut terminate, &mut interrupt).await;
        tracing::warn!("stopped at once");
        exit(INTERRUPTED);
    });
    Ok(stop)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
