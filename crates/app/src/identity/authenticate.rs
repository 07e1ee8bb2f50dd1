//! Who the bearer of a credential is. No I/O for an access token.

use std::net::IpAddr;
use std::sync::Arc;

use dayline_domain::{DeviceId, Scopes};

use crate::identity::api_keys::PREFIX;
use crate::identity::caller::Caller;
use crate::ports::CredentialId;
use crate::{App, AppError};

/// Who the bearer of an access token or an API key is. No I/O for an access token.
pub async fn authenticate(app: &App, bearer: &str, address: Option<IpAddr>) -> Result<Caller, AppError> {
    if bearer.starts_with(PREFIX) {
        return by_key(app, bearer, address).await;
    }
    let claims = app.access_tokens.verify(bearer, app.clock.now()).map_err(|_| AppError::NotSignedIn)?;
    let credential = CredentialId::Session(claims.session);
    if app.revocations.is_revoked(credential) {
        return Err(AppError::SessionRevoked);
    }
    let device = Arc::clone(&claims.device);
    Ok(Caller { user: claims.user, device, credential, scopes: Scopes::SESSION, address })
}

/// Who the bearer of a key is.
async fn by_key(app: &App, text: &str, address: Option<IpAddr>) -> Result<Caller, AppError> {
    let now = app.clock.now();
    let found = app.api_keys.find_used(app.secrets.hash(text), now).await?;
    let key = found.filter(|key| !key.is_expired(now)).ok_or(AppError::NotSignedIn)?;
    let credential = CredentialId::Key(key.id);
    if app.revocations.is_revoked(credential) {
        return Err(AppError::NotSignedIn);
    }
    let device = DeviceId::new(key.name.as_str()).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(Caller { user: key.user, device: Arc::new(device), credential, scopes: key.scopes, address })
}
