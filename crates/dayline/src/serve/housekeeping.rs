//! What is done now and then: refuse sessions that a command beside the server ended, show how much waits, delete
//! what has had its time. Nothing here is needed for what a request answers to be right.

use std::time::Duration;

use dayline_app::App;
use dayline_app::app::ACCESS_TOKEN_MS;
use dayline_app::ports::{CredentialId, PortError};
use dayline_domain::device_login::CODE_LIFE_MS;
use dayline_http::Metrics;
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::units::whole_ms;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How far back each look goes, in milliseconds: far enough for one that was late.
const LOOK_BACK_MS: i64 = 30_000;
/// Looks between two purges: an hour.
const LOOKS_PER_PURGE: u64 = 3_600;
/// How long a token of an ended session may still be out, in milliseconds, with room for clocks that differ.
const TOKEN_LIFE_MS: i64 = 2 * ACCESS_TOKEN_MS;

/// Refuses the tokens of all sessions that ended before this process began and for which a token may be out.
pub(super) async fn refuse_ended_sessions(app: &App) -> Result<(), Failure> {
    refuse_ended(app, TOKEN_LIFE_MS).await.map_err(Failure::because)
}

/// Keeps house for as long as it is polled.
pub(super) async fn run(app: App, metrics: Metrics, audit_keep: Duration) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut fails = false;
    for look in 0u64.. {
        ticks.tick().await;
        let outcome = look_once(&app, &metrics).await;
        match &outcome {
            Err(error) if !fails => tracing::warn!(%error, "housekeeping fails"),
            Ok(()) if fails => tracing::info!("housekeeping works again"),
            _ => {}
        }
        fails = outcome.is_err();
        if look % LOOKS_PER_PURGE == 0
            && let Err(error) = purge(&app, whole_ms(audit_keep)).await
        {
            tracing::warn!(%error, "what has had its time was not deleted");
        }
    }
}

async fn look_once(app: &App, metrics: &Metrics) -> Result<(), PortError> {
    metrics.set_log_depth(app.ping_log.depth().await?);
    metrics.set_dead_letters_waiting(app.dead_letters.count().await?);
    refuse_ended(app, LOOK_BACK_MS).await
}

async fn refuse_ended(app: &App, look_back_ms: i64) -> Result<(), PortError> {
    let now = app.clock.now();
    let ended = app.sessions.ended_since(now.plus(-look_back_ms)).await?;
    if ended.is_empty() {
        return Ok(());
    }
    let credentials = ended.into_iter().map(CredentialId::Session).collect();
    app.revocations.revoke(credentials, now.plus(TOKEN_LIFE_MS)).await
}

async fn purge(app: &App, audit_keep_ms: i64) -> Result<(), PortError> {
    let (now, policy) = (app.clock.now(), &app.rules.sessions);
    let before = |ms: i64| now.plus(-ms);
    app.sessions.purge(before(TOKEN_LIFE_MS), before(policy.idle_ms), before(policy.absolute_ms)).await?;
    app.device_logins.purge(before(CODE_LIFE_MS)).await?;
    app.audit.purge(before(audit_keep_ms)).await?;
    Ok(())
}
