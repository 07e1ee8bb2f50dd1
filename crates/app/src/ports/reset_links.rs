//! One-time links by which a person chooses a new password, on an operator's word.
//! Not here: how a link gets to the person.

use dayline_domain::identity::session::TokenHash;
use dayline_domain::{UserId, UtcMs};

use super::accounts::PasswordHash;
use super::credentials::CredentialId;
use super::future::PortFuture;

/// A link, without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResetLink {
    /// What a presented text is looked up by; the text itself is not stored.
    pub hash: TokenHash,
    /// Whose password it sets.
    pub user: UserId,
    /// From then on it is good no more.
    pub expires_at: UtcMs,
}

impl ResetLink {
    /// Whether the link is good no more.
    pub fn is_expired(&self, now: UtcMs) -> bool {
        self.expires_at <= now
    }
}

/// What a link that was used did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    /// Whose password is a new one.
    pub user: UserId,
    /// The credentials that ended with the old one; still to be revoked.
    pub ended: Vec<CredentialId>,
}

/// The links. A person has at most one, which ends with any new password of theirs.
pub trait ResetLinks: Send + Sync {
    /// Stores a link in the place of the person's former one. False if there is no such person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn make(&self, link: ResetLink) -> PortFuture<'_, bool>;

    /// The link with this hash, also one that is expired.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find(&self, hash: TokenHash) -> PortFuture<'_, Option<ResetLink>>;

    /// Uses a link up: sets the password and ends all sessions of its person at `now`, in one
    /// transaction. `None` if there is no such link, or it is expired.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn redeem(&self, hash: TokenHash, to: PasswordHash, now: UtcMs) -> PortFuture<'_, Option<Redeemed>>;

    /// Deletes links that expired at `now` or before. Gives how many.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn purge(&self, now: UtcMs) -> PortFuture<'_, u64>;
}
