//! Signing in a tracker by a code, so that it never sees a password (RFC 8628).

use std::net::IpAddr;

use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{
    Approval, CODE_LIFE_MS, DeviceLogin, POLL_INTERVAL_S, PollAnswer, UserCode,
};
use dayline_domain::{DeviceId, Scope, UserId};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::identity::network::{coarse, limited_by};
pub use crate::identity::start_session::told_apart;
use crate::identity::start_session::{Proof, Proved, named, start_session};
use crate::identity::tokens::Tokens;
use crate::ports::{AuditKind, Limit};
use crate::{App, AppError};

/// What a device code's text begins with.
const PREFIX: &str = "dld_";
/// How often a change that lost a race, or a code that was taken, is tried again.
const TRIES: usize = 4;

/// A device that asks.
#[derive(Debug, Clone)]
pub struct Request {
    /// By the identity that it chose for itself; its session is this device's. One that says nothing is
    /// replaced when it is signed in.
    pub device: DeviceId,
    /// What it calls itself.
    pub device_name: Option<Label>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// What a device gets to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The secret to poll with.
    pub device_code: String,
    /// What to show to the person.
    pub user_code: UserCode,
    /// Seconds until both end.
    pub expires_in_s: i64,
    /// Seconds to wait between polls.
    pub interval_s: u32,
}

/// Notes that a device asks to be signed in.
pub async fn start(app: &App, request: Request) -> Result<Started, AppError> {
    if let Some(address) = request.address {
        app.limits.count(Limit::DeviceCodePerAddress, limited_by(address)).await??;
    }
    let secret = app.secrets.make(PREFIX);
    for _ in 0..TRIES {
        let login = DeviceLogin {
            device_code: secret.hash,
            user_code: new_user_code(app),
            device: request.device.clone(),
            device_name: request.device_name.clone(),
            address: request.address.map(|address| coarse(address).into()),
            created_at: app.clock.now(),
            approval: Approval::Pending,
            interval_s: POLL_INTERVAL_S,
            polled_at: None,
            revision: 0,
        };
        let user_code = login.user_code.clone();
        if app.device_logins.create(login).await? {
            let expires_in_s = CODE_LIFE_MS / 1_000;
            return Ok(Started {
                device_code: secret.text,
                user_code,
                expires_in_s,
                interval_s: POLL_INTERVAL_S,
            });
        }
    }
    Err(AppError::Unavailable("no free user code was found".into()))
}

fn new_user_code(app: &App) -> UserCode {
    loop {
        // Fails once in many billions of times.
        let mut random = [0; 32];
        app.randomness.fill(&mut random);
        if let Some(code) = UserCode::from_random(&random) {
            return code;
        }
    }
}

/// The device that waits behind a code, for the caller to look at before deciding.
pub async fn look_up(app: &App, caller: &Caller, code: &str) -> Result<DeviceLogin, AppError> {
    caller.require(Scope::Account)?;
    app.limits.count(Limit::ApprovePerUser, caller.user.to_string()).await??;
    let code = UserCode::parse(code).ok_or_else(wrong_code)?;
    let found = app.device_logins.find_by_user_code(code).await?;
    let waits =
        |login: &DeviceLogin| login.approval == Approval::Pending && !login.is_expired(app.clock.now());
    found.filter(waits).ok_or_else(wrong_code)
}

fn wrong_code() -> AppError {
    AppError::field(
        "user_code",
        "is not a code that waits for approval; check it, or start again on the device",
    )
}

/// Approves or refuses the device that waits behind a code.
pub async fn decide(app: &App, caller: &Caller, code: &str, approve: bool) -> Result<DeviceLogin, AppError> {
    let session = caller.session().ok_or(AppError::MissingScope(Scope::Account))?;
    count_write(app, caller).await?;
    let (approval, kind) = if approve {
        (Approval::Approved { user: caller.user, session }, AuditKind::DeviceApproved)
    } else {
        (Approval::Denied, AuditKind::DeviceDenied)
    };
    for _ in 0..TRIES {
        let login = look_up(app, caller, code).await?;
        let decided = login.decide(approval, app.clock.now()).ok_or_else(wrong_code)?;
        if app.device_logins.replace(login, Some(decided.clone())).await? {
            audit(app, caller.user, kind, Some(decided.device.as_str()), caller.address).await?;
            return Ok(decided);
        }
        if app.sessions.find(session).await?.is_none() {
            return Err(AppError::SessionRevoked);
        }
    }
    Err(AppError::Unavailable("the code was used by somebody else at the same time".into()))
}

/// What a poll gives when it gives no tokens; the names are RFC 8628's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYet {
    /// The person has said nothing yet.
    AuthorizationPending,
    /// Poll less often: wait so many seconds between polls from now on.
    SlowDown {
        /// In seconds, at least [`POLL_INTERVAL_S`].
        interval_s: u32,
    },
    /// The code is unknown, used up or too old.
    ExpiredToken,
    /// The person refused.
    AccessDenied,
}

/// A device asks whether it was approved. The tokens are given once.
pub async fn poll(
    app: &App,
    device_code: &str,
    address: Option<IpAddr>,
) -> Result<Result<Tokens, NotYet>, AppError> {
    if let Some(address) = address {
        app.limits.count(Limit::PollPerAddress, limited_by(address)).await??;
    }
    let hash = app.secrets.hash(device_code);
    for _ in 0..TRIES {
        let Some(stored) = app.device_logins.find_by_device_code(hash).await? else {
            return Ok(Err(NotYet::ExpiredToken));
        };
        let polled_at = stored.polled_at.max(app.recent_polls.last(&hash));
        let login = DeviceLogin { polled_at, ..stored };
        let (answer, next) = login.poll(app.recent_polls.note(hash, app.clock.now()));
        let not_yet = match answer {
            PollAnswer::SignIn(user) => match sign_in(app, user, login, address).await? {
                Some(tokens) => return Ok(Ok(tokens)),
                None => continue,
            },
            PollAnswer::Pending => NotYet::AuthorizationPending,
            PollAnswer::SlowDown => {
                NotYet::SlowDown { interval_s: next.as_ref().map_or(POLL_INTERVAL_S, |next| next.interval_s) }
            }
            PollAnswer::Expired => NotYet::ExpiredToken,
            PollAnswer::Denied => NotYet::AccessDenied,
        };
        // That it polled is remembered here; only what else changed is worth a write.
        let is_same = next.as_ref().is_some_and(|next| next.interval_s == login.interval_s);
        if is_same || app.device_logins.replace(login, next).await? {
            return Ok(Err(not_yet));
        }
    }
    Err(AppError::Unavailable("the device polls from several places at once".into()))
}

/// Starts the session that a code was approved for, and uses the code up with it. `None` if another
/// poll was faster.
async fn sign_in(
    app: &App,
    user: UserId,
    login: DeviceLogin,
    address: Option<IpAddr>,
) -> Result<Option<Tokens>, AppError> {
    let device = named(app, login.device.clone());
    let proved = Proved {
        user,
        device: device.clone(),
        device_name: login.device_name.clone(),
        address,
        by: Proof::Code(login),
    };
    let tokens = start_session(app, proved).await?;
    if tokens.is_some() {
        // The code is used up: the device must get its tokens, whether or not this can be written
        // down.
        let _ = audit(app, user, AuditKind::DeviceSignedIn, Some(device.as_str()), address).await;
    }
    Ok(tokens)
}
