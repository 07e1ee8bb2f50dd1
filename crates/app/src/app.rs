//! Everything the use cases work with, in one value: the ports as trait objects, and the
//! installation's rules. Not here: how it is put together (the binary's `wire.rs`).

use std::sync::Arc;

use dayline_domain::identity::session::SessionPolicy;
use dayline_domain::{Id, JobPolicy, PingLimits};

use crate::ports::{
    AccessTokens, Accounts, ApiKeys, AuditLog, Clock, CorrectionNumbers, DeadLetters, DeviceLogins,
    LedgerReader, LiveEvents, PasswordHasher, PingLog, PingQuota, PreferenceStore, Randomness, RateLimits,
    RefreshTokens, ReportJobs, Revocations, SecretTexts, Sessions, SiteNames, TimeZones,
};

/// How long an access token lives, in milliseconds (design, section 7: 15 minutes).
pub const ACCESS_TOKEN_MS: i64 = 15 * 60_000;

/// What an operator may set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// What pings are accepted.
    pub pings: PingLimits,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// How long report jobs may take and live.
    pub jobs: JobPolicy,
}

/// The application: one value, shared by all handlers.
#[derive(Clone)]
pub struct App {
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// Secure random bytes.
    pub randomness: Arc<dyn Randomness>,
    /// Time zones.
    pub zones: Arc<dyn TimeZones>,
    /// URL to domain.
    pub site_names: Arc<dyn SiteNames>,
    /// Password hashing.
    pub passwords: Arc<dyn PasswordHasher>,
    /// Access tokens.
    pub access_tokens: Arc<dyn AccessTokens>,
    /// Refresh tokens.
    pub refresh_tokens: Arc<dyn RefreshTokens>,
    /// API keys and device codes as texts.
    pub secrets: Arc<dyn SecretTexts>,
    /// Limits on attempts.
    pub limits: Arc<dyn RateLimits>,
    /// Limits on pings.
    pub ping_quota: Arc<dyn PingQuota>,
    /// The ping log.
    pub ping_log: Arc<dyn PingLog>,
    /// The ledger, to read.
    pub ledger: Arc<dyn LedgerReader>,
    /// Which corrections there are.
    pub correction_numbers: Arc<dyn CorrectionNumbers>,
    /// What people prefer.
    pub preferences: Arc<dyn PreferenceStore>,
    /// Report jobs and their results.
    pub report_jobs: Arc<dyn ReportJobs>,
    /// Accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// API keys.
    pub api_keys: Arc<dyn ApiKeys>,
    /// Devices that wait for approval.
    pub device_logins: Arc<dyn DeviceLogins>,
    /// The audit log.
    pub audit: Arc<dyn AuditLog>,
    /// Revoked credentials.
    pub revocations: Arc<dyn Revocations>,
    /// Dead letters.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Live events.
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
