//! The ports: what the use cases need from the world, as dyn-safe traits returning boxed futures.
//! A port is coarse: one call is one transaction, inside the adapter. No adapter is named here.

mod accounts;
mod api_keys;
mod audit;
mod buckets;
mod corrections;
mod credentials;
mod device_book;
mod device_logins;
mod error;
mod future;
mod key_marks;
mod label_book;
mod leases;
mod ledger;
mod limits;
mod live;
mod ping_log;
mod preferences;
mod raw_events;
mod report_jobs;
mod reset_links;
mod retention;
mod sessions;
mod stored_time;
mod system;
mod tokens;
mod tracker_settings;

pub use accounts::{
    Accounts, CreateUser, EmailChange, PasswordHash, PasswordHasher, PasswordVerdict, ProfileChange,
    UpdateProfile, User,
};
pub use api_keys::{ApiKey, ApiKeys, CreateKey, Use};
pub use audit::{AuditEvent, AuditKind, AuditLog, StoredAuditEvent};
pub use buckets::{Buckets, OpenBucket, StoredBucket};
pub use corrections::{CorrectionChange, CorrectionNumbers, CorrectionVersion};
pub use credentials::{CredentialId, REMEMBERED_MS, Revocations, SignOut};
pub use device_book::{DeviceBook, Merging};
pub use device_logins::DeviceLogins;
pub use error::PortError;
pub use future::{BoxFuture, PortFuture};
pub use key_marks::{BELIEVED_MS, KeyMarks};
pub use label_book::{LabelBook, LabelMark, LabelsSet, MarkedLabels};
pub use leases::Leases;
pub use ledger::{
    Applied, DayKey, DayWrite, DeadLetter, DeadLetters, Edition, KnownDevice, LedgerCommit, LedgerReader,
    LedgerView, LedgerWriter, LoadedDay, Mark, Settling, StateWrite, StoredDay, StoredDeadLetter,
};
pub use limits::{Limit, NameQuota, PingQuota, RateLimits, TooMany};
pub use live::{DayChanged, LiveEvent, LiveEvents, LiveSubscription};
pub use ping_log::{
    AppendError, Erased, LogDepth, LogEntry, LogRead, Lost, MAX_RECORD_BYTES, Partition, Payload, PingLog,
    Position,
};
pub use preferences::PreferenceStore;
pub use raw_events::{EventExtent, EventsAsked, Keeping, Kept, RawEvents};
pub use report_jobs::{CreateJob, ReportJobs};
pub use reset_links::{Redeemed, ResetLink, ResetLinks};
pub use retention::{KeptPerson, Past, PastArchive, RetentionStore, RetentionTurns, Turn};
pub use sessions::{Sessions, StartSession, Started};
pub use stored_time::StoredTime;
pub use system::{Clock, InvalidUrl, Randomness, SiteNames, TimeZones};
pub use tokens::{
    AccessClaims, AccessTokens, IssuedRefresh, IssuedSecret, PresentedRefresh, RefreshTokens, SecretTexts,
    TokenRefusal,
};
pub use tracker_settings::{SetSetting, TrackerSettings};
