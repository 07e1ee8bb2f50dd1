//! The ports: what the use cases need from the world, as dyn-safe traits returning boxed futures.
//! A port is coarse: one call is one transaction, inside the adapter. No adapter is named here.

mod accounts;
mod api_keys;
mod audit;
mod device_logins;
mod leases;
mod ledger;
mod limits;
mod live;
mod ping_log;
mod report_jobs;
mod sessions;
mod system;
mod tokens;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use accounts::{Accounts, CreateUser, PasswordHash, PasswordHasher, PasswordVerdict, User};
pub use api_keys::{ApiKey, ApiKeys, CreateKey};
pub use audit::{AuditEvent, AuditKind, AuditLog, StoredAuditEvent};
pub use device_logins::DeviceLogins;
pub use leases::Leases;
pub use ledger::{
    Applied, DayKey, DeadLetter, DeadLetters, LedgerCommit, LedgerReader, LedgerView, LedgerWriter,
    LoadedDay, StoredDeadLetter,
};
pub use limits::{Limit, PingQuota, RateLimits, TooMany};
pub use live::{DayChanged, LiveEvent, LiveEvents, LiveSubscription};
pub use ping_log::{AppendError, LogDepth, LogEntry, Partition, Payload, PingLog, Position};
pub use report_jobs::{CreateJob, ReportJobs};
pub use sessions::{CredentialId, Revocations, Sessions, StartSession, Started};
pub use system::{Clock, InvalidUrl, Randomness, SiteNames, TimeZones};
pub use tokens::{
    AccessClaims, AccessTokens, IssuedRefresh, IssuedSecret, PresentedRefresh, RefreshTokens, SecretTexts,
    TokenRefusal,
};

/// A future on the heap: what lets a trait with async calls be a `dyn` trait, with std alone.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a call to a port gives, some time later.
pub type PortFuture<'a, T> = BoxFuture<'a, Result<T, PortError>>;

/// Why a port could not do what it was asked. The details are for the operator's log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortError {
    /// Not now: the store is down, busy or cut off. The same call may succeed later; whether this one took
    /// effect is not known.
    Unavailable(String),
    /// The store refused this very data (a constraint, a trigger). The same call will fail again.
    Rejected(String),
    /// The store holds something it never should: damaged or written by something else.
    Corrupt(String),
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, why) = match self {
            Self::Unavailable(why) => ("store unavailable", why),
            Self::Rejected(why) => ("store refused the data", why),
            Self::Corrupt(why) => ("stored data is damaged", why),
        };
        write!(f, "{what}: {why}")
    }
}

impl std::error::Error for PortError {}
