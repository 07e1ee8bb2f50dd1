//! The limits that a ping's times must keep, decided once, at the door.
//! Not here: the limits of names (see [`crate::names`]).

use crate::time::{Interval, UtcMs};

/// What an installation accepts, in milliseconds. The defaults are the contract's (design, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingLimits {
    /// Longest use and longest page. Away and here may be of any length.
    pub max_length_ms: i64,
    /// How far the end may lie in the future.
    pub max_future_ms: i64,
    /// How far the start may lie in the past.
    pub max_past_ms: i64,
}

impl Default for PingLimits {
    fn default() -> Self {
        Self { max_length_ms: 24 * 3_600_000, max_future_ms: 5 * 60_000, max_past_ms: 366 * 86_400_000 }
    }
}

/// How far back foreign wires reach at least, in milliseconds: a tracker that was offline, or another program's
/// history, may bring what lies 20 years in the past.
const FOREIGN_PAST_MS: i64 = 20 * 366 * 86_400_000;

/// Why a ping's time is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingRefusal {
    /// `end` lies before `start`.
    EndBeforeStart,
    /// Longer than the limit.
    TooLong,
    /// `end` lies too far in the future.
    TooFarInFuture,
    /// `start` lies too far in the past.
    TooFarInPast,
}

impl PingLimits {
    /// The same for the wires of other programs' trackers, which can't be told why a ping is refused and
    /// would lose it: up to 20 years in the past.
    #[must_use]
    pub fn of_foreign_wires(self) -> Self {
        Self { max_past_ms: self.max_past_ms.max(FOREIGN_PAST_MS), ..self }
    }

    /// The interval of a use or page from `start` to `end`, seen at `now`. A ping with `end == start`
    /// counts as one millisecond (step 0 of the rule).
    ///
    /// # Errors
    /// If it is longer than the limit, and as [`PingLimits::admit_any_length`].
    pub fn admit(&self, start: UtcMs, end: UtcMs, now: UtcMs) -> Result<Interval, PingRefusal> {
        if end >= start && end.since(start) > self.max_length_ms {
            return Err(PingRefusal::TooLong);
        }
        self.admit_any_length(start, end, now)
    }

    /// The interval of an away or here, of which each day takes its part.
    ///
    /// # Errors
    /// If it ends before it starts, or reaches too far into the future or the past.
    pub fn admit_any_length(&self, start: UtcMs, end: UtcMs, now: UtcMs) -> Result<Interval, PingRefusal> {
        if end < start {
            return Err(PingRefusal::EndBeforeStart);
        }
        if end.since(now) > self.max_future_ms {
            return Err(PingRefusal::TooFarInFuture);
        }
        if now.since(start) > self.max_past_ms {
            return Err(PingRefusal::TooFarInPast);
        }
        Interval::new(start, end.max(start.plus(1))).ok_or(PingRefusal::EndBeforeStart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMs = UtcMs(1_795_000_000_000);

    fn admit(start: i64, end: i64) -> Result<i64, PingRefusal> {
        PingLimits::default().admit(NOW.plus(start), NOW.plus(end), NOW).map(Interval::ms)
    }

    #[test]
    fn each_limit_is_inclusive() {
        let (hour, day) = (3_600_000, 86_400_000);
        assert_eq!(admit(0, 300_000), Ok(300_000));
        assert_eq!(admit(0, 300_001), Err(PingRefusal::TooFarInFuture));
        assert_eq!(admit(-24 * hour, 0), Ok(day));
        assert_eq!(admit(-24 * hour - 1, 0), Err(PingRefusal::TooLong));
        assert_eq!(admit(-366 * day, -366 * day + 1), Ok(1));
        assert_eq!(admit(-366 * day - 1, -366 * day), Err(PingRefusal::TooFarInPast));
        assert_eq!(admit(0, -1), Err(PingRefusal::EndBeforeStart));
    }

    #[test]
    fn away_and_here_may_be_longer_than_a_use_but_reach_no_further_back() {
        let admit = |start: i64, end: i64| {
            let limits = PingLimits::default();
            limits.admit_any_length(NOW.plus(start), NOW.plus(end), NOW).map(Interval::ms)
        };
        let day = 86_400_000;
        assert_eq!(admit(-30 * day, 0), Ok(30 * day));
        assert_eq!(admit(-366 * day - 1, 0), Err(PingRefusal::TooFarInPast));
        assert_eq!(admit(0, 300_001), Err(PingRefusal::TooFarInFuture));
        assert_eq!(admit(0, -1), Err(PingRefusal::EndBeforeStart));
    }

    #[test]
    fn foreign_wires_reach_back_twenty_years_and_differ_in_nothing_else() {
        let day = 86_400_000;
        let limits = PingLimits::default().of_foreign_wires();
        let admit = |days: i64| limits.admit(NOW.plus(days * day), NOW.plus(days * day + 1), NOW);
        assert!(admit(-20 * 366).is_ok());
        assert_eq!(admit(-20 * 366 - 1), Err(PingRefusal::TooFarInPast));
        assert_eq!(
            PingLimits { max_past_ms: PingLimits::default().max_past_ms, ..limits },
            PingLimits::default()
        );
        let wider = PingLimits { max_past_ms: i64::MAX, ..limits };
        assert_eq!(wider.of_foreign_wires(), wider, "what an operator allows is not taken back");
    }

    #[test]
    fn an_empty_ping_counts_as_one_millisecond() {
        assert_eq!(admit(-5, -5), Ok(1));
    }

    #[test]
    fn extreme_times_are_refused_without_overflow() {
        let limits = PingLimits::default();
        for (start, end) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (i64::MIN, i64::MIN)] {
            assert!(limits.admit(UtcMs(start), UtcMs(end), NOW).is_err());
        }
    }
}
