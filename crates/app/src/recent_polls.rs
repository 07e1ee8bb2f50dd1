//! When devices that wait for approval polled this process last, so that a poll need not be written
//! down. Another process does not know: a device that polls several in turn is slowed down less.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_domain::UtcMs;
use dayline_domain::identity::device_login::CODE_LIFE_MS;
use dayline_domain::identity::session::TokenHash;

/// Most devices that are remembered: a few megabytes.
const MOST: usize = 50_000;

/// The last poll of each device, by the hash of its code.
#[derive(Debug, Default)]
pub struct RecentPolls(Mutex<HashMap<TokenHash, UtcMs>>);

impl RecentPolls {
    /// When the device polled last, if it did here.
    pub(crate) fn last(&self, code: &TokenHash) -> Option<UtcMs> {
        self.locked().get(code).copied()
    }

    /// A device polls now; gives the time back. When there are too many to remember, those are
    /// forgotten whose codes have ended; then all, which slows some down less.
    pub(crate) fn note(&self, code: TokenHash, now: UtcMs) -> UtcMs {
        let mut polls = self.locked();
        if polls.len() >= MOST {
            polls.retain(|_, at| now.since(*at) < CODE_LIFE_MS);
            if polls.len() >= MOST {
                polls.clear();
            }
        }
        polls.insert(code, now);
        now
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<TokenHash, UtcMs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(n: usize) -> TokenHash {
        let mut code = [0; 32];
        code[..8].copy_from_slice(&n.to_le_bytes());
        code
    }

    #[test]
    fn only_so_many_are_remembered_and_those_that_ended_go_first() {
        let polls = RecentPolls::default();
        for n in 0..MOST {
            polls.note(code(n), UtcMs(i64::from(n % 2 != 0)));
        }
        polls.note(code(MOST), UtcMs(CODE_LIFE_MS));
        assert_eq!((polls.last(&code(0)), polls.last(&code(1))), (None, Some(UtcMs(1))));
        for n in 0..3 * MOST {
            polls.note(code(n), UtcMs(CODE_LIFE_MS));
            assert!(polls.locked().len() <= MOST);
        }
    }
}
