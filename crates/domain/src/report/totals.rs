//! Reports: pure functions over counted time, which is pieces and, of days that need no cutting,
//! sums. Each is one pass.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::RangeInclusive;

use super::slots::{hours, periods};
use super::{Filter, LocalDays, Period, local_days};
use crate::activity::{Piece, Project, Source};
use crate::labels::Labels;
use crate::names::{AppName, Domain};
use crate::time::{Interval, LocalDate, UtcMs};
use crate::timeline::day::DaySums;
use crate::zone::Zone;

/// What counted in a stretch of time. Days are known by their sums or by their pieces, never by
/// both. Pieces without sums, all of them, are a `Counted` too.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// Pieces, in order and without overlap.
    pub pieces: &'a [Piece],
    /// Sums of days, by day. A report over them must cut none of these days where it cuts (see
    /// [`cut_days`](super::cut_days)).
    pub sums: &'a [DaySums],
    /// Which of it a report is about.
    pub filter: &'a Filter,
    /// What the person says about names; `None`: all go by their own, and nothing has a category.
    pub labels: Option<&'a Labels>,
}

impl<'a, Pieces: AsRef<[Piece]> + ?Sized> From<&'a Pieces> for Counted<'a> {
    fn from(pieces: &'a Pieces) -> Self {
        Self { pieces: pieces.as_ref(), sums: &[], filter: &Filter::ALL, labels: None }
    }
}

impl<'a> Counted<'a> {
    /// Whether a source is what the report is about. Most reports are about everything, and then no
    /// source is looked at.
    fn keeps(self) -> impl Fn(&Source) -> bool + use<'a> {
        let (all, filter) = (self.filter.keeps_all(), self.filter.meant(self.labels));
        move |source| all || filter.keeps(source, self.labels)
    }

    /// Per day of which there are sums, how much counted of what the report is about.
    fn whole_days(self) -> impl Iterator<Item = (Interval, i64)> + use<'a> {
        let keeps = self.keeps();
        self.sums.iter().map(move |day| {
            let kept = day.sources().iter().filter(|(source, _)| keeps(source));
            (day.day().interval(), kept.map(|(_, ms)| i64::from(*ms)).sum())
        })
    }

    /// The shortest stretches of which it is known without pieces how much counted in them.
    fn known(self) -> impl Iterator<Item = (Interval, i64)> + use<'a> {
        let all = self.filter.keeps_all();
        let quarters = all.then(|| self.sums.iter().flat_map(DaySums::used_quarters));
        let days = (!all).then(|| self.whole_days());
        quarters.into_iter().flatten().chain(days.into_iter().flatten())
    }
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
    per_name(counted.into(), window, |source| &source.activity.app)
}

/// Counted milliseconds per domain in a window, `None` being what was no web page: most first,
/// equal ones by name, none before some.
pub fn by_domain<'a>(counted: impl Into<Counted<'a>>, window: Interval) -> Vec<(Option<&'a Domain>, i64)> {
    per_name(counted.into(), window, |source| source.activity.domain.as_ref())
}

/// Counted milliseconds per project in a window, `None` being what was of none: in the same order.
pub fn by_project<'a>(counted: impl Into<Counted<'a>>, window: Interval) -> Vec<(Option<&'a Project>, i64)> {
    per_name(counted.into(), window, |source| source.activity.project.as_ref())
}

pub(super) fn per_name<'a, Name: Ord + Hash>(
    counted: Counted<'a>,
    window: Interval,
    name: impl Fn(&'a Source) -> Name,
) -> Vec<(Name, i64)> {
    let (mut sums, keeps) = (HashMap::new(), counted.keeps());
    for piece in counted.pieces.iter().filter(|piece| keeps(&piece.source)) {
        if let Some(part) = piece.interval.clip(window) {
            *sums.entry(name(&piece.source)).or_default() += part.ms();
        }
    }
    for day in counted.sums.iter().filter(|day| day.day().interval().clip(window).is_some()) {
        for (source, ms) in day.sources().iter().filter(|(source, _)| keeps(source)) {
            *sums.entry(name(source)).or_default() += i64::from(*ms);
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

/// Counted milliseconds per hour of local days: the maximal runs of instants with the same date,
/// hour and offset of the clock. So an hour that the clock shows twice is listed twice, and one that
/// it skips is not listed. Where the first day begins within an hour, its part of it is listed.
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

/// Counted milliseconds per day, week or month, by the first day of each. Of a week or month that
/// the local days cut, what counted in those days. A day that the zone skips has none.
pub fn by_period<'a>(
    counted: impl Into<Counted<'a>>,
    days: &LocalDays,
    period: Period,
) -> Vec<(LocalDate, i64)> {
    let periods = periods(days, period);
    let slots: Vec<_> = periods.iter().map(|(_, dates)| local_days(&*days.zone, dates.clone())).collect();
    periods.into_iter().map(|(first, _)| first).zip(spread(counted.into(), &slots)).collect()
}

/// Counted milliseconds in each of the slots, which are in order and do not overlap; `None` is an
/// empty one.
fn spread(counted: Counted<'_>, slots: &[Option<Interval>]) -> Vec<i64> {
    let mut rest = counted.pieces;
    let (mut known, keeps) = (counted.known().peekable(), counted.keeps());
    let mut sum_of = |slot: Interval| {
        let past = rest.iter().take_while(|piece| piece.interval.end() <= slot.start()).count();
        rest = &rest[past..];
        let inside = rest.iter().map_while(|piece| Some((piece, piece.interval.clip(slot)?)));
        let kept = inside.filter(|(piece, _)| keeps(&piece.source));
        let mut sum = kept.map(|(_, part)| part.ms()).sum();
        while known.next_if(|(stretch, _)| stretch.start() < slot.start()).is_some() {}
        while let Some((_, ms)) = known.next_if(|(stretch, _)| stretch.start() < slot.end()) {
            sum += ms;
        }
        sum
    };
    slots.iter().map(|slot| slot.map_or(0, &mut sum_of)).collect()
}
