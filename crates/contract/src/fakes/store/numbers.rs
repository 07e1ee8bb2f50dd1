//! How the fake store numbers the versions of corrections.

use std::collections::BTreeMap;

use dayline_app::ports::{CorrectionChange, CorrectionVersion};
use dayline_domain::{CorrectionId, UtcMs};

/// The corrections of one person as far as their numbers go.
#[derive(Default, Clone)]
pub(super) struct Numbers {
    greatest: u64,
    /// Whether each correction that is there is an erasure.
    erasures: BTreeMap<CorrectionId, bool>,
}

impl Numbers {
    pub(super) fn next(
        &mut self,
        id: CorrectionId,
        change: CorrectionChange,
        now: UtcMs,
    ) -> CorrectionVersion {
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

    pub(super) fn forget(&mut self, id: CorrectionId) {
        self.erasures.remove(&id);
    }
}
