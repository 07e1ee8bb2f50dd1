//! The sums of one ledger day, of which long reports are made without its pieces: counted time per activity and per
//! quarter of an hour; and how they follow a day that changes. Deliberately absent: devices, which no report tells
//! apart, and how sums are stored.

use std::fmt;
use std::sync::Arc;

use crate::names::Activity;
use crate::time::{DAY_MS, Interval, UtcDay};
use crate::timeline::piece::Piece;
use crate::timeline::run::{Run, SourceNo, Sources};
use crate::timeline::run_change::RunChange;

/// Milliseconds in a quarter of an hour. All zones of today begin their hours and days with one.
pub const QUARTER_MS: i64 = 900_000;
/// Quarters of an hour in a UTC day.
pub const QUARTERS: usize = (DAY_MS / QUARTER_MS) as usize;

/// What the counted pieces of one UTC day sum up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySums {
    day: UtcDay,
    /// In the order of activities, none of them with nothing.
    activities: Vec<(Arc<Activity>, u32)>,
    quarters: Box<[u32; QUARTERS]>,
}

impl DaySums {
    /// The sums of a day's counted pieces, which do not overlap. What lies outside the day is left out.
    pub fn of<'a>(day: UtcDay, pieces: impl IntoIterator<Item = &'a Piece>) -> Self {
        let mut sources = Sources::default();
        let run = |piece: &Piece| Run::within(day, sources.number(&piece.source), piece.interval);
        let runs: Vec<Run> = pieces.into_iter().filter_map(run).collect();
        RunningSums::of(&runs, &sources).to_sums(day, &sources)
    }

    /// Sums as they were stored: milliseconds per activity, in the order of activities, and per quarter. Refuses what
    /// no pieces sum up to.
    pub fn restore(
        day: UtcDay,
        activities: Vec<(Arc<Activity>, u32)>,
        quarters: [u32; QUARTERS],
    ) -> Result<Self, CorruptSums> {
        if !activities.is_sorted_by(|(a, _), (b, _)| a < b) || activities.iter().any(|(_, ms)| *ms == 0) {
            return Err(CorruptSums::Activities);
        }
        if let Some(full) = quarters.iter().position(|&ms| i64::from(ms) > QUARTER_MS) {
            return Err(CorruptSums::Quarter(full));
        }
        let total = |ms: &mut dyn Iterator<Item = u32>| ms.map(u64::from).sum::<u64>();
        let per_activity = total(&mut activities.iter().map(|(_, ms)| *ms));
        let per_quarter = total(&mut quarters.iter().copied());
        if per_activity != per_quarter {
            return Err(CorruptSums::Totals(per_activity, per_quarter));
        }
        Ok(Self { day, activities, quarters: Box::new(quarters) })
    }

    /// Which day.
    pub fn day(&self) -> UtcDay {
        self.day
    }

    /// Milliseconds per activity, all above 0, in the order of activities.
    pub fn activities(&self) -> &[(Arc<Activity>, u32)] {
        &self.activities
    }

    /// Milliseconds per quarter of an hour, the first beginning at midnight UTC.
    pub fn quarters(&self) -> &[u32; QUARTERS] {
        &self.quarters
    }

    /// The quarters in which something counted, each with its milliseconds.
    pub(crate) fn used_quarters(&self) -> impl Iterator<Item = (Interval, i64)> {
        let starts = (0..).map(|n| self.day.start().plus(n * QUARTER_MS));
        let used = starts.zip(self.quarters.iter()).filter(|(_, ms)| **ms > 0);
        used.filter_map(|(start, ms)| Some((Interval::new(start, start.plus(QUARTER_MS))?, i64::from(*ms))))
    }
}

/// The sums of a day that changes: adjusted by the runs that come and go, not made anew of all that stay.
#[derive(Debug, Clone)]
pub(crate) struct RunningSums {
    /// Milliseconds of each source, by its number.
    per_source: Vec<u32>,
    /// The same sources in the order of their activities.
    by_activity: Vec<SourceNo>,
    quarters: [u32; QUARTERS],
}

