//! API keys that were used within the last minute, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::ApiKey;
use dayline_domain::UtcMs;
use dayline_domain::identity::session::TokenHash;

/// For how long a use is not noted again, in milliseconds.
const NOTED_MS: i64 = 60_000;
/// Most keys in memory; a key takes about 200 bytes.
const IN_MEMORY: usize = 10_000;

/// Whether a use of the key was noted so lately that one at `now` need not be.
pub(crate) fn is_noted(key: &ApiKey, now: UtcMs) -> bool {
    key.last_used_at.is_some_and(|last| (0..NOTED_MS).contains(&now.since(last)))
}

/// Keys that were used within the last minute.
#[derive(Debug, Default)]
pub(crate) struct RecentKeys(Mutex<HashMap<TokenHash, ApiKey>>);

impl RecentKeys {
    /// The key with this hash, if it was used within the last minute.
    pub(crate) fn find(&self, hash: &TokenHash, now: UtcMs) -> Option<ApiKey> {
        self.locked().get(hash).filter(|key| is_noted(key, now)).cloned()
    }

    /// Keeps a key whose use was just noted.
    pub(crate) fn remember(&self, key: &ApiKey, now: UtcMs) {
        let mut keys = self.locked();
        if keys.len() >= IN_MEMORY {
            keys.retain(|_, key| is_noted(key, now));
        }
        if keys.len() < IN_MEMORY {
            keys.insert(key.hash, key.clone());
        }
    }

    /// Drops keys that were deleted.
    pub(crate) fn forget(&self, which: impl Fn(&ApiKey) -> bool) {
        self.locked().retain(|_, key| !which(key));
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<TokenHash, ApiKey>> {
        // Nothing can panic while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
