//! Consecutive local days of a zone.
//! Not here: which of them a request asks for.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::preferences::Weekday;
use crate::time::{Interval, LocalDate};
use crate::zone::Zone;

/// Local days `from..=to` of a zone.
#[derive(Clone)]
pub struct LocalDays {
    /// Decides when the days begin and how long they are.
    pub zone: Arc<dyn Zone>,
    /// The first day.
    pub from: LocalDate,
    /// The last day, included.
    pub to: LocalDate,
    /// With which day weeks begin.
    pub week_start: Weekday,
}

impl LocalDays {
    /// Their dates, also those that the zone skips.
    pub fn dates(&self) -> RangeInclusive<LocalDate> {
        self.from..=self.to
    }

    /// The instants they cover; `None` if the zone skips all of them.
    pub fn interval(&self) -> Option<Interval> {
        local_days(&*self.zone, self.dates())
    }

    /// The same days, at most so many at a time.
    pub fn stretches(&self, days: u16) -> impl Iterator<Item = Self> + use<> {
        let Self { zone, from, to, week_start } = self.clone();
        let days = usize::from(days).max(1);
        (from.0..=to.0).step_by(days).map(move |first| Self {
            zone: Arc::clone(&zone),
            from: LocalDate(first),
            to: LocalDate(first.saturating_add(days as i32 - 1).min(to.0)),
            week_start,
        })
    }
}

/// The instants from the start of a local day to the start of the next; `None` if the zone skips
/// the day.
pub fn local_day(zone: &dyn Zone, date: LocalDate) -> Option<Interval> {
    local_days(zone, date..=date)
}

/// The instants of all local days of a range, both ends included; `None` if there are none.
pub fn local_days(zone: &dyn Zone, dates: RangeInclusive<LocalDate>) -> Option<Interval> {
    Interval::new(zone.start_of(*dates.start()), zone.start_of(dates.end().plus_days(1)))
}

/// The dates of a range, one by one.
pub(super) fn each(dates: RangeInclusive<LocalDate>) -> impl Iterator<Item = LocalDate> {
    (dates.start().0..=dates.end().0).map(LocalDate)
}
