//! Sessions, one per person and device.

use dayline_domain::identity::device_login::DeviceLogin;
use dayline_domain::identity::session::Generation;
use dayline_domain::{Session, SessionId, UserId, UtcMs};

use super::accounts::PasswordHash;
use super::credentials::{CredentialId, SignOut};
use super::future::PortFuture;

/// A session to be started.
#[derive(Debug, Clone)]
pub struct StartSession {
    /// As it is to be stored, with its first refresh token's hash.
    pub session: Session,
    /// The password hash the sign-in was checked against; a sign-in that raced with a change of the
    /// password must not succeed. `None` where no password was involved.
    pub checked_against: Option<PasswordHash>,
    /// The approved request of the device that the session is for, where it was signed in by code.
    /// It is used up in the same transaction: one code never starts two sessions, and none is lost
    /// with a session that did not start.
    pub code: Option<DeviceLogin>,
    /// Most sessions the person may have afterwards.
    pub max_per_user: usize,
}

/// What became of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The session exists; these ended for it: the same device's former one, and the ones used
    /// longest ago beyond the bound.
    Started {
        /// By identity; their access tokens are still to be revoked.
        ended: Vec<SessionId>,
    },
    /// The account is gone or disabled, its password has changed meanwhile, or the code was used or changed.
    Refused,
}

/// The sessions. Whatever ends one also deletes the device codes that it approved, in the same
/// transaction.
pub trait Sessions: Send + Sync {
    /// Starts a session, in one transaction with ending those that make room for it.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn start(&self, start: StartSession) -> PortFuture<'_, Started>;

    /// The session with this identity, if it has not ended.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find(&self, id: SessionId) -> PortFuture<'_, Option<Session>>;

    /// Stores a rotated session if the stored one still has generation `from`. False if not.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn rotate(&self, from: Generation, to: Session) -> PortFuture<'_, bool>;

    /// A person's sessions, the one used last first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, user: UserId) -> PortFuture<'_, Vec<Session>>;

    /// Ends a person's session. False if they have no such session.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn end(&self, user: UserId, id: SessionId, now: UtcMs) -> PortFuture<'_, bool>;

    /// Signs a person out, in one transaction; gives what ended.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn end_all(&self, user: UserId, sign_out: SignOut) -> PortFuture<'_, Vec<CredentialId>>;

    /// Sessions that ended at `since` or later, whosever they were: what a node must refuse from
    /// its start.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn ended_since(&self, since: UtcMs) -> PortFuture<'_, Vec<SessionId>>;

    /// Forgets which sessions ended before `ended_before`, and deletes those not used since
    /// `idle_before` or created before `created_before`. Gives how many were deleted.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn purge(&self, ended_before: UtcMs, idle_before: UtcMs, created_before: UtcMs) -> PortFuture<'_, u64>;
}
