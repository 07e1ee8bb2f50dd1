//! How long to wait before the same is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);
/// Longest time that a server's word to wait is obeyed.
const LONGEST_OBEYED: Duration = Duration::from_hours(1);

/// Patience with a server.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// It has done what it was asked.
    pub(super) fn is_rewarded(&mut self) {
        self.failures = 0;
    }

    /// How long to wait now. `chance`, from 0 to 1, keeps many trackers from coming back at once: what the server asks for
    /// is never cut short, what we think of ourselves by up to a half.
    pub(super) fn wait(&mut self, asked: Option<Duration>, chance: f64) -> Duration {
        let own = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        match asked {
            Some(asked) => asked.min(LONGEST_OBEYED) + own.mul_f64(chance / 2.0),
            None => own.mul_f64(0.5 + chance / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_as_long_as_asked_or_longer_each_time_up_to_five_minutes(
            failures in 0..40_u32, chance in 0.0..=1.0_f64, asked in prop::option::of(0..100_000_u64),
        ) {
            let asked = asked.map(Duration::from_secs);
            let wait = Patience { failures }.wait(asked, chance);
            let before = Patience { failures: failures.saturating_sub(1) }.wait(asked, 0.0);
            prop_assert!(wait >= before);
            match asked {
                Some(asked) => {
                    prop_assert!(wait >= asked.min(LONGEST_OBEYED));
                    prop_assert!(wait <= asked.min(LONGEST_OBEYED) + LONGEST / 2);
                }
                None => prop_assert!(wait >= FIRST / 2 && wait <= LONGEST),
            }
        }
    }

    #[test]
    fn success_ends_the_long_waits() {
        let mut patience = Patience::default();
        let waits: Vec<_> = (0..10).map(|_| patience.wait(None, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        patience.is_rewarded();
        assert_eq!(patience.wait(None, 1.0).as_secs(), 1);
    }
}
