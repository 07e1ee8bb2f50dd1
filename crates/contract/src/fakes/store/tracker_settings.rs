//! Settings of foreign trackers' pages, in the fake store.

use dayline_app::ports::{PortFuture, SetSetting, TrackerSettings};
use dayline_domain::UserId;
use dayline_domain::tracker_setting::{SettingName, SettingValue};

use super::FakeStore;

impl TrackerSettings for FakeStore {
    fn tracker_settings(&self, user: UserId) -> PortFuture<'_, Vec<(SettingName, SettingValue)>> {
        self.transaction(|tables| {
            let theirs = tables.tracker_settings.iter().filter(|((of, _), _)| *of == user);
            Ok(theirs.map(|((_, name), value)| (name.clone(), value.clone())).collect())
        })
    }

    fn tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, Option<SettingValue>> {
        self.transaction(|tables| Ok(tables.tracker_settings.get(&(user, name)).cloned()))
    }

    fn set_tracker_setting(
        &self,
        user: UserId,
        name: SettingName,
        value: SettingValue,
        max_per_user: usize,
    ) -> PortFuture<'_, SetSetting> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&user) {
                return Ok(SetSetting::NoSuchUser);
            }
            let theirs = tables.tracker_settings.keys().filter(|(of, _)| *of == user).count();
            let key = (user, name);
            if theirs >= max_per_user && !tables.tracker_settings.contains_key(&key) {
                return Ok(SetSetting::TooMany);
            }
            tables.tracker_settings.insert(key, value);
            Ok(SetSetting::Set)
        })
    }

    fn delete_tracker_setting(&self, user: UserId, name: SettingName) -> PortFuture<'_, bool> {
        self.transaction(|tables| Ok(tables.tracker_settings.remove(&(user, name)).is_some()))
    }
}
