//! Makers of values for the tests of reports.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]
#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod zone;

use std::sync::Arc;

use dayline_domain::{Interval, Piece, Source, UtcDay, UtcMs};
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

pub(crate) fn piece(source: &Arc<Source>, start: i64, end: i64) -> Piece {
    Piece { source: Arc::clone(source), interval: interval(start, end) }
}
