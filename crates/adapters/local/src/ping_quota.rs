//! How many pings one person may send to this process.

use dayline_app::ports::{PingQuota, TooMany};
use dayline_domain::UserId;
use governor::clock::{Clock, MonotonicClock};

use crate::keyed_rates::KeyedRates;
use crate::rate::{Per, Rate};

/// So many locks that threads seldom meet at one.
const SHARDS: usize = 64;

/// A rate of pings for each person, in shards. Takes no memory but for a person's first ping.
pub struct LocalPingQuota<C: Clock = MonotonicClock> {
    shards: Vec<KeyedRates<u128, C>>,
}

impl LocalPingQuota {
    /// A tracker sends a ping every few seconds, and after a time without network all at once:
    /// 50,000 are nearly two working weeks of one device. 200 a second is ten times what a hundred
    /// devices of one person send.
    pub const DEFAULT: Rate = Rate::new(50_000, 200, Per::Second);

    /// Nothing is used up yet.
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, &MonotonicClock)
    }
}

impl<C: Clock + Clone> LocalPingQuota<C> {
    /// The same by another clock.
    pub fn with_clock(rate: Rate, clock: &C) -> Self {
        Self { shards: (0..SHARDS).map(|_| KeyedRates::new(rate, clock.clone())).collect() }
    }
}

impl<C: Clock<Instant: Send + Sync> + Clone + Send + Sync> PingQuota for LocalPingQuota<C> {
    fn charge(&self, user: UserId, pings: u32) -> Result<(), TooMany> {
        // The low bits of a version 7 id are random.
        self.shards[user.bits() as usize % SHARDS].count(&user.bits(), pings)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_recorded_day_sent_twice_in_batches_at_full_speed_passes() {
        let quota = LocalPingQuota::with_clock(LocalPingQuota::DEFAULT, &FakeRelativeClock::default());
        for _ in 0..2 * 12_212 / 100 + 2 {
            assert_eq!(quota.charge(UserId::from_bits(1), 100), Ok(()));
        }
    }

    #[test]
    fn a_flood_from_one_person_ends_and_the_others_do_not_notice() {
        let clock = FakeRelativeClock::default();
        let quota = LocalPingQuota::with_clock(LocalPingQuota::DEFAULT, &clock);
        let mut passed = 0;
        for _ in 0..60 * 1_000 {
            clock.advance(Duration::from_millis(1));
            passed += u32::from(quota.charge(UserId::from_bits(64), 2).is_ok()) * 2;
            // Another one of the same shard.
            assert_eq!(quota.charge(UserId::from_bits(128), 0), Ok(()));
        }
        assert!((60_000..=62_002).contains(&passed), "{passed} of 120,000");
        assert_eq!(quota.charge(UserId::from_bits(128), 1_000), Ok(()));
    }
}
