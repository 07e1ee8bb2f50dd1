//! What people say about their devices. Not here: which devices there are, which the ledger knows.

use dayline_domain::{DeviceId, DeviceName, MergeRefusal, Merges, UserId};

use super::future::PortFuture;

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merging {
    /// The device counts as the other one, be it since now or before.
    Done,
    /// It may not; nothing changed.
    Refused(MergeRefusal),
    /// There is no such person.
    NoSuchUser,
}

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

    /// A person's merges; of a stranger there are none.
    ///
    /// # Errors
    ///
    /// As [`DeviceBook::device_names`].
    fn merges(&self, user: UserId) -> PortFuture<'_, Merges>;

    /// Merges a device into another, if [`Merges::judge`] allows it beside those there are: no other
    /// merge of the person comes in between. Days are settled by it when they are told so.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Corrupt`](super::PortError::Corrupt) if what it holds can't be
    /// read.
    fn merge_device(&self, user: UserId, device: DeviceId, into: DeviceId) -> PortFuture<'_, Merging>;
}
