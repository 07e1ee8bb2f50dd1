//! Fakes of the ports: small, in memory, exact. They pass the same suites as the real adapters.

mod key_marks;
mod leases;
mod live;
mod log;
mod passwords;
mod past_archive;
mod results;
mod store;
mod system;
mod tokens;
mod turns;

use std::sync::Arc;

use dayline_app::reporting::export::ExportPorts;
use dayline_app::reporting::report_worker::{ReportPorts, ReportWorker};
use dayline_app::tracking::worker::WorkerPorts;
use dayline_app::{App, Rules};

pub use key_marks::{FakeKeyMarks, FakeNodes};
pub use leases::FakeLeases;
pub use live::FakeLive;
pub use log::FakeLog;
pub use passwords::FakePasswords;
pub use past_archive::{Archived, FakeArchive};
pub use results::FakeForms;
pub use store::FakeStore;
pub use system::{
    FakeClock, FakeLimits, FakeNames, FakeRandomness, FakeRevocations, FakeSiteNames, FakeZones, FixedZone,
};
pub use tokens::{FakeSecrets, FakeTokens};
pub use turns::FakeTurns;

/// An application of fakes, with handles to those that a test wants to look into or steer.
pub struct FakeApp {
    /// The application.
    pub app: App,
    /// Its clock.
    pub clock: Arc<FakeClock>,
    /// Its random bytes.
    pub randomness: Arc<FakeRandomness>,
    /// Its ping log.
    pub log: Arc<FakeLog>,
    /// Its accounts, sessions and ledger.
    pub store: Arc<FakeStore>,
    /// Its limits.
    pub limits: Arc<FakeLimits>,
    /// Its live events.
    pub live: Arc<FakeLive>,
    /// Whose turn it is to remove what is past.
    pub turns: Arc<FakeTurns>,
}

impl FakeApp {
    /// What a worker of this application works with.
    pub fn worker_ports(&self) -> WorkerPorts {
        WorkerPorts {
            log: self.log.clone(),
            ledger: self.store.clone(),
            live: self.live.clone(),
            clock: self.clock.clone(),
            randomness: self.randomness.clone(),
        }
    }

    /// A worker for report jobs of this application, whose results are lines.
    pub fn report_worker(&self) -> ReportWorker {
        ReportWorker::new(self.report_ports(), self.app.rules.jobs)
    }

    /// What such a worker works with.
    pub fn report_ports(&self) -> ReportPorts {
        let data = ExportPorts {
            accounts: self.store.clone(),
            sessions: self.store.clone(),
            api_keys: self.store.clone(),
            device_book: self.store.clone(),
            label_book: self.store.clone(),
            buckets: self.store.clone(),
            raw_events: self.store.clone(),
            tracker_settings: self.store.clone(),
            audit: self.store.clone(),
            dead_letters: self.store.clone(),
            ledger: self.store.clone(),
        };
        ReportPorts {
            jobs: self.store.clone(),
            data,
            zones: self.app.zones.clone(),
            clock: self.clock.clone(),
            forms: Arc::new(FakeForms),
        }
    }
}

impl Default for FakeApp {
    fn default() -> Self {
        Self::over(FakeLog::default())
    }
}

impl FakeApp {
    /// An application over this ping log.
    pub fn over(log: FakeLog) -> Self {
        let clock = Arc::new(FakeClock::default());
        let (log, store, limits) = (Arc::new(log), Arc::<FakeStore>::default(), Arc::<FakeLimits>::default());
        let (live, randomness) = (Arc::<FakeLive>::default(), Arc::<FakeRandomness>::default());
        let (tokens, turns) = (Arc::new(FakeTokens), Arc::<FakeTurns>::default());
        let app = App {
            clock: clock.clone(),
            randomness: randomness.clone(),
            zones: Arc::new(FakeZones),
            site_names: Arc::new(FakeSiteNames),
            passwords: Arc::new(FakePasswords),
            access_tokens: tokens.clone(),
            refresh_tokens: tokens,
            secrets: Arc::new(FakeSecrets::default()),
            limits: limits.clone(),
            ping_quota: limits.clone(),
            name_quota: Arc::new(FakeNames::new(50_000)),
            ping_log: log.clone(),
            ledger: store.clone(),
            correction_numbers: store.clone(),
            preferences: store.clone(),
            report_jobs: store.clone(),
            accounts: store.clone(),
            sessions: store.clone(),
            api_keys: store.clone(),
            device_book: store.clone(),
            reset_links: store.clone(),
            label_book: store.clone(),
            buckets: store.clone(),
            raw_events: store.clone(),
            tracker_settings: store.clone(),
            device_logins: store.clone(),
            audit: store.clone(),
            retention: store.clone(),
            retention_turns: turns.clone(),
            revocations: Arc::new(FakeRevocations::default()),
            dead_letters: store.clone(),
            recent_polls: Arc::default(),
            stored_time: store.clone(),
            clock_check: Arc::default(),
            live: live.clone(),
            rules: Rules::default(),
        };
        Self { app, clock, randomness, log, store, limits, live, turns }
    }
}
