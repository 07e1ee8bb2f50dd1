//! Signing devices in and out: login, rotation of refresh tokens, ending sessions, and who a request is from.
//! Deliberately absent: what tokens look like (ports) and when a refresh token is good (the domain).

use std::net::IpAddr;
use std::sync::Arc;

use dayline_domain::identity::account::{Label, NewPassword};
use dayline_domain::identity::device_login::DeviceLogin;
use dayline_domain::identity::session::{Generation, RefreshDecision};
use dayline_domain::names::DeviceId;
use dayline_domain::{Email, Scope, Scopes, Session, SessionId, UserId, UtcMs};

use crate::app::ACCESS_TOKEN_MS;
use crate::identity::api_keys;
use crate::identity::api_keys::REMEMBERED_MS;
use crate::identity::audit::audit;
use crate::ports::{
    AccessClaims, AuditKind, CredentialId, IssuedRefresh, Limit, PasswordHash, PortError, StartSession,
    Started, User,
};
use crate::{App, AppError};

/// How often a refresh that lost a race looks again before it gives up.
const REFRESH_TRIES: usize = 4;

/// An id that no account has.
const NOBODY: UserId = UserId::from_bits(0);

/// Who a request is from. The only source of the person's identity in every use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// On which device; pings without a device of their own are this one's.
    pub device: Arc<DeviceId>,
    /// By which credential.
    pub credential: CredentialId,
    /// What they may do.
    pub scopes: Scopes,
    /// Where the request came from, as far as known.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// The session, if it is one.
    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            CredentialId::Session(id) => Some(id),
            CredentialId::Key(_) => None,
        }
    }

    /// Refuses a caller without the scope.
    pub fn require(&self, scope: Scope) -> Result<(), AppError> {
        if self.scopes.allows(scope) { Ok(()) } else { Err(AppError::MissingScope) }
    }
}

/// Who the bearer of an access token or an API key is. No I/O for an access token.
pub async fn authenticate(app: &App, bearer: &str, address: Option<IpAddr>) -> Result<Caller, AppError> {
    if bearer.starts_with(api_keys::PREFIX) {
        return api_keys::authenticate(app, bearer, address).await;
    }
    let claims = app.access_tokens.verify(bearer, app.clock.now()).map_err(|_| AppError::NotSignedIn)?;
    let credential = CredentialId::Session(claims.session);
    if app.revocations.is_revoked(credential) {
        return Err(AppError::SessionRevoked);
    }
    let device = Arc::clone(&claims.device);
    Ok(Caller { user: claims.user, device, credential, scopes: Scopes::SESSION, address })
}

/// A sign-in.
#[derive(Clone)]
pub struct Login {
    /// The address of the account.
    pub email: Email,
    /// The password, as given.
    pub password: String,
    /// The device to sign in.
    pub device: DeviceId,
    /// What the person calls it.
    pub device_name: Option<Label>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// The tokens of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// The session.
    pub session: SessionId,
    /// Seconds until the access token ends.
    pub expires_in_s: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.session)
    }
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
        // The log drops what is nobody's, but takes its time: else an answer that is sooner would tell who is unknown.
        let user = found.map_or(NOBODY, |(user, _)| user.id);
        audit(app, user, AuditKind::SignInFailed, Some(login.device.as_str()), login.address).await?;
        return Err(AppError::InvalidCredentials);
    }
    let Some((user, hash)) = found else { return Err(AppError::InvalidCredentials) };
    let hash = if verdict.outdated { rehash(app, &user, hash, login.password.clone()).await? } else { hash };
    let signed_in = login.device.clone();
    let proved = Proved {
        user: user.id,
        device: login.device,
        device_name: login.device_name,
        address: login.address,
        by: Proof::Password(hash),
    };
    let tokens = start_session(app, proved).await?.ok_or(AppError::InvalidCredentials)?;
    audit(app, user.id, AuditKind::SignedIn, Some(signed_in.as_str()), login.address).await?;
    Ok(tokens)
}

