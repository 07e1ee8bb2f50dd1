//! What a person says about their devices. Not here: which there are (see
//! [`crate::reporting::devices`]).

use dayline_domain::{DeviceId, DeviceName, Scope};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::ports::{AuditKind, Merging, Settling};
use crate::reporting::devices::{Device, list};
use crate::tracking::settling::order_days;
use crate::{App, AppError};

/// Gives one of the caller's devices a name, whatever it is called where it signs in, and gives the device with it.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::NotFound`] if nothing is known of
/// such a device, or if it is merged; when a store is away.
pub async fn rename(
    app: &App,
    caller: &Caller,
    device: DeviceId,
    name: DeviceName,
) -> Result<Device, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let listed = list(app, caller).await?;
    let found = listed.into_iter().find(|listed| listed.id == device).ok_or(AppError::NotFound)?;
    let renamed = Device { name: Some(name.as_str().into()), ..found };
    if !app.device_book.name_device(caller.user, device.clone(), name).await? {
        return Err(AppError::NotSignedIn);
    }
    audit(app, caller.user, AuditKind::DeviceRenamed, Some(device.as_str()), caller.address).await?;
    Ok(renamed)
}

/// What a merge leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The device that both count as.
    pub device: DeviceId,
    /// How many days follow all merges.
    pub settling: Settling,
}

/// Merges one of the caller's devices into another: all that was and will be told of it counts as told of
/// the other one. All days are ordered to be settled so. It is never taken back.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::NotFound`] if nothing is known of one of
/// the two; [`AppError::Invalid`] if the one can't be merged into the other; when a store or the log is
/// away: then the same call again does what is left.
pub async fn merge(app: &App, caller: &Caller, device: DeviceId, into: DeviceId) -> Result<Merged, AppError> {
    caller.require(Scope::Account)?;
    count_write(app, caller).await?;
    let user = caller.user;
    let merges = app.device_book.merges(user).await?;
    let stored = app.ledger.devices(user).await?;
    // Of a device that is merged the ledger may have nothing any more.
    let is_known = |id: &DeviceId| merges.has(id) || stored.iter().any(|known| known.id == *id);
    if !is_known(&device) || !is_known(&into) {
        return Err(AppError::NotFound);
    }
    let end = merges.end_of(&into).clone();
    match app.device_book.merge_device(user, device.clone(), into).await? {
        Merging::Done => {}
        Merging::Refused(why) => return Err(AppError::field("merge_into", why.to_string())),
        Merging::NoSuchUser => return Err(AppError::NotSignedIn),
    }
    audit(app, user, AuditKind::DeviceMerged, Some(device.as_str()), caller.address).await?;
    let settling = app.ledger.settling(user).await?;
    // Also where no day is left: days of the first edition are not counted.
    order_days(app, user).await?;
    Ok(Merged { device: end, settling })
}
