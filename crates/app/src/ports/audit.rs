//! The audit log: what happened to a person's account, for that person to read.
//! Not here: requests and pings; only what touches the account's safety is here.

use dayline_domain::{UserId, UtcMs};

use super::future::PortFuture;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// The account was made by its person.
    Registered,
    /// The account was made by an operator.
    AccountCreated,
    /// An operator lets the person in no more; all sessions ended.
    AccountDisabled,
    /// An operator lets the person in again.
    AccountEnabled,
    /// A device was signed in by password.
    SignedIn,
    /// A device got the tokens of a request that was approved.
    DeviceSignedIn,
    /// A sign-in with a wrong password.
    SignInFailed,
    /// A sign-in with the right password while the account was disabled.
    SignInRefused,
    /// A device's request to be signed in was approved.
    DeviceApproved,
    /// A device's request to be signed in was refused.
    DeviceDenied,
    /// A refresh token was used that had been replaced long ago: somebody has a copy. Its session
    /// ended.
    TokenReused,
    /// A refresh token came back after its successor was issued, and too late for a retry: a lost
    /// answer, or a copy. Its session ended.
    LostAnswerOrCopy,
    /// One session was ended by its person, here or from another device.
    SessionEnded,
    /// All sessions, or all others, were ended.
    SessionsEnded,
    /// The person changed the password, which ends their other sessions.
    PasswordChanged,
    /// The person gave the account another e-mail address; the one before is the subject.
    EmailChanged,
    /// An operator set a new password.
    PasswordReset,
    /// An operator made a link by which a new password can be chosen.
    ResetLinkMade,
    /// A new password was chosen by such a link.
    PasswordResetByLink,
    /// An API key was made, whose name is the subject.
    KeyCreated,
    /// An API key was deleted, alone or with a sign-out that covered keys.
    KeyDeleted,
    /// The person's own word about their timeline was made, changed or deleted.
    Corrected,
    /// A stretch of time was erased for good.
    Erased,
    /// A device was given another name.
    DeviceRenamed,
    /// A device, which is the subject, was merged into another one.
    DeviceMerged,
    /// The person chose for how long their timeline is kept, which is the subject.
    KeepChanged,
    /// Days before a date, which is the subject, were removed since they are not kept so long.
    PastRemoved,
}

impl AuditKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 27] = [
        Self::Registered,
        Self::AccountCreated,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::SignedIn,
        Self::DeviceSignedIn,
        Self::SignInFailed,
        Self::SignInRefused,
        Self::DeviceApproved,
        Self::DeviceDenied,
        Self::TokenReused,
        Self::LostAnswerOrCopy,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::PasswordReset,
        Self::ResetLinkMade,
        Self::PasswordResetByLink,
        Self::KeyCreated,
        Self::KeyDeleted,
        Self::Corrected,
        Self::Erased,
        Self::DeviceRenamed,
        Self::DeviceMerged,
        Self::KeepChanged,
        Self::PastRemoved,
    ];

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::AccountCreated => "account_created",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
            Self::SignedIn => "signed_in",
            Self::DeviceSignedIn => "device_signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignInRefused => "sign_in_refused",
            Self::DeviceApproved => "device_approved",
            Self::DeviceDenied => "device_denied",
            Self::TokenReused => "token_reused",
            Self::LostAnswerOrCopy => "lost_answer_or_copy",
            Self::SessionEnded => "session_ended",
            Self::SessionsEnded => "sessions_ended",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::PasswordReset => "password_reset",
            Self::ResetLinkMade => "reset_link_made",
            Self::PasswordResetByLink => "password_reset_by_link",
            Self::KeyCreated => "key_created",
            Self::KeyDeleted => "key_deleted",
            Self::Corrected => "corrected",
            Self::Erased => "erased",
            Self::DeviceRenamed => "device_renamed",
            Self::DeviceMerged => "device_merged",
            Self::KeepChanged => "keep_changed",
            Self::PastRemoved => "past_removed",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The person whose account it happened to, who may read of it.
    pub user: UserId,
    /// By the clock of the node where it happened.
    pub at: UtcMs,
    /// What happened; says what `subject` names.
    pub kind: AuditKind,
    /// The device, session or key it was about, by a name the person knows.
    pub subject: Option<Box<str>>,
    /// The coarse network address it came from.
    pub address: Option<Box<str>>,
}

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuditEvent {
    /// Grows with time.
    pub id: u64,
    /// What was appended.
    pub event: AuditEvent,
}

/// The audit log.
pub trait AuditLog: Send + Sync {
    /// Appends an entry; nothing happens if the person is gone. That may not take noticeably less time
    /// for a failed sign-in, whose entry may get lost with the power in return.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn append(&self, event: AuditEvent) -> PortFuture<'_, ()>;

    /// Up to `limit` of a person's entries with ids below `before`, the newest first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, user: UserId, before: Option<u64>, limit: usize) -> PortFuture<'_, Vec<StoredAuditEvent>>;

    /// Deletes entries older than `before`. Gives how many.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn purge(&self, before: UtcMs) -> PortFuture<'_, u64>;
}
