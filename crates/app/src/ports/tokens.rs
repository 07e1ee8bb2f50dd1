//! Tokens as the use cases see them: claims, hashes and opaque texts.

use std::fmt;
use std::sync::Arc;

use dayline_domain::identity::session::{Generation, TokenHash};
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};

use super::error::PortError;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// The `sub` of the token.
    pub user: UserId,
    /// The `sid` of the token: what is revoked when the session ends.
    pub session: SessionId,
    /// On which device; in the token so that a ping needs no look-up.
    pub device: Arc<DeviceId>,
    /// When the token was made (whole seconds).
    pub issued_at: UtcMs,
    /// When it ends (whole seconds).
    pub expires_at: UtcMs,
}

/// Why an access token is refused. Clients only learn that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Was good once.
    Expired,
    /// Not one of ours, or altered.
    Invalid,
}

/// Makes and checks access tokens. No I/O.
pub trait AccessTokens: Send + Sync {
    /// Makes a token.
    ///
    /// # Errors
    ///
    /// [`PortError`] if no key can sign.
    fn issue(&self, claims: &AccessClaims) -> Result<String, PortError>;

    /// Checks a token at `now`.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal`] if it has expired, is none of ours or was altered.
    fn verify(&self, token: &str, now: UtcMs) -> Result<Arc<AccessClaims>, TokenRefusal>;
}

/// A refresh token just made: the text goes to the client, the hash into the store.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedRefresh {
    /// The token; never logged or stored.
    pub text: String,
    /// What is stored, to recognise the text by.
    pub hash: TokenHash,
}

impl fmt::Debug for IssuedRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedRefresh(…)")
    }
}

/// A refresh token that came back and is one we made: which session and generation it was made for.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedRefresh {
    /// The session it was made for, which may have ended.
    pub session: SessionId,
    /// Which of the session's tokens it is; an older one than the current was used before.
    pub generation: Generation,
    /// To compare with the stored one: only then is it the token that was issued.
    pub hash: TokenHash,
    /// The token's secret part, from which its successor is derived.
    pub secret: [u8; 32],
}

impl fmt::Debug for PresentedRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedRefresh({}, {})", self.session, self.generation.0)
    }
}

/// Makes refresh tokens. A token's successor is derived from it and a key of the server, so that a
/// retry gets the same one although only hashes are stored.
pub trait RefreshTokens: Send + Sync {
    /// The first token of a session: 256 random bits.
    fn first(&self, session: SessionId) -> IssuedRefresh;

    /// Takes a token apart, or `None` if it is not one we made. Says nothing about whether it is
    /// still good.
    fn open(&self, text: &str) -> Option<PresentedRefresh>;

    /// The token after the presented one: always the same for the same token.
    fn successor(&self, of: &PresentedRefresh) -> IssuedRefresh;
}

/// A secret just made: the text goes to the client once, the hash into the store.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedSecret {
    /// The text; never logged or stored.
    pub text: String,
    /// What is stored, to recognise the text by.
    pub hash: TokenHash,
}

impl fmt::Debug for IssuedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedSecret(…)")
    }
}

/// Makes and hashes secrets that only ever need to be recognised: API keys and device codes.
pub trait SecretTexts: Send + Sync {
    /// A secret of 256 random bits behind a prefix that tells what it is.
    fn make(&self, prefix: &str) -> IssuedSecret;

    /// A secret that looks like a UUID, for clients that take nothing else: version 4, lower case, with 122
    /// random bits.
    fn make_uuid(&self) -> IssuedSecret;

    /// The hash of a secret's text.
    fn hash(&self, text: &str) -> TokenHash;
}
