//! When a clock can be believed. A machine that wakes up with a wrong one must not take everything for
//! expired.

use crate::time::{DAY_MS, UtcMs};

/// How far a clock may be beyond the newest moment that is known from elsewhere, in milliseconds: an
/// installation that nobody used over a long weekend is as usual.
pub const QUIET_MS: i64 = 4 * DAY_MS;

/// Whether a clock that shows `now` can be believed, when `newest` is the newest moment that is known
/// from elsewhere. A clock that is behind deletes nothing too early.
pub fn is_plausible(now: UtcMs, newest: UtcMs) -> bool {
    now.since(newest) <= QUIET_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: UtcMs = UtcMs(1_795_000_000_000);

    #[test]
    fn a_clock_is_believed_up_to_a_long_weekend_beyond_the_newest_moment() {
        assert!(is_plausible(NEWEST.plus(QUIET_MS), NEWEST));
        assert!(!is_plausible(NEWEST.plus(QUIET_MS + 1), NEWEST));
        assert!(is_plausible(NEWEST.plus(-10 * 366 * DAY_MS), NEWEST));
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        assert!(!is_plausible(UtcMs(i64::MAX), UtcMs(i64::MIN)));
        assert!(is_plausible(UtcMs(i64::MIN), UtcMs(i64::MAX)));
    }
}
