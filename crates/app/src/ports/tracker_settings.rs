//! What foreign trackers' own pages remember at their server.

use dayline_domain::UserId;
use dayline_domain::tracker_setting::{SettingName, SettingValue};

use super::future::PortFuture;

/// What became of a setting that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetSetting {
    /// It is stored.
    Set,
    /// The person has as many as they may have.
    TooMany,
    /// There is no such person.
    NoSuchUser,
}

/// Settings, of each person their own.
///
/// Calls fail with [`Unavailable`](super::PortError::Unavailable) if the store is away: whether one that writes took effect is
/// not known then; and with [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
pub trait TrackerSettings: Send + Sync {
    /// A person's settings, by name.
    ///
    /// # Errors
    /// See the trait.
    fn tracker_settings(&self, user: UserId) -> PortFuture<'_, Vec<(SettingName, SettingValue)>>;

    /// One of them.
    ///
    /// # Errors
    /// See the trait.
    fn tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, Option<SettingValue>>;

    /// Stores one, in place of the one of this name; if there is none, unless the person then had more than `max_per_user`.
    ///
    /// # Errors
    /// See the trait.
    fn set_tracker_setting(
        &self,
        user: UserId,
        name: SettingName,
        value: SettingValue,
        max_per_user: usize,
    ) -> PortFuture<'_, SetSetting>;

    /// Deletes one; false if there is none.
    ///
    /// # Errors
    /// See the trait.
    fn delete_tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, bool>;
}
