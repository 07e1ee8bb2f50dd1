//! Preferences and the numbers of corrections of the fake store.

use dayline_app::ports::{
    CorrectionChange, CorrectionNumbers, CorrectionVersion, PortFuture, PreferenceStore,
};
use dayline_domain::{CorrectionId, Preferences, UserId, UtcMs};

use super::FakeStore;

impl PreferenceStore for FakeStore {
    fn preferences(&self, user: UserId) -> PortFuture<'_, Option<Preferences>> {
        self.transaction(|tables| {
            let stored = tables.preferences.get(&user).copied().unwrap_or_default();
            Ok(tables.users.contains_key(&user).then_some(stored))
        })
    }

    fn set_preferences(&self, user: UserId, preferences: Preferences) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let exists = tables.users.contains_key(&user);
            if exists {
                tables.preferences.insert(user, preferences);
            }
            Ok(exists)
        })
    }
}

impl CorrectionNumbers for FakeStore {
    fn next_version(
        &self,
        user: UserId,
        id: CorrectionId,
        change: CorrectionChange,
        now: UtcMs,
    ) -> PortFuture<'_, CorrectionVersion> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&user) {
                return Ok(CorrectionVersion::NotFound);
            }
            Ok(tables.correction_numbers.entry(user).or_default().next(id, change, now))
        })
    }

    fn forget(&self, user: UserId, id: CorrectionId) -> PortFuture<'_, ()> {
        self.transaction(|tables| {
            if let Some(numbers) = tables.correction_numbers.get_mut(&user) {
                numbers.forget(id);
            }
            Ok(())
        })
    }
}
