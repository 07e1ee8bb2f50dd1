//! API keys: make, list and delete.
//! Not here: letting their bearers in (see [`crate::identity::authenticate`]).

use dayline_domain::identity::account::Label;
use dayline_domain::{ApiKeyId, Scope, Scopes, UtcMs};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::identity::key_text::{KeyFormat, PREFIX};
use crate::identity::revocation::revoke;
use crate::ports::{ApiKey, AuditKind, CreateKey, CredentialId};
use crate::{App, AppError, FieldError};

/// Most keys one person may have.
pub const MAX_KEYS: usize = 50;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What the person calls it; also the device of pings sent with it.
    pub name: Label,
    /// What it shall allow: [`Scope::Track`], [`Scope::Read`] or both.
    pub scopes: Scopes,
    /// When it shall end.
    pub expires_at: Option<UtcMs>,
    /// How its text is to look.
    pub format: KeyFormat,
}

/// Makes a key for the caller. Its text is given this once.
pub async fn create(app: &App, caller: &Caller, new: NewKey) -> Result<(ApiKey, String), AppError> {
    caller.require(Scope::Account)?;
    let now = app.clock.now();
    let wrong = wrong_with(app, new.scopes, new.expires_at);
    if !wrong.is_empty() {
        return Err(AppError::Invalid(wrong));
    }
    count_write(app, caller).await?;
    let secret = match new.format {
        KeyFormat::Prefixed => app.secrets.make(PREFIX),
        KeyFormat::Uuid => app.secrets.make_uuid(),
    };
    let key = ApiKey {
        id: app.new_id(),
        user: caller.user,
        name: new.name,
        scopes: new.scopes,
        hash: secret.hash,
        created_at: now,
        last_used_at: None,
        expires_at: new.expires_at,
    };
    match app.api_keys.create(key.clone(), MAX_KEYS).await? {
        CreateKey::Created => {}
        CreateKey::TooMany => return Err(AppError::TooManyKeys),
        CreateKey::NoSuchUser => return Err(AppError::NotSignedIn),
    }
    audit(app, caller.user, AuditKind::KeyCreated, Some(key.name.as_str()), caller.address).await?;
    Ok((key, secret.text))
}

/// What is wrong with a key to be made. Faces ask before they call, to tell with all else that is wrong.
pub fn wrong_with(app: &App, scopes: Scopes, expires_at: Option<UtcMs>) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if scopes == Scopes::NONE || scopes.allows(Scope::Account) {
        wrong.push(FieldError::new("scopes", "must be a list of track, read or both"));
    }
    if expires_at.is_some_and(|end| end <= app.clock.now()) {
        wrong.push(FieldError::new("expires_at", "must be in the future"));
    }
    wrong
}

/// The caller's keys, the newest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ApiKey>, AppError> {
    caller.require(Scope::Account)?;
    Ok(app.api_keys.list(caller.user).await?)
}

/// Deletes one of the caller's keys and refuses it from now on. Somebody else's is not found.
pub async fn delete(app: &App, caller: &Caller, id: ApiKeyId) -> Result<(), AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let keys = app.api_keys.list(caller.user).await?;
    if !app.api_keys.delete(caller.user, id).await? {
        return Err(AppError::NotFound);
    }
    revoke(app, vec![CredentialId::Key(id)]).await?;
    let name = keys.iter().find(|key| key.id == id).map(|key| key.name.as_str());
    audit(app, caller.user, AuditKind::KeyDeleted, name, caller.address).await
}
