//! What a person prefers. New choices hold for what comes, and settle the past again in the
//! background. Not here: how that is ordered (see `settling`), and what the choices mean (the
//! rule).

use dayline_domain::{Preferences, Scope};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::Settling;
use crate::tracking::settling::order_days;
use crate::{App, AppError};

/// What a person prefers, and how far their days follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferred {
    /// What they prefer.
    pub preferences: Preferences,
    /// How many of their days are settled by it.
    pub settling: Settling,
}

/// The caller's preferences.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a store can't be read.
pub async fn preferences(app: &App, caller: &Caller) -> Result<Preferred, AppError> {
    caller.require(Scope::Account)?;
    let preferences = app.preferences.preferences(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    let settling = app.ledger.settling(caller.user).await?;
    Ok(Preferred { preferences, settling })
}

/// Sets the caller's preferences. If their choices are others than before, or if days are left that
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
    let settling = app.ledger.settling(user).await?;
    if before.choices != preferences.choices || settling.left > 0 {
        order_days(app, user).await?;
    }
    Ok(Preferred { preferences, settling })
}