impl RunningSums {
    /// What counted runs sum up to.
    pub(crate) fn of(runs: &[Run], sources: &Sources) -> Self {
        let mut sums = Self { per_source: Vec::new(), by_activity: Vec::new(), quarters: [0; QUARTERS] };
        sums.admit_new(sources);
        for run in runs {
            sums.adjust(run, u32::saturating_add);
        }
        sums
    }

    /// Follows changes of the counted runs.
    pub(crate) fn follow(&mut self, changes: &[RunChange], sources: &Sources) {
        self.admit_new(sources);
        for (before, after) in changes {
            if let Some(run) = before {
                self.adjust(run, u32::saturating_sub);
            }
            if let Some(run) = after {
                self.adjust(run, u32::saturating_add);
            }
        }
    }

    /// The sums as the surface shows them.
    pub(crate) fn to_sums(&self, day: UtcDay, sources: &Sources) -> DaySums {
        let mut activities = Vec::<(Arc<Activity>, u32)>::with_capacity(self.by_activity.len());
        let sum = |&source: &SourceNo| (&sources[source].activity, self.per_source[source.index()]);
        for (activity, ms) in self.by_activity.iter().map(sum).filter(|(_, ms)| *ms > 0) {
            match activities.last_mut() {
                // Sources of several devices may have the same activity.
                Some((last, sum)) if last == activity => *sum = sum.saturating_add(ms),
                _ => activities.push((Arc::clone(activity), ms)),
            }
        }
        DaySums { day, activities, quarters: Box::new(self.quarters) }
    }

    /// About how much memory the sums take beside themselves, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        self.per_source.capacity() * size_of::<u32>() + self.by_activity.capacity() * size_of::<SourceNo>()
    }

    /// Gives sources that were first seen since the last change their places.
    fn admit_new(&mut self, sources: &Sources) {
        let known = self.by_activity.len();
        self.by_activity.extend(sources.numbers_after(known));
        if self.by_activity.len() > known {
            // All but the new ones are in order already, of which a stable sort makes use.
            self.by_activity.sort_by(|&a, &b| sources[a].activity.cmp(&sources[b].activity));
            self.per_source.resize(self.by_activity.len(), 0);
        }
    }

    /// Does `change`, which adds or takes away, with the run's time to each sum that the run is part of.
    fn adjust(&mut self, run: &Run, change: impl Fn(u32, u32) -> u32) {
        let sum = &mut self.per_source[run.source.index()];
        *sum = change(*sum, run.end - run.start);
        for (quarter, ms) in quarters_of(run) {
            // A run lies within its day, so that the quarter is one of it.
            let sum = &mut self.quarters[quarter];
            *sum = change(*sum, ms);
        }
    }
}

/// The quarters that a run meets, each with the milliseconds of the run that lie in it.
fn quarters_of(run: &Run) -> impl Iterator<Item = (usize, u32)> {
    const LENGTH: u32 = QUARTER_MS as u32;
    let met = run.start / LENGTH..run.end.div_ceil(LENGTH);
    met.map(|quarter| {
        let start = quarter * LENGTH;
        (quarter as usize, run.end.min(start + LENGTH) - run.start.max(start))
    })
}

/// Why numbers cannot be the sums of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptSums {
    /// Activities are out of order, twice there, or without time.
    Activities,
    /// This quarter, from 0, holds more than a quarter of an hour.
    Quarter(usize),
    /// The activities sum up to the first, the quarters to the second.
    Totals(u64, u64),
}

impl fmt::Display for CorruptSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activities => f.write_str("activities are out of order or without time"),
            Self::Quarter(n) => write!(f, "quarter {n} holds more than a quarter of an hour"),
            Self::Totals(activities, quarters) => {
                write!(f, "activities sum up to {activities} ms, quarters to {quarters} ms")
            }
        }
    }
}

impl std::error::Error for CorruptSums {}
