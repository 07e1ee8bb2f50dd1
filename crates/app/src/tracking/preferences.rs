//! What a person prefers. New choices hold for what comes, and settle the past again in the
//! background. Not here: how that is ordered (see `settling`), and what the choices mean (the
//! rule).

use dayline_domain::{Preferences, Scope, UserId};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::ports::{AuditKind, Settling};
use crate::tracking::retention::{Kept, kept_of};
use crate::tracking::settling::order_days;
use crate::{App, AppError};

/// What a person prefers, and how far their days follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferred {
    /// What they prefer.
    pub preferences: Preferences,
    /// How many of their days are settled by it.
    pub settling: Settling,
    /// For how long their timeline is kept.
    pub kept: Kept,
}

/// The caller's preferences.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a store can't be read.
pub async fn preferences(app: &App, caller: &Caller) -> Result<Preferred, AppError> {
    caller.require(Scope::Account)?;
    let preferences = app.preferences.preferences(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    preferred(app, caller.user, preferences).await
}

async fn preferred(app: &App, user: UserId, preferences: Preferences) -> Result<Preferred, AppError> {
    let settling = app.ledger.settling(user).await?;
    let since = kept_of(app, user, preferences).await?.map(|since| since.date);
    Ok(Preferred { preferences, settling, kept: Kept { installation: app.rules.keep, since } })
}

/// Sets the caller's preferences. What is past by a shorter `keep` goes with the next clean-up. If their choices are others than before, or if days are left that
/// are settled by others, all days are ordered to be settled by them.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`], or when a store or the log is away: then the
/// same call again does what is left.
pub async fn prefer(app: &App, caller: &Caller, preferences: Preferences) -> Result<Preferred, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let user = caller.user;
    let before = app.preferences.preferences(user).await?.ok_or(AppError::NotSignedIn)?;
    if before != preferences && !app.preferences.set_preferences(user, preferences).await? {
        return Err(AppError::NotSignedIn);
    }
    if before.keep != preferences.keep {
        // What is kept again may be brought in at once; the next clean-up says what is past.
        app.retention.keep_from(user, None).await?;
        let chosen = preferences.keep.map(|keep| keep.to_string());
        audit(app, user, AuditKind::KeepChanged, chosen.as_deref(), caller.address).await?;
    }
    let preferred = preferred(app, user, preferences).await?;
    if before.choices != preferences.choices || preferred.settling.left > 0 {
        order_days(app, user).await?;
    }
    Ok(preferred)
}
