//! Counting against a rate for many keys, in memory that only recently used keys take.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use dayline_app::ports::TooMany;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{NotUntil, RateLimiter};

use crate::rate::Rate;

/// How many calls lie between two looks at the number of keys.
const LOOK_EVERY: u32 = 64;
/// As few keys as are not worth sweeping.
const FEW_KEYS: usize = 256;

/// A rate, counted for each key on its own. A key that has refilled is as good as new and is
/// forgotten when the number of keys has doubled since the last sweep. So there are never many more
/// than were used within the time it takes to refill, and a call costs the same on average however
/// many there are.
pub(crate) struct KeyedRates<Key: Hash + Eq + Clone, C: Clock> {
    limiter: RateLimiter<Key, HashMapStateStore<Key>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    burst: u32,
    calls: AtomicU32,
    sweep_above: AtomicUsize,
}

impl<Key: Hash + Eq + Clone, C: Clock + Clone> KeyedRates<Key, C> {
    pub(crate) fn new(rate: Rate, clock: C) -> Self {
        Self {
            limiter: RateLimiter::hashmap_with_clock(rate.quota(), clock.clone()),
            clock,
            burst: rate.burst(),
            calls: AtomicU32::new(0),
            sweep_above: AtomicUsize::new(FEW_KEYS),
        }
    }

    /// Counts `count` against a key, all or none. More than the burst count as the burst: else they
    /// could never pass.
    pub(crate) fn count(&self, key: &Key, count: u32) -> Result<(), TooMany> {
        let Some(count) = NonZeroU32::new(count.min(self.burst)) else { return Ok(()) };
        let checked = self.limiter.check_key_n(key, count);
        if self.calls.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
            self.sweep();
        }
        match checked {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(not_until)) => Err(self.too_many(&not_until)),
        }
    }

    fn too_many(&self, not_until: &NotUntil<C::Instant>) -> TooMany {
        TooMany {
            retry_after_s: whole_seconds(not_until.wait_time_from(self.clock.now())),
            quota: self.burst,
            window_s: whole_seconds(not_until.quota().burst_size_replenished_in()),
        }
    }

    fn sweep(&self) {
        if self.limiter.len() <= self.sweep_above.load(Ordering::Relaxed) {
            return;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        self.sweep_above.store((2 * self.limiter.len()).max(FEW_KEYS), Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> usize {
        self.limiter.len()
    }
}

/// At least 1, rounded up: who comes back then is not refused for coming too early.
fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::rate::Per;

    fn refused(counted: Result<(), TooMany>) -> Option<u32> {
        counted.err().map(|too_many| too_many.retry_after_s)
    }

    #[test]
    fn a_key_gets_its_burst_and_then_what_refills() {
        let clock = FakeRelativeClock::default();
        let rates = KeyedRates::new(Rate::new(3, 1, Per::Minute), clock.clone());
        for _ in 0..3 {
            assert_eq!(rates.count(&1, 1), Ok(()));
        }
        assert_eq!(refused(rates.count(&1, 1)), Some(60));
        assert_eq!(rates.count(&2, 1), Ok(()));
        clock.advance(Duration::from_millis(59_001));
        assert_eq!(refused(rates.count(&1, 1)), Some(1));
        clock.advance(Duration::from_millis(999));
        assert_eq!(rates.count(&1, 1), Ok(()));
        assert_eq!(refused(rates.count(&1, 1)), Some(60));
    }

    #[test]
    fn a_count_is_whole_or_not_at_all() {
        let rates = KeyedRates::new(Rate::new(10, 1, Per::Second), FakeRelativeClock::default());
        assert_eq!(rates.count(&1, 7), Ok(()));
        assert_eq!(refused(rates.count(&1, 4)), Some(1));
        assert_eq!(rates.count(&1, 3), Ok(()));
        assert_eq!(rates.count(&1, 0), Ok(()));
    }

    #[test]
    fn who_is_refused_learns_the_quota_and_when_it_is_whole_again() {
        let rates = KeyedRates::new(Rate::new(10, 3, Per::Minute), FakeRelativeClock::default());
        assert_eq!(rates.count(&1, 10), Ok(()));
        assert_eq!(rates.count(&1, 1), Err(TooMany { retry_after_s: 20, quota: 10, window_s: 200 }));
    }

    #[test]
    fn a_count_larger_than_the_burst_passes_when_all_is_refilled() {
        let clock = FakeRelativeClock::default();
        let rates = KeyedRates::new(Rate::new(10, 1, Per::Second), clock.clone());
        assert_eq!(rates.count(&1, 1_000), Ok(()));
        assert_eq!(refused(rates.count(&1, 1_000)), Some(10));
        clock.advance(Duration::from_secs(10));
        assert_eq!(rates.count(&1, 1_000), Ok(()));
    }

    #[test]
    fn keys_that_have_refilled_are_forgotten_and_others_are_not() {
        let clock = FakeRelativeClock::default();
        let rates = KeyedRates::new(Rate::new(2, 1, Per::Minute), clock.clone());
        let attacker = u64::MAX;
        for second in 0..100_000 {
            assert_eq!(rates.count(&second, 1), Ok(()));
            clock.advance(Duration::from_millis(100));
            let _ = rates.count(&attacker, 1);
            assert!(rates.keys() < 4 * 600 + 2 * FEW_KEYS, "{} keys", rates.keys());
        }
        assert!(rates.count(&attacker, 1).is_err(), "who keeps trying stays refused");
    }
}
