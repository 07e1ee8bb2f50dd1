//! What foreign trackers' own pages remember at their server. Nothing of Dayline's depends on it.

use dayline_domain::Scope;
use dayline_domain::tracker_setting::{SettingName, SettingValue};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::SetSetting;
use crate::{App, AppError};

/// Most settings one person may have.
pub const MAX_SETTINGS: usize = 100;

/// The caller's settings, by name.
///
/// # Errors
/// [`AppError::MissingScope`]; when the store is away.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<(SettingName, SettingValue)>, AppError> {
    caller.require(Scope::Read)?;
    Ok(app.tracker_settings.tracker_settings(caller.user).await?)
}

/// One of them; `None` if it was never set.
///
/// # Errors
/// As [`list`].
pub async fn show(app: &App, caller: &Caller, name: SettingName) -> Result<Option<SettingValue>, AppError> {
    caller.require(Scope::Read)?;
    Ok(app.tracker_settings.tracker_setting(caller.user, name).await?)
}

/// Sets one.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::TooManyTrackerSettings`]; when the store is away.
pub async fn set(app: &App, caller: &Caller, name: SettingName, value: SettingValue) -> Result<(), AppError> {
    caller.require(Scope::Track)?;
    count_write(app, caller).await?;
    match app.tracker_settings.set_tracker_setting(caller.user, name, value, MAX_SETTINGS).await? {
        SetSetting::Set => Ok(()),
        SetSetting::TooMany => Err(AppError::TooManyTrackerSettings),
        SetSetting::NoSuchUser => Err(AppError::NotSignedIn),
    }
}

/// Forgets one; nothing happens if it was never set.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; when the store is away.
pub async fn delete(app: &App, caller: &Caller, name: SettingName) -> Result<(), AppError> {
    caller.require(Scope::Track)?;
    count_write(app, caller).await?;
    app.tracker_settings.delete_tracker_setting(caller.user, name).await?;
    Ok(())
}
