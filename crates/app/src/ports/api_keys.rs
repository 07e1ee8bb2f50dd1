//! Long-lived keys for trackers.

use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{ApiKeyId, Scopes, UserId, UtcMs};

use super::future::PortFuture;

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Names the key where it is listed and deleted; it is not secret.
    pub id: ApiKeyId,
    /// The person whose data it lets in to.
    pub user: UserId,
    /// What the person calls it; also the device of pings sent with it.
    pub name: Label,
    /// What requests with it may do: `track`, `read` or both.
    pub scopes: Scopes,
    /// What a presented text is looked up by; the text itself is not stored.
    pub hash: TokenHash,
    /// When it was made.
    pub created_at: UtcMs,
    /// When it was used last, to about a minute.
    pub last_used_at: Option<UtcMs>,
    /// When it ends; never if not given.
    pub expires_at: Option<UtcMs>,
}

impl ApiKey {
    /// Whether the key has ended.
    pub fn is_expired(&self, now: UtcMs) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What became of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateKey {
    /// The key is stored and lets in from now on.
    Created,
    /// The person has as many keys as they may have.
    TooMany,
    /// The person is gone.
    NoSuchUser,
}

/// Whether it is noted that a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is, to about a minute.
    Noted,
    /// It is not: nothing is written.
    Unnoted,
}

/// The API keys.
pub trait ApiKeys: Send + Sync {
    /// Stores a key, unless its person then had more than `max_per_user`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn create(&self, key: ApiKey, max_per_user: usize) -> PortFuture<'_, CreateKey>;

    /// A person's keys, the newest first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ApiKey>>;

    /// Deletes a person's key. False if they have no such key.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn delete(&self, user: UserId, id: ApiKeyId) -> PortFuture<'_, bool>;

    /// The key with this hash, noting that it was used at `now` if that is wanted. Expired keys are found too; those of
    /// people who are disabled are not. An
    /// implementation may answer from memory for up to a second, and while the store is away for up
    /// to [`REMEMBERED_MS`](super::REMEMBERED_MS); deleted keys are revoked beside that.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find_used(&self, hash: TokenHash, now: UtcMs, used: Use) -> PortFuture<'_, Option<ApiKey>>;
}
