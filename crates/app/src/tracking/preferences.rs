//! What a person prefers. New choices hold for what comes, and settle the past again in the
//! background: through the log, as all that changes days. Not here: what the choices mean (the
//! rule).

use dayline_domain::{Preferences, Scope, UserId, UtcDay};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::Settling;
use crate::tracking::ingest::append;
use crate::tracking::record::{MAX_DAYS, encode_chosen};
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

/// Orders all days to be settled by the person's choices, the newest first. Yesterday, today and
/// tomorrow are among them: what is on its way to them may have been settled by other choices
/// already.
async fn order_days(app: &App, user: UserId) -> Result<(), AppError> {
    let today = app.clock.now().day();
    let (first, last) = app.ledger.extent(user).await?.unwrap_or((today, today));
    let first = first.0.min(today.0 - 1);
    let mut end = last.0.max(today.0).saturating_add(2);
    // Each day costs about as much as a ping that is alone.
    app.ping_quota.charge(user, end.saturating_sub(first) as u32)?;
    while end > first {
        let start = end.saturating_sub(MAX_DAYS.into()).max(first);
        append(app, user, encode_chosen(user, UtcDay(start), (end - start) as u16)).await?;
        end = start;
    }
    Ok(())
}
