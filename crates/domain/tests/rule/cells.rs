//! Into what the oracle divides a day's window.

use std::collections::BTreeSet;

use dayline_domain::UtcDay;
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, Says};
use dayline_domain::observation::Observation;

pub(crate) const DAY: i64 = 24 * 60 * 60 * 1_000;
const REACH: i64 = 2 * 60 * 60 * 1_000;
pub(crate) const HOLD: i64 = 30_000;
pub(crate) const PAGE_HOLD: i64 = 90_000;

/// The window of a day.
pub(crate) fn window(day: UtcDay) -> (i64, i64) {
    let midnight = i64::from(day.0) * DAY;
    (midnight - REACH, midnight + DAY + REACH)
}

pub(crate) fn beat_hold(choices: Choices) -> i64 {
    i64::from(choices.beat_hold.minutes()) * 60_000
}

/// Cells of a day's window: each with its first millisecond and the first after it.
pub(crate) struct Cells(pub(crate) Vec<(i64, i64)>);

impl Cells {
    fn between(marks: BTreeSet<i64>, (start, end): (i64, i64)) -> Self {
        let mut marks: Vec<i64> = marks.into_iter().filter(|&at| start < at && at < end).collect();
        marks.insert(0, start);
        marks.push(end);
        Self(marks.array_windows().map(|&[start, end]| (start, end)).collect())
    }

    /// The cells within `[start, end)`.
    pub(crate) fn within(&self, start: i64, end: i64) -> impl Iterator<Item = usize> {
        let inside = move |(_, cell): &(usize, &(i64, i64))| start <= cell.0 && cell.1 <= end;
        self.0.iter().enumerate().filter(inside).map(|(number, _)| number)
    }
}

/// The edges of all that was observed and corrected, and of the day.
fn edges(day: UtcDay, observations: &[Observation], corrections: &[Correction]) -> BTreeSet<i64> {
    let midnight = i64::from(day.0) * DAY;
    let mut edges = BTreeSet::from([midnight, midnight + DAY]);
    let observed = observations.iter().map(Observation::interval);
    let corrected = corrections.iter().filter_map(|correction| match &correction.says {
        Says::Nothing => None,
        Says::Entry { interval, .. } | Says::Erasure { interval } => Some(*interval),
    });
    for interval in observed.chain(corrected) {
        edges.extend([interval.start().0, interval.end().0]);
    }
    edges
}

/// Each millisecond from the first edge to one minute after all holds of the last.
pub(crate) fn every_millisecond(
    day: UtcDay,
    observations: &[Observation],
    corrections: &[Correction],
    choices: Choices,
) -> Cells {
    let edges = edges(day, observations, corrections);
    let midnight = i64::from(day.0) * DAY;
    let near: Vec<i64> = edges.iter().copied().filter(|&at| at != midnight && at != midnight + DAY).collect();
    let (first, last) = (near.first().copied().unwrap_or(0), near.last().copied().unwrap_or(0));
    let end = last + beat_hold(choices).max(PAGE_HOLD) + 60_000;
    let mut marks: BTreeSet<i64> = (first..end).collect();
    marks.extend([midnight, midnight + DAY]);
    Cells::between(marks, window(day))
}

/// The stretches in which no observation, hold, correction or day begins or ends.
pub(crate) fn where_nothing_changes(
    day: UtcDay,
    observations: &[Observation],
    corrections: &[Correction],
    choices: Choices,
) -> Cells {
    let edges = edges(day, observations, corrections);
    let held = edges.iter().flat_map(|&at| [at, at + HOLD, at + PAGE_HOLD, at + beat_hold(choices)]);
    Cells::between(held.collect(), window(day))
}
