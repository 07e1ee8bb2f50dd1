//! What time it is.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// One instant by both clocks: the one that people read, and the one that is never set and stands still in a suspended machine.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// By the wall clock, in whole milliseconds.
    pub utc: Timestamp,
    /// By the steady clock.
    pub steady: Instant,
}

impl Now {
    /// Reads both clocks.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the ambient clock")]
    pub fn read() -> Self {
        Self { utc: whole_ms(Timestamp::now()), steady: Instant::now() }
    }
}

/// The instant without what is finer than a millisecond.
pub fn whole_ms(at: Timestamp) -> Timestamp {
    // A timestamp's own milliseconds are always in range.
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// So long before `at`; the beginning of time, where that is out of range.
pub fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).map_or(Timestamp::MIN, whole_ms)
}
