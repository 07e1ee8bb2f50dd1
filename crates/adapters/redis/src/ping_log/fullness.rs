//! Whether the log takes records, by the bytes that wait in Redis.
//! Not here: counting them, which Redis does for all processes.

use std::sync::atomic::{AtomicBool, Ordering};

use dayline_app::tracking::watermarks::Watermarks;
use tokio::sync::Notify;

pub(super) struct Fullness {
    full: AtomicBool,
    filled: Notify,
    watermarks: Watermarks,
}

impl Fullness {
    pub(super) fn new(watermarks: Watermarks) -> Self {
        Self { full: AtomicBool::new(false), filled: Notify::new(), watermarks }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Takes note of how many bytes wait. Redis may count less than nothing for a moment, after it
    /// lost some.
    pub(super) fn note(&self, waiting: i64) {
        let waiting = waiting.max(0) as u64;
        // In one step, since all senders tell: the last word is about the last number that came.
        let update = |full| Some(self.watermarks.is_full(full, waiting));
        let _ = self.full.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
        if self.is_full() {
            self.filled.notify_one();
        }
    }

    /// Returns when the log is full.
    pub(super) async fn filled(&self) {
        while !self.is_full() {
            self.filled.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_below_nothing_is_nothing() {
        let fullness = Fullness::new(Watermarks::new(100, 50));
        for (waiting, full) in [(100, true), (50, true), (-5, false), (99, false)] {
            fullness.note(waiting);
            assert_eq!(fullness.is_full(), full, "at {waiting}");
        }
    }
}
