//! A time zone made by hand: an offset, and instants at which it changes.

use dayline_domain::{DAY_MS, LocalDate, UtcMs, Zone};
use proptest::prelude::*;

use super::at;

#[derive(Debug, Clone)]
pub(crate) struct FakeZone {
    /// The offset in seconds before the first change.
    pub(crate) before: i32,
    /// Instants in order, each with the offset in seconds from then on, which differs from the one before.
    pub(crate) changes: Vec<(UtcMs, i32)>,
}

impl FakeZone {
    pub(crate) fn fixed(offset_s: i32) -> Self {
        Self { before: offset_s, changes: Vec::new() }
    }

    /// Half-open stretches of one offset, from the beginning to the end of time.
    fn stretches(&self) -> impl Iterator<Item = (i64, i64, i32)> {
        let starts = [(UtcMs(i64::MIN), self.before)].into_iter().chain(self.changes.iter().copied());
        let ends = self.changes.iter().map(|(at, _)| at.0).chain([i64::MAX]);
        starts.zip(ends).map(|((start, offset), end)| (start.0, end, offset))
    }
}

impl Zone for FakeZone {
    fn name(&self) -> &'static str {
        "Test/Fake"
    }

    fn offset_s_at(&self, at: UtcMs) -> i32 {
        self.changes.iter().rev().find(|(change, _)| *change <= at).map_or(self.before, |(_, offset)| *offset)
    }

    fn next_transition(&self, at: UtcMs) -> Option<UtcMs> {
        self.changes.iter().map(|(change, _)| *change).find(|change| *change > at)
    }

    fn start_of(&self, date: LocalDate) -> UtcMs {
        let midnight = |offset: i32| i64::from(date.0) * DAY_MS - i64::from(offset) * 1000;
        let first = |(start, end, offset)| Some(midnight(offset).max(start)).filter(|at| *at < end);
        UtcMs(self.stretches().find_map(first).unwrap_or(i64::MAX))
    }
}

/// Zones that change a few times in a few days, by anything from a second to more than a day.
pub(crate) fn zones() -> impl Strategy<Value = FakeZone> {
    let change = (1i64..100 * 3600, -50_000i32..50_000);
    (-50_000i32..50_000, prop::collection::vec(change, 0..5)).prop_map(|(before, gaps)| {
        let (mut now, mut offset, mut changes) = (at(-3 * DAY_MS), before, Vec::new());
        for (gap_s, next) in gaps {
            now = now.plus(gap_s * 1000);
            if next != offset {
                changes.push((now, next));
            }
            offset = next;
        }
        FakeZone { before, changes }
    })
}
