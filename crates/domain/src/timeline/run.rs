//! The compact form in which the rule works on one day: sources as numbers, times as milliseconds since
//! midnight. Never leaves this crate; the surface speaks of [`Piece`]s.

use std::collections::HashMap;
use std::ops::{Index, Range};
use std::sync::Arc;

use crate::names::{Activity, Source};
use crate::time::{DAY_MS, Interval, UtcDay};
use crate::timeline::piece::Piece;

/// A source's number within one [`Sources`]. The order of numbers means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceNo(u32);

impl SourceNo {
    /// Where a list with an entry for each source has this one's.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stretch of one source's time, never empty, in milliseconds since the day's midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) source: SourceNo,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Run {
    /// The whole day.
    pub(crate) const DAY: Range<u32> = 0..DAY_MS as u32;

    /// The part of `interval` that lies in `day`, if any.
    pub(crate) fn within(day: UtcDay, source: SourceNo, interval: Interval) -> Option<Self> {
        let part = interval.clip(day.interval())?;
        // Both lie in 0..=DAY_MS, which a u32 holds.
        let [start, end] = [part.start(), part.end()].map(|at| at.since(day.start()) as u32);
        Some(Self { source, start, end })
    }

    /// The part of this run in `from..to`, if any.
    pub(crate) fn part(&self, from: u32, to: u32) -> Option<Self> {
        let (start, end) = (self.start.max(from), self.end.min(to));
        (start < end).then_some(Self { start, end, ..*self })
    }

    /// What tells a run from all others of its kind: no two spans, counted or outranked runs share it.
    pub(crate) fn place(&self) -> (SourceNo, u32) {
        (self.source, self.start)
    }
}

/// The sources of one day, numbered in the order they were first seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    by_number: Vec<Arc<Source>>,
    numbers: HashMap<Arc<Source>, SourceNo>,
    name_bytes: usize,
}

impl Sources {
    /// The source's number; a new one if it has none yet.
    pub(crate) fn number(&mut self, source: &Arc<Source>) -> SourceNo {
        if let Some(&number) = self.numbers.get(source) {
            return number;
        }
        // Each source takes far more than a byte of memory, so there are never 2^32 of them.
        let number = SourceNo(self.by_number.len() as u32);
        self.by_number.push(Arc::clone(source));
        self.numbers.insert(Arc::clone(source), number);
        self.name_bytes += source.device.as_str().len() + source.activity.app.as_str().len();
        self.name_bytes += source.activity.domain.as_ref().map_or(0, |domain| domain.as_str().len());
        number
    }

    /// Sorts runs as the surface shows them: by start, then source.
    pub(crate) fn sort(&self, runs: &mut [Run]) {
        runs.sort_unstable_by(|a, b| a.start.cmp(&b.start).then_with(|| self[a.source].cmp(&self[b.source])));
    }

    /// The run as the surface shows it.
    pub(crate) fn piece(&self, day: UtcDay, run: Run) -> Option<Piece> {
        let at = |ms: u32| day.start().plus(i64::from(ms));
        let interval = Interval::new(at(run.start), at(run.end))?;
        Some(Piece { source: Arc::clone(&self[run.source]), interval })
    }

    /// The runs as the surface shows them, in the same order.
    pub(crate) fn pieces(
        &self,
        day: UtcDay,
        runs: impl IntoIterator<Item = Run>,
    ) -> impl Iterator<Item = Piece> {
        runs.into_iter().filter_map(move |run| self.piece(day, run))
    }

    /// The numbers of all sources but the first `known`, in the order they were first seen.
    pub(crate) fn numbers_after(&self, known: usize) -> impl Iterator<Item = SourceNo> {
        (known as u32..self.by_number.len() as u32).map(SourceNo)
    }

    /// About how much memory the sources take, in bytes.
    pub(crate) fn approx_bytes(&self) -> usize {
        // An `Arc` has two counters before its value; a hash map keeps one entry in eight free, and a byte each.
        const EACH: usize = size_of::<Source>() + size_of::<Activity>() + 4 * size_of::<usize>();
        const ENTRY: usize = size_of::<(Arc<Source>, SourceNo)>() + 1;
        self.name_bytes
            + self.by_number.len() * EACH
            + self.by_number.capacity() * size_of::<Arc<Source>>()
            + self.numbers.capacity() * ENTRY * 8 / 7
    }
}

impl Index<SourceNo> for Sources {
    type Output = Arc<Source>;

    fn index(&self, number: SourceNo) -> &Arc<Source> {
        &self.by_number[number.index()]
    }
}
