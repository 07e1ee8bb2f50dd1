//! Failures that come by the thousand while something is away or too busy: a line for each would be work
//! where there is too much already, so that one line a second says how many there were.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The codes of such failures.
const CODES: [&str; 3] = ["overloaded", "unavailable", "maintenance"];
/// How often there is a line for each.
const PACE: Duration = Duration::from_secs(1);

/// What was not said yet of each.
#[derive(Default)]
pub(crate) struct Outages([Outage; CODES.len()]);

#[derive(Default)]
struct Outage {
    unsaid: AtomicU64,
    /// When a line was written last.
    said: Mutex<Option<Instant>>,
}

impl Outages {
    /// Counts a failure with this code, at this instant. Gives how many a line is to stand for that is
    /// written now; 0 if none is.
    pub(crate) fn count(&self, code: Option<&str>, now: Instant) -> u64 {
        let Some(at) = CODES.iter().position(|known| Some(*known) == code) else { return 1 };
        let outage = &self.0[at];
        outage.unsaid.fetch_add(1, Ordering::Relaxed);
        // Who finds it locked leaves it to the one who is about to say it.
        let Ok(mut said) = outage.said.try_lock() else { return 0 };
        if said.is_some_and(|said| now.saturating_duration_since(said) < PACE) {
            return 0;
        }
        *said = Some(now);
        outage.unsaid.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_failures_by_the_thousand_one_line_a_second_says_how_many_there_were() {
        let (outages, begin) = (Outages::default(), Instant::now());
        let at = |ms| begin + Duration::from_millis(ms);
        assert_eq!(outages.count(Some("unavailable"), at(0)), 1);
        for ms in 1..1_000 {
            assert_eq!(outages.count(Some("unavailable"), at(ms)), 0, "{ms}");
        }
        assert_eq!(outages.count(Some("overloaded"), at(500)), 1, "of each kind by itself");
        assert_eq!(outages.count(Some("unavailable"), at(1_000)), 1_000);
        assert_eq!(outages.count(Some("unavailable"), at(5_000)), 1);
    }

    #[test]
    fn what_is_no_outage_is_said_each_time() {
        let (outages, now) = (Outages::default(), Instant::now());
        for code in [Some("internal"), None, Some("internal")] {
            assert_eq!(outages.count(code, now), 1);
        }
    }
}
