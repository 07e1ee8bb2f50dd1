//! What this process knows about its clock. Asked while pings are taken in: a few loads from memory,
//! no I/O and no lock.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use dayline_domain::UtcMs;
use dayline_domain::plausible_clock::is_plausible;

const NOTHING: i64 = i64::MIN;

/// The newest moment that trackers told this process, and whether its clock is in doubt. Trackers have
/// clocks of their own: what they tell shows whether the server's is right, which nothing does that
/// the server itself wrote down.
#[derive(Debug)]
pub struct ClockCheck {
    heard: AtomicI64,
    in_doubt: AtomicBool,
}

impl Default for ClockCheck {
    fn default() -> Self {
        Self { heard: AtomicI64::new(NOTHING), in_doubt: AtomicBool::new(false) }
    }
}

impl ClockCheck {
    /// A ping was accepted that ends then.
    pub fn hear(&self, end: UtcMs) {
        // Nearly always it is newer, but a store that changes nothing would cost the other threads
        // their copy all the same.
        if end.0 > self.heard.load(Ordering::Relaxed) {
            self.heard.fetch_max(end.0, Ordering::Relaxed);
        }
    }

    /// Whether what this process heard is enough to believe the clock.
    pub fn is_confirmed(&self, now: UtcMs) -> bool {
        let heard = self.heard.load(Ordering::Relaxed);
        heard != NOTHING && is_plausible(now, UtcMs(heard))
    }

    /// Whether the clock is so far beyond all that is known that it may be wrong.
    pub fn is_in_doubt(&self, now: UtcMs) -> bool {
        let doubted = self.in_doubt.load(Ordering::Relaxed) || self.heard.load(Ordering::Relaxed) != NOTHING;
        doubted && !self.is_confirmed(now)
    }

    /// Notes what was found in the store.
    pub(crate) fn doubt(&self, in_doubt: bool) {
        self.in_doubt.store(in_doubt, Ordering::Relaxed);
    }
}
