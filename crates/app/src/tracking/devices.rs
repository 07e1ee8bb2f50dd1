//! What a person says about their devices. Not here: which there are (see
//! [`crate::reporting::devices`]).

use dayline_domain::{DeviceId, DeviceName, Scope};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::ports::AuditKind;
use crate::reporting::devices::{Device, list};
use crate::{App, AppError};

/// Gives one of the caller's devices a name, whatever it is called where it signs in, and gives the device with it.
///
/// # Errors
///
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::NotFound`] if nothing is known of
/// such a device; when a store is away.
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
