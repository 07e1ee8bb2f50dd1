//! Who the bearer of a credential is. No I/O for an access token.

use std::net::IpAddr;
use std::sync::Arc;

use dayline_domain::{DeviceId, Scopes};

use crate::identity::caller::Caller;
use crate::identity::key_text;
use crate::identity::network::limited_by;
use crate::ports::{CredentialId, Limit, Use};
use crate::{App, AppError};

/// Who the bearer of an access token or an API key is. No I/O for an access token.
///
/// # Errors
/// [`AppError::NotSignedIn`] or [`AppError::SessionRevoked`] if the credential lets nobody in,
/// [`AppError::TooMany`] if it is a key that does not, and one of many from this address;
/// [`AppError::Maintenance`] if it is a key that does not and may have before;
/// [`AppError::Unavailable`] if a key can't be looked up now.
pub async fn authenticate(app: &App, bearer: &str, address: Option<IpAddr>) -> Result<Caller, AppError> {
    if let Some(key) = key_text::as_made(bearer) {
        return match by_key(app, &key, address).await {
            Err(AppError::NotSignedIn) if app.rules.maintenance => Err(AppError::Maintenance),
            Err(AppError::NotSignedIn) => Err(wrong_key(app, address).await),
            found => found,
        };
    }
    let claims = app.access_tokens.verify(bearer, app.clock.now()).map_err(|_| AppError::NotSignedIn)?;
    let credential = CredentialId::Session(claims.session);
    if app.revocations.is_revoked(credential) {
        return Err(AppError::SessionRevoked);
    }
    let device = Arc::clone(&claims.device);
    Ok(Caller { user: claims.user, device, credential, scopes: Scopes::SESSION, address })
}

/// What the bearer of a key that lets nobody in is told. It is counted after the look-up: a good key is never
/// refused because of a neighbour's bad one, whose tracker may go on for days.
async fn wrong_key(app: &App, address: Option<IpAddr>) -> AppError {
    let Some(address) = address else { return AppError::NotSignedIn };
    match app.limits.count(Limit::WrongKeyPerAddress, limited_by(address)).await {
        Ok(Ok(())) => AppError::NotSignedIn,
        Ok(Err(too_many)) => too_many.into(),
        Err(error) => error.into(),
    }
}

/// Who the bearer of a key is.
async fn by_key(app: &App, text: &str, address: Option<IpAddr>) -> Result<Caller, AppError> {
    let now = app.clock.now();
    let used = if app.rules.maintenance { Use::Unnoted } else { Use::Noted };
    let found = app.api_keys.find_used(app.secrets.hash(text), now, used).await?;
    let key = found.filter(|key| !key.is_expired(now)).ok_or(AppError::NotSignedIn)?;
    let credential = CredentialId::Key(key.id);
    if app.revocations.is_revoked(credential) {
        return Err(AppError::NotSignedIn);
    }
    let device = DeviceId::new(key.name.as_str()).map_err(|error| AppError::Internal(error.to_string()))?;
    Ok(Caller { user: key.user, device: Arc::new(device), credential, scopes: key.scopes, address })
}