async fn check_login_limits(app: &App, login: &Login) -> Result<(), AppError> {
    if let Some(address) = login.address {
        app.limits.take(Limit::LoginPerAddress, limited_by(address)).await??;
    }
    let account = login.email.key();
    let Err(too_many) = app.limits.take(Limit::LoginPerAccount, account.clone()).await? else {
        return Ok(());
    };
    // Strangers may have used up the account's limit; a device that is signed in has one of its own.
    let Some((user, _)) = app.accounts.find_by_email(login.email.clone()).await? else {
        return Err(too_many.into());
    };
    if !app.sessions.list(user.id).await?.iter().any(|session| session.device == login.device) {
        return Err(too_many.into());
    }
    Ok(app.limits.take(Limit::LoginPerKnownDevice, format!("{account} {}", login.device.as_str())).await??)
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

/// A device of a person who has proved to be them, and by what.
pub(crate) struct Proved {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) device_name: Option<Label>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) by: Proof,
}

/// What must still be so when the session starts.
pub(crate) enum Proof {
    /// The password is this one.
    Password(PasswordHash),
    /// The code is approved and not used.
    Code(DeviceLogin),
}

/// Starts a session; `None` if the proof is none any more.
pub(crate) async fn start_session(app: &App, proved: Proved) -> Result<Option<Tokens>, AppError> {
    let Proved { user, device, device_name, address, by } = proved;
    let now = app.clock.now();
    let id = app.new_id();
    let refresh = app.refresh_tokens.first(id);
    let session = Session {
        id,
        user,
        device,
        device_name,
        address: address.map(|address| coarse(address).into()),
        created_at: now,
        last_used_at: now,
        generation: Generation(0),
        token_hash: refresh.hash,
        issued_at: now,
        previous_issued_at: now,
    };
    let tokens = tokens_for(app, &session, refresh, now)?;
    let (checked_against, code) = match by {
        Proof::Password(hash) => (Some(hash), None),
        Proof::Code(login) => (None, Some(login)),
    };
    let max_per_user = app.rules.sessions.max_per_user;
    let Started::Started { ended } =
        app.sessions.start(StartSession { session, checked_against, code, max_per_user }).await?
    else {
        return Ok(None);
    };
    // The device can't ask a second time for what it was given now. Every node looks for ended sessions itself.
    let _ = revoke(app, ended).await;
    Ok(Some(tokens))
}

/// Rotates a refresh token. A retry with the previous token gets the same successor again; an older one
/// ends the session.
pub async fn refresh(app: &App, token: &str, address: Option<IpAddr>) -> Result<Tokens, AppError> {
    if let Some(address) = address {
        app.limits.take(Limit::RefreshPerAddress, limited_by(address)).await??;
    }
    let presented = app.refresh_tokens.open(token).ok_or(AppError::SessionRevoked)?;
    for _ in 0..REFRESH_TRIES {
        let now = app.clock.now();
        let session = app.sessions.find(presented.session).await?.ok_or(AppError::SessionRevoked)?;
        let successor = app.refresh_tokens.successor(&presented);
        match session.judge(presented.generation, &presented.hash, now, &app.rules.sessions) {
            RefreshDecision::Repeat => return tokens_for(app, &session, successor, now),
            RefreshDecision::Rotate => {
                let rotated =
                    session.rotated(successor.hash, now, address.map(|address| coarse(address).into()));
                if app.sessions.rotate(session.generation, rotated.clone()).await? {
                    return tokens_for(app, &rotated, successor, now);
                }
                // Somebody else was faster: look again, it is a retry now.
            }
            RefreshDecision::Reused => {
                end_own(app, &session, now).await?;
                audit(app, session.user, AuditKind::TokenReused, Some(session.device.as_str()), address)
                    .await?;
                return Err(AppError::TokenReused);
            }
            RefreshDecision::Expired => {
                end_own(app, &session, now).await?;
                return Err(AppError::SessionRevoked);
            }
            RefreshDecision::Unknown => return Err(AppError::SessionRevoked),
        }
    }
    Err(AppError::Unavailable("refresh lost every race".into()))
}

async fn end_own(app: &App, session: &Session, now: UtcMs) -> Result<(), AppError> {
    app.sessions.end(session.user, session.id, now).await?;
    revoke(app, vec![session.id]).await
}

