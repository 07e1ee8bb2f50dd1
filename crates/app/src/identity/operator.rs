//! What an operator does for and with people. There is no caller: who can run a command on the data may.

use dayline_domain::{Email, NewPassword, UserId, UtcMs};

use crate::identity::accounts::{Registration, erase, make};
use crate::identity::audit::audit;
use crate::identity::reset_link::PREFIX;
use crate::identity::revocation::revoke;
use crate::identity::sign_out::{SignedOut, keys_to_delete, refuse};
use crate::ports::{AuditKind, ResetLink, SignOut, User};
use crate::{App, AppError};

/// Creates an account, whether or not people may register themselves.
pub async fn create(app: &App, registration: Registration) -> Result<User, AppError> {
    make(app, registration, AuditKind::AccountCreated).await
}

/// Up to `limit` people after one, in the order in which they registered.
pub async fn list(app: &App, after: Option<UserId>, limit: usize) -> Result<Vec<User>, AppError> {
    Ok(app.accounts.list(after, limit).await?)
}

/// Lets a person in no more: their sessions end, their keys are refused, until [`enable`] says otherwise.
/// Gives how many sessions ended.
pub async fn disable(app: &App, email: Email) -> Result<usize, AppError> {
    let user = find(app, email).await?;
    let ended = app.accounts.disable(user, app.clock.now()).await?.ok_or(AppError::NotFound)?;
    let count = ended.len();
    revoke(app, ended).await?;
    audit(app, user, AuditKind::AccountDisabled, None, None).await?;
    Ok(count)
}

/// Lets a person in again: by their password, and by the keys that they have.
pub async fn enable(app: &App, email: Email) -> Result<(), AppError> {
    let user = find(app, email).await?;
    if !app.accounts.enable(user).await? {
        return Err(AppError::NotFound);
    }
    audit(app, user, AuditKind::AccountEnabled, None, None).await
}

/// Erases an account and all that is theirs, and refuses its credentials from now on.
pub async fn delete(app: &App, email: Email) -> Result<(), AppError> {
    let user = find(app, email).await?;
    if erase(app, user).await? { Ok(()) } else { Err(AppError::NotFound) }
}

/// Sets a password and ends all sessions of the account, and deletes its API keys if asked to.
pub async fn reset_password(
    app: &App,
    email: Email,
    new: NewPassword,
    delete_api_keys: bool,
) -> Result<SignedOut, AppError> {
    let user = find(app, email).await?;
    let new = app.passwords.hash(new.expose().to_owned()).await?;
    let keys = keys_to_delete(app, user, delete_api_keys).await?;
    let sign_out = SignOut { keep: None, api_keys: delete_api_keys, at: app.clock.now() };
    let ended = app.accounts.change_password(user, None, new, sign_out).await?;
    let ended = ended.ok_or(AppError::NotFound)?;
    let signed_out = refuse(app, user, ended, &keys, None).await?;
    audit(app, user, AuditKind::PasswordReset, None, None).await?;
    Ok(signed_out)
}

/// A link that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct MadeLink {
    /// Its secret, for the end of an address. Shown once; only a hash is stored.
    pub secret: String,
    /// Until when it is good.
    pub expires_at: UtcMs,
}

impl std::fmt::Debug for MadeLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeLink(…, {})", self.expires_at.0)
    }
}

/// Makes a link by which a person chooses a new password, once, within `life_ms`. A former link of theirs
/// is good no more; the password they have stays until they use this one.
pub async fn make_reset_link(app: &App, email: Email, life_ms: i64) -> Result<MadeLink, AppError> {
    let user = find(app, email).await?;
    let secret = app.secrets.make(PREFIX);
    let expires_at = app.clock.now().plus(life_ms);
    if !app.reset_links.make(ResetLink { hash: secret.hash, user, expires_at }).await? {
        return Err(AppError::NotFound);
    }
    audit(app, user, AuditKind::ResetLinkMade, None, None).await?;
    Ok(MadeLink { secret: secret.text, expires_at })
}

async fn find(app: &App, email: Email) -> Result<UserId, AppError> {
    let (user, _) = app.accounts.find_by_email(email).await?.ok_or(AppError::NotFound)?;
    Ok(user.id)
}
