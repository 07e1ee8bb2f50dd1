//! When what has expired is deleted, and what the log says of a clock that can't be believed.

use dayline_app::App;
use dayline_app::clean_up::{CleanUp, believed_time, clean_up};
use dayline_app::ports::PortError;
use dayline_cli_kit::units::rfc3339;
use dayline_domain::DAY_MS;
use dayline_domain::plausible_clock::QUIET_MS;

/// Deletes what has expired, once it is due and the clock is believed.
pub(super) struct CleanUps {
    app: App,
    audit_keep_ms: i64,
    is_due: bool,
    doubts_clock: bool,
}

impl CleanUps {
    /// The first is due at once; in maintenance none is.
    pub(super) fn new(app: &App, audit_keep_ms: i64) -> Self {
        Self { app: app.clone(), audit_keep_ms, is_due: !app.rules.maintenance, doubts_clock: false }
    }

    /// It is time for another one.
    pub(super) fn are_due(&mut self) {
        self.is_due = !self.app.rules.maintenance;
    }

    /// Looks whether there is something to do. The store is asked only if `thoroughly`; that a ping has confirmed the
    /// clock is seen at once.
    pub(super) async fn poll(&mut self, thoroughly: bool) {
        let is_confirmed = self.doubts_clock && self.app.clock_check.is_confirmed(self.app.clock.now());
        if !thoroughly && !is_confirmed {
            return;
        }
        if let Err(error) = self.run().await {
            tracing::warn!(%error, "what has expired was not deleted");
        }
    }

    /// Looks at the clock also when nothing is due: who takes pings in wants to know.
    async fn run(&mut self) -> Result<(), PortError> {
        let is_believed = if self.is_due {
            let became = clean_up(&self.app, self.audit_keep_ms).await?;
            self.is_due = became != CleanUp::Done;
            became != CleanUp::ClockInDoubt
        } else {
            believed_time(&self.app).await?.is_some()
        };
        if is_believed == self.doubts_clock {
            self.doubts_clock = !is_believed;
            self.tell();
        }
        Ok(())
    }

    fn tell(&self) {
        let clock = rfc3339(self.app.clock.now());
        if self.doubts_clock {
            let tolerated_days = QUIET_MS / DAY_MS;
            tracing::warn!(
                clock,
                tolerated_days,
                "the clock is far beyond the newest stored moment; what has expired is not deleted until a ping \
                 confirms it"
            );
        } else {
            tracing::info!(clock, "the clock is confirmed; what has expired is deleted again");
        }
    }
}
