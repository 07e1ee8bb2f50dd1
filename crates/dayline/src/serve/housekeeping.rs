//! What is done now and then: refuse sessions that a command alongside the server ended, show how much waits, delete
//! what has expired. Nothing here is needed for what a request answers to be right.

use std::time::Duration;

use dayline_app::App;
use dayline_app::clean_up::TOKEN_LIFE_MS;
use dayline_app::ports::{CredentialId, PortError};
use dayline_domain::UtcMs;
use dayline_http_kit::Metrics;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::serve::clean_ups::CleanUps;
use crate::wire::{Gauges, Preparation};
use dayline_cli_kit::units::whole_ms;

const POLL_EVERY: Duration = Duration::from_secs(1);
/// How long the first poll may keep the server from starting.
const BEGIN_AT_MOST: Duration = Duration::from_secs(2);
/// How far each poll goes back beyond the one before, in milliseconds: transactions are seen a moment after the time they
/// note, and clocks differ.
const OVERLAP_MS: i64 = 30_000;
/// Polls between two rounds of what is done every hour.
const POLLS_PER_HOUR: u64 = 3_600;
const POLLS_PER_MINUTE: u64 = 60;

/// What is done now and then.
pub(super) struct Housekeeping {
    app: App,
    metrics: Metrics,
    preparation: Preparation,
    gauges: Gauges,
    /// Until when all ended sessions are known to be refused; `None` at first.
    polled: Option<UtcMs>,
    fails: bool,
    /// Whether the store has said once what passwords are hashed with.
    knows_hashes: bool,
    clean_ups: CleanUps,
}

impl Housekeeping {
    pub(super) fn new(
        app: &App,
        metrics: &Metrics,
        (preparation, gauges): (Preparation, Gauges),
        audit_keep: Duration,
    ) -> Self {
        Self {
            app: app.clone(),
            metrics: metrics.clone(),
            preparation,
            gauges,
            polled: None,
            fails: false,
            knows_hashes: false,
            clean_ups: CleanUps::new(app, whole_ms(audit_keep)),
        }
    }

    /// What had better be done before the first request: the tokens of all sessions that ended before this process
    /// began are refused. A store that is down or silent does not keep the server from starting.
    pub(super) async fn begin(&mut self) {
        if timeout(BEGIN_AT_MOST, self.poll()).await.is_err() {
            tracing::warn!("the store does not answer; sessions that ended may be let in until it does");
        }
    }

    /// Keeps house for as long as it is polled.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for poll in 0u64.. {
            ticks.tick().await;
            self.poll().await;
            if poll % POLLS_PER_HOUR == 0 {
                self.every_hour().await;
            }
            self.clean_ups.poll(poll % POLLS_PER_MINUTE == 0).await;
        }
    }

    async fn poll(&mut self) {
        let outcome = self.poll_once().await;
        match &outcome {
            Err(error) if !self.fails => tracing::warn!(%error, "housekeeping fails"),
            Ok(()) if self.fails => tracing::info!("housekeeping works again"),
            _ => {}
        }
        self.fails = outcome.is_err();
    }

    async fn poll_once(&mut self) -> Result<(), PortError> {
        // Each whatever became of the others: one store may be away while another is not.
        let learned = if self.knows_hashes { Ok(()) } else { self.learn_hashes().await };
        self.knows_hashes = learned.is_ok();
        let refused = self.refuse_ended_sessions().await;
        let depth = self.app.ping_log.depth().await.map(|depth| self.metrics.set_log_depth(depth));
        self.metrics.set_log_throttled(self.app.ping_log.throttled());
        let waiting = self.app.dead_letters.count().await;
        let waiting = waiting.map(|letters| self.metrics.set_dead_letters_waiting(letters));
        (self.gauges)(&self.metrics);
        let jobs = self.app.report_jobs.waiting(self.app.clock.now()).await;
        let jobs = jobs.map(|jobs| self.metrics.set_report_jobs_waiting(jobs));
        learned.and(refused).and(depth).and(waiting).and(jobs)
    }

    /// Refuses the tokens of sessions that ended elsewhere, as by a command alongside the server.
    async fn refuse_ended_sessions(&mut self) -> Result<(), PortError> {
        let now = self.app.clock.now();
        // A clock that was put back leaves nothing to go on from.
        let before = self.polled.filter(|polled| *polled <= now);
        let since = before.map_or(now.plus(-TOKEN_LIFE_MS), |polled| polled.plus(-OVERLAP_MS));
        let ended = self.app.sessions.ended_since(since).await?;
        let unknown = |credential: &CredentialId| !self.app.revocations.is_revoked(*credential);
        let unknown: Vec<_> = ended.into_iter().map(CredentialId::Session).filter(unknown).collect();
        if !unknown.is_empty() {
            self.app.revocations.revoke(unknown, now.plus(TOKEN_LIFE_MS)).await?;
        }
        self.polled = Some(now);
        Ok(())
    }

    /// Learns with which parameters passwords are hashed, so that checking one costs the same for everybody also
    /// while parameters are being raised.
    async fn learn_hashes(&self) -> Result<(), PortError> {
        self.app.passwords.expect(self.app.accounts.sample_hashes().await?);
        Ok(())
    }

    async fn every_hour(&mut self) {
        self.clean_ups.are_due();
        if let Err(error) = self.learn_hashes().await {
            tracing::warn!(%error, "what passwords are hashed with could not be read");
        }
        if self.app.rules.maintenance {
            return;
        }
        if let Err(error) = (self.preparation)(self.app.clock.now()).await {
            tracing::warn!(%error, "the store was not prepared for what is to come");
        }
    }
}
