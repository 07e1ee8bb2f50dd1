//! Accounts: register, read and change the profile, change the password, delete.
//! Not here: signing in (see [`crate::identity::login`]), what an operator does (see [`crate::identity::operator`]).

use std::net::IpAddr;

use dayline_domain::{Email, FullName, NewPassword, Scope, UserId};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::identity::network::limited_by;
use crate::identity::revocation::revoke;
use crate::identity::sign_out::{SignedOut, keys_to_delete, refuse};
use crate::ports::{
    AuditKind, CreateUser, EmailChange, Erased, Limit, Partition, PasswordHash, ProfileChange, SignOut,
    UpdateProfile, User,
};
use crate::{App, AppError};

/// A registration, its values already valid.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What the person will sign in with; no other account may have it.
    pub email: Email,
    /// Long enough and not a common one; only its hash is stored.
    pub password: NewPassword,
    /// As the person writes it; shown, never compared.
    pub full_name: FullName,
    /// Time zone's IANA name; UTC if not given.
    pub timezone: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// Refuses everybody where only an operator makes accounts. Faces ask before they look at anything that came.
pub fn check_open(app: &App) -> Result<(), AppError> {
    if app.rules.registration_closed { Err(AppError::RegistrationClosed) } else { Ok(()) }
}

/// Creates an account for who asks for one.
pub async fn register(app: &App, registration: Registration) -> Result<User, AppError> {
    check_open(app)?;
    if let Some(address) = registration.address {
        app.limits.count(Limit::RegisterPerAddress, limited_by(address)).await??;
    }
    make(app, registration, AuditKind::Registered).await
}

/// Makes an account, in a way that is written down.
pub(super) async fn make(app: &App, registration: Registration, how: AuditKind) -> Result<User, AppError> {
    let timezone = known_zone(app, registration.timezone.as_deref().unwrap_or("UTC"), "timezone")?;
    let password = app.passwords.hash(registration.password.expose().to_owned()).await?;
    let now = app.clock.now();
    let user = User {
        id: app.new_id(),
        email: registration.email,
        full_name: registration.full_name,
        timezone,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    if app.accounts.create(user.clone(), password).await? == CreateUser::EmailTaken {
        return Err(AppError::EmailTaken);
    }
    audit(app, user.id, how, None, registration.address).await?;
    Ok(user)
}

/// The caller's profile.
pub async fn profile(app: &App, caller: &Caller) -> Result<User, AppError> {
    caller.require(Scope::Account)?;
    // A token may outlive its account by a moment; then there is nobody signed in.
    app.accounts.find(caller.user).await?.ok_or(AppError::NotSignedIn)
}

/// What a person wants of their profile; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileEdit {
    /// As the person writes it.
    pub full_name: Option<FullName>,
    /// Time zone's IANA name.
    pub timezone: Option<String>,
    /// The address to sign in with; a new one needs the password.
    pub email: Option<Email>,
    /// The password now.
    pub password: Option<String>,
}

/// Changes what is given of the caller's profile.
pub async fn update_profile(app: &App, caller: &Caller, edit: ProfileEdit) -> Result<User, AppError> {
    let before = profile(app, caller).await?;
    let ProfileEdit { full_name, timezone, email, password } = edit;
    let timezone = timezone.map(|name| known_zone(app, &name, "timezone")).transpose()?;
    let email = if let Some(to) = email.filter(|email| *email != before.email) {
        let missing = || AppError::field("password", "is missing: a new e-mail address needs it");
        let password = confirmed(app, caller, password.ok_or_else(missing)?, "password").await?;
        Some(EmailChange { to, password })
    } else {
        count_write(app, caller).await?;
        None
    };
    let is_new_email = email.is_some();
    let change = ProfileChange { full_name, timezone, email };
    let user = match app.accounts.update_profile(caller.user, change, app.clock.now()).await? {
        UpdateProfile::Updated(user) => user,
        UpdateProfile::EmailTaken => return Err(AppError::EmailTaken),
        UpdateProfile::NotTheirs => return Err(AppError::NotSignedIn),
    };
    if is_new_email {
        let before = Some(before.email.as_str());
        audit(app, caller.user, AuditKind::EmailChanged, before, caller.address).await?;
    }
    Ok(user)
}

/// Changes the caller's password and ends their other sessions, and deletes their API keys if asked
/// to.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    current: String,
    new: NewPassword,
    delete_api_keys: bool,
) -> Result<SignedOut, AppError> {
    let hash = confirmed(app, caller, current, "current_password").await?;
    let new = app.passwords.hash(new.expose().to_owned()).await?;
    let keys = keys_to_delete(app, caller.user, delete_api_keys).await?;
    let sign_out = SignOut { keep: caller.session(), api_keys: delete_api_keys, at: app.clock.now() };
    let ended = app.accounts.change_password(caller.user, Some(hash), new, sign_out).await?;
    let ended = ended.ok_or(AppError::NotSignedIn)?;
    let signed_out = refuse(app, caller.user, ended, &keys, caller.address).await?;
    audit(app, caller.user, AuditKind::PasswordChanged, None, caller.address).await?;
    Ok(signed_out)
}

/// Erases the caller's account and all its data, and refuses its credentials from now on. Who is
/// signed in must know the password, too.
pub async fn delete(app: &App, caller: &Caller, password: String) -> Result<(), AppError> {
    confirmed(app, caller, password, "password").await?;
    if erase(app, caller.user).await? { Ok(()) } else { Err(AppError::NotSignedIn) }
}

/// Erases an account, and refuses its credentials from now on. False if there is none.
pub(super) async fn erase(app: &App, user: UserId) -> Result<bool, AppError> {
    let Some(ended) = app.accounts.delete(user, app.clock.now()).await? else { return Ok(false) };
    let revoked = revoke(app, ended).await;
    let partition = Partition::of(user, app.ping_log.partitions());
    // What the log can't be rid of now goes with time: the account is gone in any case.
    let _ = app.ping_log.erase(partition, Erased { user, by: None }).await;
    revoked.map(|()| true)
}

/// The hash of the caller's password, if they know it; else an error that names the field it came
/// in. Counted against the account's limit, so that a stolen session can't guess.
async fn confirmed(
    app: &App,
    caller: &Caller,
    password: String,
    field: &'static str,
) -> Result<PasswordHash, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    app.limits.count(Limit::LoginPerAccount, caller.user.to_string()).await??;
    let hash = app.accounts.password_of(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    let too_long = NewPassword::is_too_long(&password);
    if too_long || !app.passwords.verify(password, Some(hash.clone())).await?.matches {
        return Err(AppError::field(field, "is not your password"));
    }
    Ok(hash)
}

/// The zone's name as the database spells it. Faces ask before they call, to tell with all else that
/// is wrong.
///
/// # Errors
/// What is wrong with it, for people.
pub fn find_zone(app: &App, name: &str) -> Result<String, &'static str> {
    let found = app.zones.find(name).map(|zone| zone.name().to_owned());
    found.ok_or("must be an iana time zone such as Europe/Berlin")
}

fn known_zone(app: &App, name: &str, field: &'static str) -> Result<String, AppError> {
    find_zone(app, name).map_err(|detail| AppError::field(field, detail))
}
