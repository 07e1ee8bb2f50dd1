//! The sums of one ledger day, of which long reports are made without its pieces: counted time per
//! source and per quarter of an hour; and how they follow a day that changes. Not here: how sums
//! are stored.

use std::fmt;
use std::sync::Arc;

use crate::activity::{Piece, Source};
use crate::time::{DAY_MS, Interval, UtcDay, UtcMs};
use crate::timeline::day::runs::RunChanges;
use crate::timeline::numbers::{Numbers, SourceNo};
use crate::timeline::stretch::Stretch;
use crate::timeline::window::{Span, Window};

/// Milliseconds in a quarter of an hour. All zones of today begin their hours and days with one.
pub const QUARTER_MS: i64 = 900_000;
/// Quarters of an hour in a UTC day.
pub const QUARTERS: usize = (DAY_MS / QUARTER_MS) as usize;

/// What the counted pieces of one UTC day sum up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySums {
    day: UtcDay,
    /// In the order of sources, none of them with nothing.
    sources: Vec<(Arc<Source>, u32)>,
    quarters: Box<[u32; QUARTERS]>,
}

impl DaySums {
    /// The sums of a day's counted pieces, which do not overlap. What lies outside the day is left
    /// out.
    pub fn of<'a>(day: UtcDay, pieces: impl IntoIterator<Item = &'a Piece>) -> Self {
        let (mut sums, mut numbers) = (RunningSums::default(), Numbers::default());
        for piece in pieces {
            let inside = piece.interval.clip(day.interval());
            if let Some(span) = inside.and_then(|inside| Window::of(day).cut(inside)) {
                let of = numbers.entered(&piece.source);
                sums.adjust(Stretch { span, of }, u32::saturating_add);
            }
        }
        sums.to_sums(day, &numbers)
    }

    /// Sums as they were stored: milliseconds per source, in the order of sources, and per quarter.
    ///
    /// # Errors
    /// If no pieces sum up to them.
    pub fn restore(
        day: UtcDay,
        sources: Vec<(Arc<Source>, u32)>,
        quarters: [u32; QUARTERS],
    ) -> Result<Self, CorruptSums> {
        if !sources.is_sorted_by(|(a, _), (b, _)| a < b) || sources.iter().any(|(_, ms)| *ms == 0) {
            return Err(CorruptSums::Sources);
        }
        if let Some(full) = quarters.iter().position(|&ms| i64::from(ms) > QUARTER_MS) {
            return Err(CorruptSums::Quarter(full));
        }
        let per_source: u64 = sources.iter().map(|(_, ms)| u64::from(*ms)).sum();
        let per_quarter: u64 = quarters.iter().map(|ms| u64::from(*ms)).sum();
        if per_source != per_quarter {
            return Err(CorruptSums::Totals(per_source, per_quarter));
        }
        Ok(Self { day, sources, quarters: Box::new(quarters) })
    }

    /// Which day.
    pub fn day(&self) -> UtcDay {
        self.day
    }

    /// Milliseconds per source, all above 0, in the order of sources.
    pub fn sources(&self) -> &[(Arc<Source>, u32)] {
        &self.sources
    }

    /// Milliseconds per quarter of an hour, the first beginning at midnight UTC.
    pub fn quarters(&self) -> &[u32; QUARTERS] {
        &self.quarters
    }

    /// The quarters in which something counted, each with its milliseconds.
    pub fn used_quarters(&self) -> impl Iterator<Item = (Interval, i64)> {
        let starts = (0..).map(|n| self.day.start().plus(n * QUARTER_MS));
        let used = starts.zip(self.quarters.iter()).filter(|(_, ms)| **ms > 0);
        let quarter = |start: UtcMs| Interval::new(start, start.plus(QUARTER_MS));
        used.filter_map(move |(start, ms)| Some((quarter(start)?, i64::from(*ms))))
    }
}

/// The sums of a day that changes: adjusted by the runs that come and go, not made anew of all that
/// stay.
#[derive(Debug, Clone)]
pub(crate) struct RunningSums {
    /// Milliseconds of each source, by its number.
    per_source: Vec<u32>,
    quarters: [u32; QUARTERS],
}

impl Default for RunningSums {
    fn default() -> Self {
        Self { per_source: Vec::new(), quarters: [0; QUARTERS] }
    }
}

impl RunningSums {
    /// Follows changes of the counted runs.
    pub(crate) fn follow(&mut self, changes: &RunChanges) {
        for (before, after) in changes.iter() {
            if let Some(run) = before {
                self.adjust(run, u32::saturating_sub);
            }
            if let Some(run) = after {
                self.adjust(run, u32::saturating_add);
            }
        }
    }

    /// The sums as the surface shows them.
    pub(crate) fn to_sums(&self, day: UtcDay, numbers: &Numbers) -> DaySums {
        let with_time = numbers.sources().iter().zip(&self.per_source).filter(|(_, ms)| **ms > 0);
        let mut sources: Vec<(Arc<Source>, u32)> =
            with_time.map(|(source, ms)| (Arc::clone(source), *ms)).collect();
        sources.sort_unstable();
        DaySums { day, sources, quarters: Box::new(self.quarters) }
    }

    /// About how much memory the sums take beside themselves, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        self.per_source.capacity() * size_of::<u32>()
    }

    /// Does `change`, which adds or takes away, with the run's time to each sum that the run is
    /// part of.
    fn adjust(&mut self, run: Stretch<SourceNo>, change: impl Fn(u32, u32) -> u32) {
        if self.per_source.len() <= run.of.index() {
            self.per_source.resize(run.of.index() + 1, 0);
        }
        let sum = &mut self.per_source[run.of.index()];
        *sum = change(*sum, run.span.ms());
        for (quarter, ms) in quarters_of(run.span) {
            // A run lies within its day, so that the quarter is one of it.
            let sum = &mut self.quarters[quarter];
            *sum = change(*sum, ms);
        }
    }
}

/// The quarters of the day that a span of it meets, each with the milliseconds of the span that lie
/// in it.
fn quarters_of(span: Span) -> impl Iterator<Item = (usize, u32)> {
    const LENGTH: u32 = QUARTER_MS as u32;
    let (start, end) = (span.start - Span::DAY.start, span.end - Span::DAY.start);
    (start / LENGTH..end.div_ceil(LENGTH)).map(move |quarter| {
        let from = quarter * LENGTH;
        (quarter as usize, end.min(from + LENGTH) - start.max(from))
    })
}

/// Why numbers cannot be the sums of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptSums {
    /// Sources are out of order, twice there, or without time.
    Sources,
    /// This quarter, from 0, holds more than a quarter of an hour.
    Quarter(usize),
    /// The sources sum up to the first, the quarters to the second.
    Totals(u64, u64),
}

impl fmt::Display for CorruptSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sources => f.write_str("sources are out of order or without time"),
            Self::Quarter(n) => write!(f, "quarter {n} holds more than a quarter of an hour"),
            Self::Totals(sources, quarters) => {
                write!(f, "sources sum up to {sources} ms, quarters to {quarters} ms")
            }
        }
    }
}

impl std::error::Error for CorruptSums {}
