//! Deleting what has expired, by a clock that can be believed only.
//! Not here: how often (the outer layer).

use dayline_domain::UtcMs;
use dayline_domain::identity::device_login::CODE_LIFE_MS;
use dayline_domain::plausible_clock::QUIET_MS;

use crate::App;
use crate::app::ACCESS_TOKEN_MS;
use crate::ports::PortError;

/// How long a token of an ended session may still be out, in milliseconds, with room for clocks that
/// differ.
pub const TOKEN_LIFE_MS: i64 = 2 * ACCESS_TOKEN_MS;
/// Report jobs, and chunks of results, that are deleted at a time.
const JOBS_AT_A_TIME: usize = 16;
/// Trackers' events that are deleted at a time, and how often that is done before others have their turn.
const EVENTS_AT_A_TIME: usize = 500;
const TIMES: usize = 20;

/// What became of a clean-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUp {
    /// What has expired is deleted.
    Done,
    /// Some of it is; the rest is left for the next time.
    Partly,
    /// Nothing was deleted, since the clock is in doubt.
    ClockInDoubt,
}

/// The time, `None` if the clock is so far beyond all that is known that it may be wrong. From then on
/// refusals for age are for now only.
///
/// # Errors
///
/// What the store says.
pub async fn believed_time(app: &App) -> Result<Option<UtcMs>, PortError> {
    let now = app.clock.now();
    let is_believed =
        app.clock_check.is_confirmed(now) || app.stored_time.has_moment_since(now.plus(-QUIET_MS)).await?;
    app.clock_check.doubt(!is_believed);
    Ok(is_believed.then_some(now))
}

/// Deletes sessions, codes of devices, links to new passwords, entries of the audit log, results of report jobs and trackers' events
/// that have expired.
///
/// # Errors
///
/// What the store says; a part may be deleted then.
pub async fn clean_up(app: &App, audit_keep_ms: i64) -> Result<CleanUp, PortError> {
    let Some(now) = believed_time(app).await? else { return Ok(CleanUp::ClockInDoubt) };
    let policy = &app.rules.sessions;
    let before = |ms: i64| now.plus(-ms);
    app.sessions.purge(before(TOKEN_LIFE_MS), before(policy.idle_ms), before(policy.absolute_ms)).await?;
    app.device_logins.purge(before(CODE_LIFE_MS)).await?;
    app.reset_links.purge(now).await?;
    app.audit.purge(before(audit_keep_ms)).await?;
    // A little at a time: what a ledger waits for lies in between.
    while app.report_jobs.purge(before(app.rules.jobs.keep_ms), JOBS_AT_A_TIME).await? > 0 {}
    for _ in 0..TIMES {
        if app.raw_events.purge_raw_events(now, EVENTS_AT_A_TIME).await? == 0 {
            return Ok(CleanUp::Done);
        }
    }
    Ok(CleanUp::Partly)
}
