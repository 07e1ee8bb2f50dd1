//! Refusing credentials from now on that would still be good by themselves.

use dayline_domain::SessionId;

use crate::app::ACCESS_TOKEN_MS;
use crate::ports::{CredentialId, REMEMBERED_MS};
use crate::{App, AppError};

/// Refuses the access tokens of ended sessions for as long as one may live.
pub(crate) async fn revoke_sessions(app: &App, sessions: Vec<SessionId>) -> Result<(), AppError> {
    revoke(app, sessions.into_iter().map(CredentialId::Session).collect()).await
}

/// Refuses credentials for as long as a token made for one may live, or a key may be remembered.
pub(crate) async fn revoke(app: &App, credentials: Vec<CredentialId>) -> Result<(), AppError> {
    if credentials.is_empty() {
        return Ok(());
    }
    let is_key = |credential: &CredentialId| matches!(credential, CredentialId::Key(_));
    let life_ms = if credentials.iter().any(is_key) { REMEMBERED_MS } else { 2 * ACCESS_TOKEN_MS };
    let until = app.clock.now().plus(life_ms);
    Ok(app.revocations.revoke(credentials, until).await?)
}