/// Ends the caller's session. Ending it twice is the same as once.
pub async fn logout(app: &App, caller: &Caller) -> Result<(), AppError> {
    let Some(session) = caller.session() else { return Err(AppError::MissingScope) };
    let ended = app.sessions.end(caller.user, session, app.clock.now()).await?;
    revoke(app, vec![session]).await?;
    if ended {
        audit(app, caller.user, AuditKind::SessionEnded, Some(caller.device.as_str()), caller.address)
            .await?;
    }
    Ok(())
}

/// Ends all sessions of the caller, or all but this one.
pub async fn logout_all(app: &App, caller: &Caller, keep_this: bool) -> Result<(), AppError> {
    caller.require(Scope::Account)?;
    let keep = caller.session().filter(|_| keep_this);
    let ended = app.sessions.end_all(caller.user, keep, app.clock.now()).await?;
    revoke(app, ended).await?;
    audit(app, caller.user, AuditKind::SessionsEnded, None, caller.address).await
}

/// The caller's sessions that are still alive, the one used last first.
pub async fn sessions(app: &App, caller: &Caller) -> Result<Vec<Session>, AppError> {
    caller.require(Scope::Account)?;
    let now = app.clock.now();
    let mut sessions = app.sessions.list(caller.user).await?;
    sessions.retain(|session| !session.is_expired(now, &app.rules.sessions));
    Ok(sessions)
}

/// Ends one of the caller's sessions. Somebody else's is not found, like one that never was.
pub async fn end_session(app: &App, caller: &Caller, id: SessionId) -> Result<(), AppError> {
    caller.require(Scope::Account)?;
    let session = app.sessions.find(id).await?.filter(|session| session.user == caller.user);
    if !app.sessions.end(caller.user, id, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    revoke(app, vec![id]).await?;
    let device = session.as_ref().map(|session| session.device.as_str());
    audit(app, caller.user, AuditKind::SessionEnded, device, caller.address).await
}

/// Refuses the access tokens of ended sessions for as long as one may live.
pub(crate) async fn revoke(app: &App, sessions: Vec<SessionId>) -> Result<(), AppError> {
    revoke_all(app, sessions.into_iter().map(CredentialId::Session).collect()).await
}

/// Refuses credentials for as long as a token made for one may live, or a key may be remembered.
pub(crate) async fn revoke_all(app: &App, credentials: Vec<CredentialId>) -> Result<(), AppError> {
    if credentials.is_empty() {
        return Ok(());
    }
    let is_key = |credential: &CredentialId| matches!(credential, CredentialId::Key(_));
    let life_ms = if credentials.iter().any(is_key) { REMEMBERED_MS } else { 2 * ACCESS_TOKEN_MS };
    let until = app.clock.now().plus(life_ms);
    Ok(app.revocations.revoke(credentials, until).await?)
}

fn tokens_for(app: &App, session: &Session, refresh: IssuedRefresh, now: UtcMs) -> Result<Tokens, AppError> {
    let claims = AccessClaims {
        user: session.user,
        session: session.id,
        device: Arc::new(session.device.clone()),
        issued_at: now,
        expires_at: now.plus(ACCESS_TOKEN_MS),
    };
    let access_token = app.access_tokens.issue(&claims).map_err(|error: PortError| AppError::from(error))?;
    Ok(Tokens {
        access_token,
        refresh_token: refresh.text,
        session: session.id,
        expires_in_s: ACCESS_TOKEN_MS / 1_000,
    })
}

/// What limits count an address by: one IPv4 address, one IPv6 /64, since that is what a single client gets.
pub(crate) fn limited_by(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The network an address is in: IPv4 /24, IPv6 /48. Enough to recognise a place, too little to be a trace.
pub fn coarse(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_coarse() {
        assert_eq!(coarse("192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(coarse("::ffff:192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(coarse("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
        assert_eq!(limited_by("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1:2::/64");
        assert_eq!(limited_by("192.0.2.77".parse().unwrap()), "192.0.2.77");
    }
}
