//! What a rule needs to know about a time zone, as a trait of values; the data comes from outside.
//! Not here: the IANA database and the names of zones (a port of the app).

use crate::preferences::DayStart;
use crate::time::{DAY_MS, LocalDate, UtcMs};

/// Most days that clocks were ever put back at once, and one more.
const MOST_DAYS_BACK: i32 = 3;
/// Farther than that from UTC no clock ever was, in milliseconds.
const FARTHEST_MS: i64 = 2 * DAY_MS;

/// A time zone's rules. Implementations are pure: the same question always has the same answer.
pub trait Zone: Send + Sync {
    /// The zone's name, as the IANA database spells it.
    fn name(&self) -> &str;

    /// Seconds that local time is ahead of UTC at this instant (negative west of Greenwich).
    fn offset_s_at(&self, at: UtcMs) -> i32;

    /// The first instant after `at` from which the offset differs from the one at `at`, if there is
    /// one.
    fn next_transition(&self, at: UtcMs) -> Option<UtcMs>;

    /// When its days begin, by the clock.
    fn day_start(&self) -> DayStart {
        DayStart::default()
    }

    /// The first instant at which the clock shows the beginning of the day `date` or something later.
    /// So a day that does not exist starts where the next one does, and is empty.
    fn start_of(&self, date: LocalDate) -> UtcMs;

    /// The local day in which an instant lies. Where the clock was put back over the beginning of a
    /// day, that is no longer the day that it shows.
    fn date_at(&self, at: UtcMs) -> LocalDate {
        let shown = shown_at(self, at) - self.day_start().ms();
        let shown = LocalDate(shown.div_euclid(DAY_MS) as i32);
        let later = (1..=MOST_DAYS_BACK).map(|days| shown.plus_days(days));
        later.take_while(|later| self.start_of(*later) <= at).last().unwrap_or(shown)
    }
}

/// What the clock shows at an instant, in milliseconds after midnight of 1970-01-01.
pub fn shown_at<Z: Zone + ?Sized>(zone: &Z, at: UtcMs) -> i64 {
    at.plus(i64::from(zone.offset_s_at(at)) * 1_000).0
}

/// The first instant from `from` on at which the clock shows `shown` (as [`shown_at`]) or something
/// later. Each stretch of one offset is asked in turn, so that what the clock skips or shows twice
/// needs no rule of its own.
pub fn first_showing<Z: Zone + ?Sized>(zone: &Z, from: UtcMs, shown: i64) -> UtcMs {
    let mut from = from;
    loop {
        let at = from.plus(shown.saturating_sub(shown_at(zone, from)).max(0));
        match zone.next_transition(from).filter(|&change| change > from) {
            Some(change) if change <= at => from = change,
            _ => return at,
        }
    }
}

/// All instants at which the clock shows `shown` (as [`shown_at`]), in order: none where it skips that,
/// several where it is put back over it.
pub fn all_showing<Z: Zone + ?Sized>(zone: &Z, shown: i64) -> Vec<UtcMs> {
    let (mut from, last) = (UtcMs(shown).plus(-FARTHEST_MS), UtcMs(shown).plus(FARTHEST_MS));
    let mut found = Vec::new();
    loop {
        let at = from.plus(shown.saturating_sub(shown_at(zone, from)));
        let change = zone.next_transition(from).filter(|&change| change > from && change <= last);
        if at >= from && change.is_none_or(|change| at < change) {
            found.push(at);
        }
        match change {
            Some(change) => from = change,
            None => return found,
        }
    }
}
