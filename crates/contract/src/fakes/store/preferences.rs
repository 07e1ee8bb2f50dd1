//! Preferences and the numbers of corrections of the fake store.

use std::collections::BTreeMap;

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

/// The corrections of one person as far as their numbers go.
#[derive(Default, Clone)]
pub(super) struct Numbers {
    greatest: u64,
    /// Whether each correction that is there is an erasure.
    erasures: BTreeMap<CorrectionId, bool>,
}

impl Numbers {
    fn next(&mut self, id: CorrectionId, change: CorrectionChange, now: UtcMs) -> CorrectionVersion {
        match (change, self.erasures.get(&id)) {
            (CorrectionChange::Entry, None) => return CorrectionVersion::NotFound,
            (_, Some(true)) => return CorrectionVersion::Final,
            (CorrectionChange::Entry, Some(false)) => {}
            (CorrectionChange::NewEntry, _) => _ = self.erasures.insert(id, false),
            (CorrectionChange::NewErasure, _) => _ = self.erasures.insert(id, true),
        }
        self.greatest = u64::try_from(now.0).unwrap_or_default().max(self.greatest + 1);
        CorrectionVersion::Next(self.greatest)
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
                numbers.erasures.remove(&id);
            }
            Ok(())
        })
    }
}
