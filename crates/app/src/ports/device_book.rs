//! What people say about their devices. Not here: which devices there are, which the ledger knows.

use dayline_domain::{DeviceId, DeviceName, UserId};

use super::future::PortFuture;

/// What people say about their devices.
pub trait DeviceBook: Send + Sync {
    /// What a person calls their devices, by device; those that were never given a name are left out.
    /// Of a stranger there are none.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn device_names(&self, user: UserId) -> PortFuture<'_, Vec<(DeviceId, DeviceName)>>;

    /// Gives a device a name in place of any before; false if there is no such person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then.
    fn name_device(&self, user: UserId, device: DeviceId, name: DeviceName) -> PortFuture<'_, bool>;
}
