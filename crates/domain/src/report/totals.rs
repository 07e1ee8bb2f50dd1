//! Reports: pure functions over counted time, which is pieces and, of days that need no cutting,
//! sums. Each is one pass.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::RangeInclusive;

use crate::activity::{Activity, Piece};
use crate::names::{AppName, Domain};
use crate::time::{DAY_MS, Interval, LocalDate, UtcDay, UtcMs};
use crate::timeline::day::{DaySums, QUARTER_MS};
use crate::zone::Zone;

/// What counted in a stretch of time. Days are known by their sums or by their pieces, never by
/// both. Pieces without sums are a `Counted` too.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// Pieces, in order and without overlap.
    pub pieces: &'a [Piece],
    /// Sums of days, by day. A report over them must cut none of these days where it cuts (see
    /// [`cut_days`]).
    pub sums: &'a [DaySums],
}

impl<'a, Pieces: AsRef<[Piece]> + ?Sized> From<&'a Pieces> for Counted<'a> {
    fn from(pieces: &'a Pieces) -> Self {
        Self { pieces: pieces.as_ref(), sums: &[] }
    }
}

/// Into what a report cuts its local days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing: it sums up all of them, per activity.
    Whole,
    /// Local days, each with a sum of its own.
    Days,
    /// The hours of each local day, each with a sum of its own.
    Hours,
}

/// The UTC days that a report over local days cuts where their sums can't be cut, by day: a sum per
/// activity nowhere, one per quarter of an hour between quarters. Of these days it needs the
/// pieces.
pub fn cut_days(zone: &dyn Zone, dates: RangeInclusive<LocalDate>, cut: Cut) -> Vec<UtcDay> {
    let (grain, slots): (i64, Vec<Interval>) = match cut {
        Cut::Whole => (DAY_MS, local_days(zone, dates).into_iter().collect()),
        Cut::Days => (QUARTER_MS, each(dates).filter_map(|date| local_day(zone, date)).collect()),
        Cut::Hours => (QUARTER_MS, hours(zone, dates).into_iter().map(|(slot, _)| slot).collect()),
    };
    let cuts = slots.into_iter().flat_map(|slot| [slot.start(), slot.end()]);
    let mut days: Vec<UtcDay> = cuts.filter(|at| at.0.rem_euclid(grain) != 0).map(UtcMs::day).collect();
    days.dedup();
    days
}

fn each(dates: RangeInclusive<LocalDate>) -> impl Iterator<Item = LocalDate> {
    (dates.start().0..=dates.end().0).map(LocalDate)
}

/// Counted time in one local hour; shorter than an hour where the zone's offset changes within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourSlot {
    /// The first instant of the slot.
    pub start: UtcMs,
    /// Seconds that local time is ahead of UTC, throughout the slot.
    pub offset_s: i32,
    /// Counted milliseconds.
    pub ms: i64,
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

/// The parts of the pieces that lie in a window.
pub fn clip(pieces: impl IntoIterator<Item = Piece>, window: Interval) -> impl Iterator<Item = Piece> {
    pieces.into_iter().filter_map(move |Piece { source, interval }| {
        interval.clip(window).map(|interval| Piece { source, interval })
    })
}

/// Counted milliseconds in a window.
pub fn total(pieces: &[Piece], window: Interval) -> i64 {
    pieces.iter().filter_map(|piece| piece.interval.clip(window)).map(Interval::ms).sum()
}

/// Counted milliseconds per app in a window: most first, equal ones by name.
pub fn by_app<'a>(counted: impl Into<Counted<'a>>, window: Interval) -> Vec<(&'a AppName, i64)> {
    per_name(counted.into(), window, |activity| &activity.app)
}

/// Counted milliseconds per domain in a window, `None` being what was no web page: most first,
/// equal ones by name, none before some.
pub fn by_domain<'a>(counted: impl Into<Counted<'a>>, window: Interval) -> Vec<(Option<&'a Domain>, i64)> {
    per_name(counted.into(), window, |activity| activity.domain.as_ref())
}

