//! The tokens of a session.

use dayline_app::identity::tokens::Tokens;
use serde::Serialize;
use utoipa::ToSchema;

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// Goes into the `Authorization` header of each request.
    access_token: String,
    /// Gets the next pair, once. `login` and `refresh` also set it as the cookie `dayline_refresh`.
    refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    expires_in: i64,
    /// The session; also in the list of sessions.
    #[schema(format = Uuid)]
    session_id: String,
}

impl From<Tokens> for TokenPair {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in_s,
            session_id: tokens.session.to_string(),
        }
    }
}
