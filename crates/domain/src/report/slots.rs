//! Into what reports cut local days: hours, days, weeks, months.

use std::ops::RangeInclusive;

use super::local_days::each;
use super::{Filter, LocalDays, local_days};
use crate::time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
use crate::timeline::day::QUARTER_MS;
use crate::zone::{Zone, shown_at};

const HOUR_MS: i64 = 3_600_000;

/// Into what a report cuts its local days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing: it sums up all of them, per name.
    Whole,
    /// The hours of the clock, each with a sum of its own.
    Hours,
    /// Periods of local days, each with a sum of its own.
    Periods(Period),
}

/// Some local days that have a name together: that of their first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A day by itself.
    Day,
    /// Seven days, of which the person prefers the first.
    Week,
    /// A month of the calendar.
    Month,
}

/// The UTC days that a report over local days cuts where their sums can't be cut, by day: a sum per
/// source nowhere, one per quarter of an hour between quarters, where no filter wants to know whose
/// time it is. Of these days it needs the pieces.
pub fn cut_days(days: &LocalDays, cut: Cut, filter: &Filter) -> Vec<UtcDay> {
    let zone = &*days.zone;
    let slots: Vec<Interval> = match cut {
        Cut::Whole => days.interval().into_iter().collect(),
        Cut::Hours => hours(zone, days.dates()).into_iter().map(|(slot, _)| slot).collect(),
        Cut::Periods(period) => {
            let periods = periods(days, period).into_iter();
            periods.filter_map(|(_, dates)| local_days(zone, dates)).collect()
        }
    };
    let grain = if cut == Cut::Whole || !filter.keeps_all() { DAY_MS } else { QUARTER_MS };
    let cuts = slots.into_iter().flat_map(|slot| [slot.start(), slot.end()]);
    let mut days: Vec<UtcDay> = cuts.filter(|at| at.0.rem_euclid(grain) != 0).map(UtcMs::day).collect();
    days.dedup();
    days
}

/// The periods that the days lie in, by their first day, each with those of its days that are asked
/// for.
pub(super) fn periods(days: &LocalDays, period: Period) -> Vec<(LocalDate, RangeInclusive<LocalDate>)> {
    let mut periods = Vec::<(LocalDate, RangeInclusive<LocalDate>)>::new();
    for date in each(days.dates()) {
        let first = match period {
            Period::Day => date,
            Period::Week => days.week_start.week_of(date),
            Period::Month => date.month(),
        };
        match periods.last_mut() {
            Some((of, dates)) if *of == first => *dates = *dates.start()..=date,
            _ => periods.push((first, date..=date)),
        }
    }
    periods
}

/// The hours of local days, in order, with their offsets in seconds. They are hours of the clock,
/// whenever days begin: only the first and the last may be cut.
pub(super) fn hours(zone: &dyn Zone, dates: RangeInclusive<LocalDate>) -> Vec<(Interval, i32)> {
    let Some(days) = local_days(zone, dates) else { return Vec::new() };
    let mut slots = Vec::new();
    let mut start = days.start();
    let mut change = zone.next_transition(start);
    while start < days.end() {
        if change.is_some_and(|change| change <= start) {
            change = zone.next_transition(start).filter(|&change| change > start);
        }
        let offset_s = zone.offset_s_at(start);
        let full_hour = start.plus(HOUR_MS - shown_at(zone, start).rem_euclid(HOUR_MS));
        let end = full_hour.min(days.end()).min(change.unwrap_or(full_hour));
        slots.extend(Interval::new(start, end).map(|slot| (slot, offset_s)));
        start = end;
    }
    slots
}

/// Whether `at` and the instant before it are of one hour of the clock.
pub(super) fn is_within_hour(zone: &dyn Zone, at: UtcMs) -> bool {
    let hour = |at| (shown_at(zone, at).div_euclid(HOUR_MS), zone.offset_s_at(at));
    hour(at.plus(-1)) == hour(at)
}
