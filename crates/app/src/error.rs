//! What a use case may answer instead of a result. Every error has a kind; the HTTP adapter has one
//! table from kind to status.

use std::borrow::Cow;
use std::fmt;

use dayline_domain::Scope;

use crate::ports::{PortError, TooMany};

/// Seconds after which maintenance may be over.
const MAINTENANCE_WAIT_S: u32 = 60;
/// Seconds after which somebody's report jobs may be fewer.
const JOBS_WAIT_S: u32 = 10;

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input breaks a rule.
    Invalid,
    /// Nobody is signed in, or not validly.
    Unauthenticated,
    /// Signed in, but not allowed to do this.
    Forbidden,
    /// Not found, or somebody else's.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// Over a limit.
    TooMany,
    /// Not now; try again.
    Unavailable,
    /// Our fault.
    Internal,
}

/// One field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the client named it.
    pub field: Cow<'static, str>,
    /// What is wrong and what to do.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// The error of one field.
    pub fn new(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// An error of a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppError {
    /// These fields break a rule.
    Invalid(Vec<FieldError>),
    /// Nobody may register here; an operator makes accounts.
    RegistrationClosed,
    /// Another account has the e-mail address.
    EmailTaken,
    /// The account is the caller's, who knows its password; an operator lets them in no more.
    AccountDisabled,
    /// Wrong e-mail address or password; which of the two is not told.
    InvalidCredentials,
    /// The person has as many API keys as they may have.
    TooManyKeys,
    /// The person has as many buckets as they may have.
    TooManyBuckets,
    /// The person has as many settings of trackers as they may have.
    TooManyTrackerSettings,
    /// The report job has no result yet.
    NotFinished,
    /// The report job failed or was cancelled, so that it has no result.
    NoResult,
    /// The correction is an erasure, which is for good.
    ErasureIsFinal,
    /// The person has brought as many different names as they may on one day.
    TooManyNames {
        /// In seconds, at least 1: until the day ends.
        retry_after_s: u32,
    },
    /// The person has as many report jobs under way as they may have.
    TooManyJobs,
    /// No valid credential.
    NotSignedIn,
    /// The session was ended, or has outlived its idle or absolute time.
    SessionRevoked,
    /// A refresh token was used that had been replaced long ago; its session has ended.
    TokenReused,
    /// The credential does not have this scope.
    MissingScope(Scope),
    /// Not found, or somebody else's.
    NotFound,
    /// Over a limit.
    TooMany(TooMany),
    /// The ping log is full or down. Seconds until the next try.
    LogFull {
        /// In seconds, at least 1.
        retry_after_s: u32,
    },
    /// Somebody works on the store: pings are taken, and nothing else is written.
    Maintenance,
    /// A store or a helper is down. The detail is for the log.
    Unavailable(String),
    /// A bug or damage. The detail is for the log.
    Internal(String),
}

impl AppError {
    /// One field that breaks a rule.
    pub fn field(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(vec![FieldError::new(field, detail)])
    }

