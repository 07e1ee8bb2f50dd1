//! The system's wall clock. Not here: monotonic time; what measures waiting keeps its own.

use std::time::{SystemTime, UNIX_EPOCH};

use dayline_app::ports::Clock;
use dayline_domain::UtcMs;

/// The system's wall clock, in whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the ambient clock")]
    fn now(&self) -> UtcMs {
        let ms = |since: std::time::Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => UtcMs(ms(after)),
            Err(before) => UtcMs(-ms(before.duration())),
        }
    }
}
