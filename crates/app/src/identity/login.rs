//! Signing a device in by password.

use std::net::IpAddr;

use dayline_domain::identity::account::{Label, NewPassword};
use dayline_domain::{DeviceId, Email, Session, UserId};

use crate::identity::audit::audit;
use crate::identity::network::limited_by;
use crate::identity::start_session::{Proof, Proved, named, start_session};
use crate::identity::tokens::Tokens;
use crate::ports::{AuditKind, Limit, PasswordHash, User};
use crate::{App, AppError};

/// An id that no account has.
const NOBODY: UserId = UserId::from_bits(0);

/// A sign-in.
#[derive(Clone)]
pub struct Login {
    /// The address of the account.
    pub email: Email,
    /// As typed: no rule for new passwords is applied to it.
    pub password: String,
    /// The device to sign in; a session it has already ends. Where the name says nothing, such as
    /// `unknown`, it is the device whose last refresh token comes with it, or another one each time.
    pub device: DeviceId,
    /// What the person calls it.
    pub device_name: Option<Label>,
    /// Its last refresh token, if it has one: the proof that it is a device of the account.
    pub refresh_token: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// Signs a device in. Unknown address and wrong password are the same answer after the same work.
pub async fn login(app: &App, login: Login) -> Result<Tokens, AppError> {
    check_login_limits(app, &login).await?;
    if NewPassword::is_too_long(&login.password) {
        return Err(AppError::InvalidCredentials);
    }
    let found = app.accounts.find_by_email(login.email.clone()).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let verdict = app.passwords.verify(login.password.clone(), hash).await?;
    if !verdict.matches {
        // The log drops what is nobody's, but takes its time: else an answer that is sooner would
        // tell who is unknown.
        let user = found.map_or(NOBODY, |(user, _)| user.id);
        audit(app, user, AuditKind::SignInFailed, Some(login.device.as_str()), login.address).await?;
        return Err(AppError::InvalidCredentials);
    }
    let Some((user, hash)) = found else { return Err(AppError::InvalidCredentials) };
    // Only who knows the password may learn that.
    if user.disabled_at.is_some() {
        audit(app, user.id, AuditKind::SignInRefused, Some(login.device.as_str()), login.address).await?;
        return Err(AppError::AccountDisabled);
    }
    let hash = if verdict.outdated { rehash(app, &user, hash, login.password.clone()).await? } else { hash };
    let device = match known_device(app, &login).await? {
        Some(device) => device,
        None => named(app, login.device),
    };
    let proved = Proved {
        user: user.id,
        device: device.clone(),
        device_name: login.device_name,
        address: login.address,
        by: Proof::Password(hash),
    };
    let tokens = start_session(app, proved).await?.ok_or(AppError::InvalidCredentials)?;
    audit(app, user.id, AuditKind::SignedIn, Some(device.as_str()), login.address).await?;
    Ok(tokens)
}

async fn check_login_limits(app: &App, login: &Login) -> Result<(), AppError> {
    if let Some(address) = login.address {
        app.limits.count(Limit::LoginPerAddress, limited_by(address)).await??;
    }
    let Err(too_many) = app.limits.count(Limit::LoginPerAccount, login.email.key()).await? else {
        return Ok(());
    };
    // Strangers may have used up the account's limit; a device that proves that it is signed in has
    // one of its own. Who proves nothing is told the same, at once, whether there is an account or
    // not.
    match proved_session(app, login).await? {
        Some(session) => Ok(app.limits.count(Limit::LoginPerKnownDevice, session.id.to_string()).await??),
        None => Err(too_many.into()),
    }
}

/// Which device it is that gives a name that says nothing, if it proves that.
async fn known_device(app: &App, login: &Login) -> Result<Option<DeviceId>, AppError> {
    if !login.device.says_nothing() {
        return Ok(None);
    }
    Ok(proved_session(app, login).await?.map(|session| session.device))
}

/// The session of this account whose last refresh token came with the sign-in.
async fn proved_session(app: &App, login: &Login) -> Result<Option<Session>, AppError> {
    let presented = login.refresh_token.as_deref().and_then(|token| app.refresh_tokens.open(token));
    let Some(presented) = presented else { return Ok(None) };
    let Some(session) = app.sessions.find(presented.session).await? else { return Ok(None) };
    let is_alive = !session.is_expired(app.clock.now(), &app.rules.sessions);
    if !is_alive || !session.is_last(presented.generation, &presented.hash) {
        return Ok(None);
    }
    let account = app.accounts.find_by_email(login.email.clone()).await?;
    Ok(account.filter(|(user, _)| user.id == session.user).map(|_| session))
}

/// Replaces a hash made with weaker parameters; gives the hash that is stored now.
async fn rehash(
    app: &App,
    user: &User,
    old: PasswordHash,
    password: String,
) -> Result<PasswordHash, AppError> {
    let new = app.passwords.hash(password).await?;
    let replaced = app.accounts.rehash_password(user.id, old.clone(), new.clone()).await?;
    Ok(if replaced { new } else { old })
}
