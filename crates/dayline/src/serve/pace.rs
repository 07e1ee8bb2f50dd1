//! How fast a worker goes: at full speed while it is behind, else gathering pings so that many share a transaction.
//! Pure: it says how long to pause, and never pauses itself.

use std::time::Duration;

/// A step's pause is so many times what the step took: then working on timelines takes a fifth of one processor at
/// most, as long as that is enough.
const PAUSE_PER_WORK: u32 = 4;
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// With this the median from a 202 to the timeline stays around half a second.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// The pause after a step that took so long, and left the worker behind or not.
pub(super) fn pause(took: Duration, behind: bool) -> Duration {
    if behind {
        return Duration::ZERO;
    }
    (took * PAUSE_PER_WORK).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// The pause after the `failures`-th failure in a row. `chance` is any number: half of the pause is left to it, so
/// that several workers don't come back at once.
pub(super) fn retry(failures: u32, chance: u32) -> Duration {
    let doubled = FIRST_RETRY.saturating_mul(1 << failures.min(16)).min(LONGEST_RETRY);
    doubled / 2 + (doubled / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_worker_that_is_behind_does_not_pause() {
        assert_eq!(pause(ms(400), true), Duration::ZERO);
    }

    #[test]
    fn otherwise_it_gathers_the_longer_the_more_a_step_costs() {
        assert_eq!(pause(ms(1), false), ms(100));
        assert_eq!(pause(ms(50), false), ms(200));
        assert_eq!(pause(ms(900), false), ms(1_000));
    }

    #[test]
    fn failures_wait_longer_each_time_up_to_five_seconds_and_never_all_the_same() {
        assert_eq!((retry(0, 0), retry(0, u32::MAX)), (ms(25), ms(50)));
        assert_eq!((retry(3, 0), retry(3, u32::MAX)), (ms(200), ms(400)));
        assert_eq!((retry(99, 0), retry(99, u32::MAX)), (ms(2_500), ms(5_000)));
    }
}
