//! Looks at the key file every second, so that a rotation needs no restart.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::identity::key_agreement::KeyAgreement;
use dayline_local::{KeyFileError, KeyRing, KeyWatch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

const POLL_EVERY: Duration = Duration::from_secs(1);

/// Follows the key file for as long as it is polled. The other nodes hear of a change when readiness is asked for next.
pub(super) async fn follow(mut keys: KeyWatch, agreement: Option<Arc<KeyAgreement>>) {
    let mut ticks = interval(POLL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failure = None;
    loop {
        ticks.tick().await;
        let poll = move || {
            let outcome = keys.look();
            (keys, outcome)
        };
        // Only fails when the server stops, or by a bug that was logged.
        let Ok((watch, outcome)) = spawn_blocking(poll).await else { return };
        keys = watch;
        if let (Ok(Some(keys)), Some(agreement)) = (&outcome, &agreement) {
            agreement.replace_keys(keys.marks());
        }
        failure = report(outcome, failure.as_deref());
    }
}

/// Logs what is new, once; gives what is wrong now.
fn report(outcome: Result<Option<KeyRing>, KeyFileError>, before: Option<&str>) -> Option<String> {
    match outcome {
        Ok(Some(keys)) => tracing::info!(?keys, "the key file was changed, and its keys are in force"),
        Ok(None) if before.is_some() => tracing::info!("the key file is good again"),
        Ok(None) => {}
        Err(error) => {
            let error = error.to_string();
            if before != Some(error.as_str()) {
                tracing::error!(error, "the key file can't be used; the keys before stay in force");
            }
            return Some(error);
        }
    }
    None
}
