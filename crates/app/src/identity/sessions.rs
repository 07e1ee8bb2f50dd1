//! A person's sessions: list them, end one, end them all.

use dayline_domain::{Scope, Session, SessionId};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::identity::revocation::revoke_sessions;
use crate::identity::sign_out::{SignedOut, keys_to_delete, refuse};
use crate::ports::{AuditKind, SignOut};
use crate::{App, AppError};

/// Ends the caller's session. Ending it twice is the same as once.
pub async fn logout(app: &App, caller: &Caller) -> Result<(), AppError> {
    let Some(session) = caller.session() else { return Err(AppError::MissingScope(Scope::Account)) };
    let ended = app.sessions.end(caller.user, session, app.clock.now()).await?;
    revoke_sessions(app, vec![session]).await?;
    if ended {
        audit(app, caller.user, AuditKind::SessionEnded, Some(caller.device.as_str()), caller.address)
            .await?;
    }
    Ok(())
}

/// Ends all sessions of the caller, or all but this one, and deletes their API keys if asked to.
pub async fn logout_all(
    app: &App,
    caller: &Caller,
    keep_this: bool,
    delete_api_keys: bool,
) -> Result<SignedOut, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let keep = caller.session().filter(|_| keep_this);
    let keys = keys_to_delete(app, caller.user, delete_api_keys).await?;
    let sign_out = SignOut { keep, api_keys: delete_api_keys, at: app.clock.now() };
    let ended = app.sessions.end_all(caller.user, sign_out).await?;
    let signed_out = refuse(app, caller.user, ended, &keys, caller.address).await?;
    if signed_out.sessions > 0 {
        audit(app, caller.user, AuditKind::SessionsEnded, None, caller.address).await?;
    }
    Ok(signed_out)
}

/// The caller's sessions that are still alive, the one used last first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Session>, AppError> {
    caller.require(Scope::Account)?;
    let now = app.clock.now();
    let mut sessions = app.sessions.list(caller.user).await?;
    sessions.retain(|session| !session.is_expired(now, &app.rules.sessions));
    Ok(sessions)
}

/// Ends one of the caller's sessions. Somebody else's is not found, like one that never was.
pub async fn end_session(app: &App, caller: &Caller, id: SessionId) -> Result<(), AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let session = app.sessions.find(id).await?.filter(|session| session.user == caller.user);
    if !app.sessions.end(caller.user, id, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    revoke_sessions(app, vec![id]).await?;
    let device = session.as_ref().map(|session| session.device.as_str());
    audit(app, caller.user, AuditKind::SessionEnded, device, caller.address).await
}
