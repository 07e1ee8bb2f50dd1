//! The sums of one ledger day, of which long reports are made without its pieces: counted time per activity and per
//! quarter of an hour. Deliberately absent: devices, which no report tells apart, and how sums are stored.

use std::fmt;
use std::sync::Arc;

use crate::names::Activity;
use crate::run::{Run, Sources};
use crate::time::{DAY_MS, Interval, UtcDay};
use crate::timeline::Piece;

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
        Self::of_runs(day, &runs, &sources)
    }

    pub(crate) fn of_runs(day: UtcDay, runs: &[Run], sources: &Sources) -> Self {
        let mut quarters = Box::new([0; QUARTERS]);
        for run in runs {
            add_to(&mut quarters, run);
        }
        Self { day, activities: sources.per_activity(runs), quarters }
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

fn add_to(quarters: &mut [u32; QUARTERS], run: &Run) {
    const LENGTH: u32 = QUARTER_MS as u32;
    let mut start = run.start;
    while start < run.end {
        let quarter = start / LENGTH;
        let end = run.end.min((quarter + 1) * LENGTH);
        // A run lies within its day, so that the quarter is one of it.
        quarters[quarter as usize] = quarters[quarter as usize].saturating_add(end - start);
        start = end;
    }
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