    /// The kind of the error.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::EmailTaken
            | Self::TooManyKeys
            | Self::TooManyBuckets
            | Self::TooManyTrackerSettings
            | Self::NotFinished
            | Self::NoResult
            | Self::ErasureIsFinal => Kind::Conflict,
            Self::InvalidCredentials | Self::NotSignedIn | Self::SessionRevoked | Self::TokenReused => {
                Kind::Unauthenticated
            }
            Self::MissingScope(_) | Self::RegistrationClosed | Self::AccountDisabled => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::TooMany(_) | Self::TooManyJobs | Self::TooManyNames { .. } => Kind::TooMany,
            Self::LogFull { .. } | Self::Maintenance | Self::Unavailable(_) => Kind::Unavailable,
            Self::Internal(_) => Kind::Internal,
        }
    }

    /// A stable name that clients may rely on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_input",
            Self::RegistrationClosed => "registration_closed",
            Self::EmailTaken => "email_taken",
            Self::TooManyKeys => "too_many_keys",
            Self::AccountDisabled => "account_disabled",
            Self::TooManyBuckets => "too_many_buckets",
            Self::TooManyTrackerSettings => "too_many_tracker_settings",
            Self::InvalidCredentials => "invalid_credentials",
            Self::NotFinished => "not_finished",
            Self::NoResult => "no_result",
            Self::ErasureIsFinal => "erasure_is_final",
            Self::TooManyJobs => "too_many_jobs",
            Self::TooManyNames { .. } => "too_many_names",
            Self::NotSignedIn => "not_signed_in",
            Self::SessionRevoked => "session_revoked",
            Self::TokenReused => "token_reused",
            Self::MissingScope(_) => "missing_scope",
            Self::NotFound => "not_found",
            Self::TooMany(_) => "too_many_requests",
            Self::LogFull { .. } => "overloaded",
            Self::Maintenance => "maintenance",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What a client may know, as a sentence without full stop.
    pub fn detail(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "some fields break a rule; see errors",
            Self::RegistrationClosed => "nobody can register here; ask who runs this server for an account",
            Self::EmailTaken => "an account with this e-mail address exists; sign in instead",
            Self::TooManyKeys => "you have as many keys as one person may have; delete one first",
            Self::AccountDisabled => "this account is disabled; ask who runs this server",
            Self::TooManyBuckets => "you have as many buckets as one person may have; delete one first",
            Self::TooManyTrackerSettings => {
                "you have as many settings of trackers as one person may have; delete one first"
            }
            Self::InvalidCredentials => "the e-mail address or the password is wrong",
            Self::NotFinished => "the job has no result yet; ask again a little later",
            Self::NoResult => "the job failed or was cancelled; ask for another one",
            Self::ErasureIsFinal => "an erasure is for good: it can neither be changed nor deleted",
            Self::TooManyNames { .. } => {
                "you have sent as many different names of devices, apps, sites, projects and languages as one person may in a day; try again tomorrow"
            }
            Self::TooManyJobs => "as many of your jobs wait or run as may; wait for one or cancel it",
            Self::NotSignedIn => "sign in first: the access token is missing, expired or not valid",
            Self::SessionRevoked => "this session has ended; sign in again",
            Self::TokenReused => {
                "this refresh token was already replaced, so its session was ended; sign in again"
            }
            Self::MissingScope(Scope::Track) => "this needs a key with the scope track, or a session",
            Self::MissingScope(Scope::Read) => "this needs a key with the scope read, or a session",
            Self::MissingScope(Scope::Account) => {
                "this needs the scope account, which sessions have and no key; sign in"
            }
            Self::NotFound => "not found",
            Self::TooMany(_) => "too many requests; try again later",
            Self::LogFull { .. } => "too much is waiting to be stored; nothing was accepted, try again later",
            Self::Maintenance => {
                "this server is in maintenance: pings are taken, and nothing else is changed; try again later"
            }
            Self::Unavailable(_) => "a part of the service is not available; try again later",
            Self::Internal(_) => "something went wrong on our side",
        }
    }

    /// Seconds after which a client should try again, where that is known.
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooMany(TooMany { retry_after_s, .. })
            | Self::TooManyNames { retry_after_s }
            | Self::LogFull { retry_after_s } => Some(*retry_after_s),
            Self::NotFinished | Self::Unavailable(_) => Some(1),
            Self::Maintenance => Some(MAINTENANCE_WAIT_S),
            Self::TooManyJobs => Some(JOBS_WAIT_S),
            _ => None,
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(detail) | Self::Internal(detail) => write!(f, "{}: {detail}", self.code()),
            _ => f.write_str(self.detail()),
        }
    }
}

impl std::error::Error for AppError {}

impl From<PortError> for AppError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable(detail) => Self::Unavailable(detail),
            PortError::Rejected(_) | PortError::Corrupt(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<TooMany> for AppError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}
