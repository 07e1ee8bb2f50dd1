//! What the tests of this folder share: makers of values, and a store that applies changes as a real one must.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]
#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod zone;

use std::sync::Arc;

use dayline_domain::{DayChange, Interval, Piece, PieceChanges, Ping, Source, UtcDay, UtcMs};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// So many cases; those that failed are kept beside the test's file.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

/// The day that begins at the midnight from which tests count.
pub(crate) const DAY: UtcDay = UtcDay(20_000);

/// The instant `ms` after the midnight that begins [`DAY`].
pub(crate) fn at(ms: i64) -> UtcMs {
    DAY.start().plus(ms)
}

pub(crate) fn interval(start: i64, end: i64) -> Interval {
    Interval::new(at(start), at(end)).unwrap()
}

pub(crate) fn source(device: &str, app: &str, domain: Option<&str>) -> Arc<Source> {
    Source::new(device, app, domain).unwrap()
}

pub(crate) fn ping(source: &Arc<Source>, start: i64, end: i64) -> Ping {
    Ping { source: Arc::clone(source), interval: interval(start, end) }
}

pub(crate) fn piece(source: &Arc<Source>, start: i64, end: i64) -> Piece {
    Piece { source: Arc::clone(source), interval: interval(start, end) }
}

/// The parts of pings in each UTC day, as the worker hands them to a ledger day.
pub(crate) fn cut(pings: &[Ping]) -> Vec<(UtcDay, Ping)> {
    let parts = |ping: &Ping| {
        let source = Arc::clone(&ping.source);
        let part = move |(day, interval)| (day, Ping { source: Arc::clone(&source), interval });
        ping.interval.cut_at_midnight().map(part).collect::<Vec<_>>()
    };
    pings.iter().flat_map(parts).collect()
}

/// A model of a stored day. Applies changes in the documented order and refuses what a database would: changes
/// to rows that are not there, and overlaps after any single step.
#[derive(Default)]
pub(crate) struct StoredDay {
    pub(crate) version: u64,
    pub(crate) counted: Vec<Piece>,
    pub(crate) outranked: Vec<Piece>,
}

impl StoredDay {
    pub(crate) fn apply(&mut self, change: &DayChange) {
        assert_eq!(change.from_version, self.version);
        assert_eq!(change.to_version, self.version + 1);
        self.version = change.to_version;
        apply(&mut self.counted, &change.counted, |_, _| true);
        apply(&mut self.outranked, &change.outranked, |a, b| a.source == b.source);
        self.counted.sort_by_key(|piece| piece.interval.start());
        self.outranked.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
    }
}

/// Applies changes to rows of which no two for which `exclusive` holds may overlap.
fn apply(rows: &mut Vec<Piece>, changes: &PieceChanges, exclusive: fn(&Piece, &Piece) -> bool) {
    let find = |rows: &[Piece], piece: &Piece| rows.iter().position(|row| row == piece).unwrap();
    let put = |rows: &mut Vec<Piece>, piece: Piece| {
        let meets = |row: &&Piece| row.interval.clip(piece.interval).is_some() && exclusive(row, &piece);
        assert_eq!(rows.iter().find(meets), None, "overlaps {piece:?}");
        rows.push(piece);
    };
    for piece in &changes.removed {
        let row = find(rows, piece);
        rows.swap_remove(row);
    }
    for resized in &changes.resized {
        let row = find(rows, &resized.piece);
        let Piece { source, interval } = rows.swap_remove(row);
        assert_ne!(interval.end(), resized.new_end);
        put(rows, Piece { source, interval: Interval::new(interval.start(), resized.new_end).unwrap() });
    }
    for piece in &changes.added {
        put(rows, piece.clone());
    }
}

/// Milliseconds of pieces that do not overlap.
pub(crate) fn measure(pieces: &[Piece]) -> i64 {
    pieces.iter().map(|piece| piece.interval.ms()).sum()
}
