//! Everything the use cases work with, in one value: the ports as trait objects, and the
//! installation's rules. Not here: how it is put together (the binary's `wire.rs`).

use std::sync::Arc;

use dayline_domain::identity::session::SessionPolicy;
use dayline_domain::{Id, JobPolicy, PingLimits, Retention};

use crate::clock_check::ClockCheck;
use crate::ports::{
    AccessTokens, Accounts, ApiKeys, AuditLog, Buckets, Clock, CorrectionNumbers, DeadLetters, DeviceBook,
    DeviceLogins, LabelBook, LedgerReader, LiveEvents, NameQuota, PasswordHasher, PingLog, PingQuota,
    PreferenceStore, Randomness, RateLimits, RawEvents, RefreshTokens, ReportJobs, ResetLinks,
    RetentionStore, RetentionTurns, Revocations, SecretTexts, Sessions, SiteNames, StoredTime, TimeZones,
    TrackerSettings,
};
use crate::recent_polls::RecentPolls;

/// How long an access token lives, in milliseconds (design, section 7: 15 minutes).
pub const ACCESS_TOKEN_MS: i64 = 15 * 60_000;

/// What an operator may set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// How long and how old or new a ping may be, and how many come in one request.
    pub pings: PingLimits,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// How long report jobs may take and live.
    pub jobs: JobPolicy,
    /// How long timelines are kept at most; for ever if not said.
    pub keep: Option<Retention>,
    /// Whether only an operator makes accounts.
    pub registration_closed: bool,
    /// Whether pings are taken and nothing else is written, since somebody works on the store. It may know less than it will: no
    /// credential is refused because of what it lacks.
    pub maintenance: bool,
}

/// The application: one value, shared by all handlers.
#[derive(Clone)]
pub struct App {
    /// The time of requests and of what they store; tests set it.
    pub clock: Arc<dyn Clock>,
    /// Secure random bytes.
    pub randomness: Arc<dyn Randomness>,
    /// The IANA time zones that this program knows.
    pub zones: Arc<dyn TimeZones>,
    /// URL to domain.
    pub site_names: Arc<dyn SiteNames>,
    /// Password hashing.
    pub passwords: Arc<dyn PasswordHasher>,
    /// Signs and checks access tokens, without I/O.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Derives refresh tokens; only their hashes are stored.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// API keys and device codes as texts.
    pub secrets: Arc<dyn SecretTexts>,
    /// Against guessing; shared by all nodes of a cluster.
    pub limits: Arc<dyn RateLimits>,
    /// Against floods of pings; counted on this node alone.
    pub ping_quota: Arc<dyn PingQuota>,
    /// Against floods of new names; counted on this node alone.
    pub name_quota: Arc<dyn NameQuota>,
    /// Where accepted pings wait for a worker.
    pub ping_log: Arc<dyn PingLog>,
    /// What reports and timelines are read from; it may lag some seconds behind the workers.
    pub ledger: Arc<dyn LedgerReader>,
    /// Which corrections there are, before the ledger knows them.
    pub correction_numbers: Arc<dyn CorrectionNumbers>,
    /// How people's days are settled and reported.
    pub preferences: Arc<dyn PreferenceStore>,
    /// What people call their devices.
    pub device_book: Arc<dyn DeviceBook>,
    /// What people call their apps, and how they sort their time.
    pub label_book: Arc<dyn LabelBook>,
    /// What foreign trackers call their streams of events.
    pub buckets: Arc<dyn Buckets>,
    /// Their events as they came, of people who keep them.
    pub raw_events: Arc<dyn RawEvents>,
    /// What their own pages remember.
    pub tracker_settings: Arc<dyn TrackerSettings>,
    /// Report jobs with their results, shared by all nodes.
    pub report_jobs: Arc<dyn ReportJobs>,
    /// People, their profiles and the hashes of their passwords.
    pub accounts: Arc<dyn Accounts>,
    /// The sign-ins of devices; their access tokens are not stored.
    pub sessions: Arc<dyn Sessions>,
    /// Long-lived keys of trackers, by the hash of their text.
    pub api_keys: Arc<dyn ApiKeys>,
    /// One-time links to a new password.
    pub reset_links: Arc<dyn ResetLinks>,
    /// Devices that wait for approval.
    pub device_logins: Arc<dyn DeviceLogins>,
    /// When those polled this node last.
    pub recent_polls: Arc<RecentPolls>,
    /// What touched an account's safety, for its person to read.
    pub audit: Arc<dyn AuditLog>,
    /// Which credentials ended before they expire; asked for every request.
    pub revocations: Arc<dyn Revocations>,
    /// Records that could not be processed, for their people and for the operator.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// The newest moment that is stored, against which the clock is checked.
    pub stored_time: Arc<dyn StoredTime>,
    /// What is past, and goes.
    pub retention: Arc<dyn RetentionStore>,
    /// Which process removes it.
    pub retention_turns: Arc<dyn RetentionTurns>,
    /// What this process knows about its clock.
    pub clock_check: Arc<ClockCheck>,
    /// Which days changed, as it happens; nothing here is kept.
    pub live: Arc<dyn LiveEvents>,
    /// The installation's rules.
    pub rules: Rules,
}

impl App {
    /// A new identity, in the order of time.
    pub fn new_id<Kind>(&self) -> Id<Kind> {
        let mut random = [0; 10];
        self.randomness.fill(&mut random);
        Id::v7(self.clock.now().0.max(0) as u64, random)
    }
}
