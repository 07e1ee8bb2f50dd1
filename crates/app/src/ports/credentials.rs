//! What lets a client in, and how it ends before its time.

use dayline_domain::{ApiKeyId, SessionId, UtcMs};

use super::future::PortFuture;

/// For how long, in milliseconds, a node may let a key in by memory alone while the store is away;
/// a key that was deleted is revoked for as long.
pub const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1_000;

/// Something that lets a client in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialId {
    /// A session, with all its access tokens.
    Session(SessionId),
    /// One API key; the person's others go on.
    Key(ApiKeyId),
}

impl CredentialId {
    /// The key, if it is one.
    pub fn key(&self) -> Option<ApiKeyId> {
        match self {
            Self::Session(_) => None,
            Self::Key(id) => Some(*id),
        }
    }
}

/// Which of a person's credentials end at once. The device codes that an ended session approved
/// always end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOut {
    /// The session that goes on, if any.
    pub keep: Option<SessionId>,
    /// Whether the API keys are deleted, too.
    pub api_keys: bool,
    /// When it was asked for.
    pub at: UtcMs,
}

/// Credentials revoked before their time, known on every node within a second.
pub trait Revocations: Send + Sync {
    /// Whether the credential was revoked. No I/O: this is asked for every request.
    fn is_revoked(&self, credential: CredentialId) -> bool;

    /// Refuses the credentials from now on, here at once. They may be forgotten after `until`, when
    /// every token made for them has expired anyway.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if other nodes can't be told; here they are
    /// refused all the same.
    fn revoke(&self, credentials: Vec<CredentialId>, until: UtcMs) -> PortFuture<'_, ()>;
}
