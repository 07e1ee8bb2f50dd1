//! The tokens of a session, as its device gets them.

use std::fmt;
use std::sync::Arc;

use dayline_domain::{Session, SessionId, UtcMs};

use crate::app::ACCESS_TOKEN_MS;
use crate::ports::{AccessClaims, IssuedRefresh};
use crate::{App, AppError};

/// The tokens of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// A JWT of [`ACCESS_TOKEN_MS`], for the `Authorization` header.
    pub access_token: String,
    /// Gets the next pair of tokens, once; a retry soon after gets the same one.
    pub refresh_token: String,
    /// Which of the person's sessions both are of.
    pub session: SessionId,
    /// Seconds until the access token ends.
    pub expires_in_s: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.session)
    }
}

/// A new access token of the session, beside the refresh token that was just made.
pub(super) fn tokens_for(
    app: &App,
    session: &Session,
    refresh: IssuedRefresh,
    now: UtcMs,
) -> Result<Tokens, AppError> {
    let claims = AccessClaims {
        user: session.user,
        session: session.id,
        device: Arc::new(session.device.clone()),
        issued_at: now,
        expires_at: now.plus(ACCESS_TOKEN_MS),
    };
    let access_token = app.access_tokens.issue(&claims)?;
    Ok(Tokens {
        access_token,
        refresh_token: refresh.text,
        session: session.id,
        expires_in_s: ACCESS_TOKEN_MS / 1_000,
    })
}
