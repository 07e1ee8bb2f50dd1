//! Devices that wait to be signed in by a code.

use dayline_domain::UtcMs;
use dayline_domain::identity::device_login::{DeviceLogin, UserCode};
use dayline_domain::identity::session::TokenHash;

use super::future::PortFuture;

/// The waiting devices; each is changed by compare-and-set on its revision.
pub trait DeviceLogins: Send + Sync {
    /// Stores a request. False if its user code is in use.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn create(&self, login: DeviceLogin) -> PortFuture<'_, bool>;

    /// The request with this user code.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find_by_user_code(&self, code: UserCode) -> PortFuture<'_, Option<DeviceLogin>>;

    /// The request with this device code.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find_by_device_code(&self, code: TokenHash) -> PortFuture<'_, Option<DeviceLogin>>;

    /// Replaces `from` by `to`, or deletes it, if it still has the revision of `from`. False if
    /// not, or if the session that approved it in `to` has ended or is not its person's.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn replace(&self, from: DeviceLogin, to: Option<DeviceLogin>) -> PortFuture<'_, bool>;

    /// Deletes what was created before. Gives how many.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn purge(&self, created_before: UtcMs) -> PortFuture<'_, u64>;
}