pub(super) fn per_name<'a, Name: Ord + Hash>(
    counted: Counted<'a>,
    window: Interval,
    name: impl Fn(&'a Activity) -> Name,
) -> Vec<(Name, i64)> {
    let mut sums = HashMap::new();
    for piece in counted.pieces {
        if let Some(part) = piece.interval.clip(window) {
            *sums.entry(name(&piece.source.activity)).or_default() += part.ms();
        }
    }
    for day in counted.sums.iter().filter(|day| day.day().interval().clip(window).is_some()) {
        for (source, ms) in day.sources() {
            *sums.entry(name(&source.activity)).or_default() += i64::from(*ms);
        }
    }
    most_first(sums)
}

/// Sums per name in the order of a report: most first, equal ones by name.
pub fn most_first<Name: Ord>(sums: impl IntoIterator<Item = (Name, i64)>) -> Vec<(Name, i64)> {
    let mut sums: Vec<(Name, i64)> = sums.into_iter().collect();
    sums.sort_unstable_by(|(a, a_ms), (b, b_ms)| b_ms.cmp(a_ms).then_with(|| a.cmp(b)));
    sums
}

/// Counted milliseconds per hour of local days: the maximal runs of instants with the same local
/// date, hour and offset. So an hour that the clock shows twice is listed twice, and one that it
/// skips is not listed.
pub fn by_hour<'a>(
    counted: impl Into<Counted<'a>>,
    zone: &dyn Zone,
    dates: RangeInclusive<LocalDate>,
) -> Vec<HourSlot> {
    let slots = hours(zone, dates);
    let intervals: Vec<_> = slots.iter().map(|(slot, _)| Some(*slot)).collect();
    let sums = spread(counted.into(), &intervals);
    let slot =
        |((slot, offset_s), ms): ((Interval, i32), i64)| HourSlot { start: slot.start(), offset_s, ms };
    slots.into_iter().zip(sums).map(slot).collect()
}

/// Counted milliseconds per local day of a range, both ends included. A day that the zone skips has
/// none.
pub fn by_day<'a>(
    counted: impl Into<Counted<'a>>,
    zone: &dyn Zone,
    dates: RangeInclusive<LocalDate>,
) -> Vec<(LocalDate, i64)> {
    let days: Vec<_> = each(dates.clone()).map(|date| local_day(zone, date)).collect();
    each(dates).zip(spread(counted.into(), &days)).collect()
}

/// The hours of local days, in order, with their offsets in seconds.
fn hours(zone: &dyn Zone, dates: RangeInclusive<LocalDate>) -> Vec<(Interval, i32)> {
    each(dates).filter_map(|date| local_day(zone, date)).flat_map(|day| hours_of(zone, day)).collect()
}

fn hours_of(zone: &dyn Zone, day: Interval) -> Vec<(Interval, i32)> {
    const HOUR_MS: i64 = 3_600_000;
    let mut slots = Vec::new();
    let mut start = day.start();
    let mut change = zone.next_transition(start);
    while start < day.end() {
        if change.is_some_and(|change| change <= start) {
            change = zone.next_transition(start).filter(|&change| change > start);
        }
        let offset_s = zone.offset_s_at(start);
        let into_hour = start.plus(i64::from(offset_s) * 1000).0.rem_euclid(HOUR_MS);
        let full_hour = start.plus(HOUR_MS - into_hour);
        let end = full_hour.min(day.end()).min(change.unwrap_or(full_hour));
        slots.extend(Interval::new(start, end).map(|slot| (slot, offset_s)));
        start = end;
    }
    slots
}

/// Counted milliseconds in each of the slots, which are in order and do not overlap; `None` is an
/// empty one.
fn spread(counted: Counted<'_>, slots: &[Option<Interval>]) -> Vec<i64> {
    let mut rest = counted.pieces;
    let mut quarters = counted.sums.iter().flat_map(DaySums::used_quarters).peekable();
    let mut sum_of = |slot: Interval| {
        let past = rest.iter().take_while(|piece| piece.interval.end() <= slot.start()).count();
        rest = &rest[past..];
        let mut sum = rest.iter().map_while(|piece| piece.interval.clip(slot)).map(Interval::ms).sum();
        while quarters.next_if(|(quarter, _)| quarter.start() < slot.start()).is_some() {}
        while let Some((_, ms)) = quarters.next_if(|(quarter, _)| quarter.start() < slot.end()) {
            sum += ms;
        }
        sum
    };
    slots.iter().map(|slot| slot.map_or(0, &mut sum_of)).collect()
}
