//! Whether the log takes records, by two watermarks over the bytes that wait in Redis.
//! Deliberately absent: counting them, which Redis does for all processes.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

pub(super) struct Fullness {
    full: AtomicBool,
    filled: Notify,
    high: u64,
    low: u64,
}

impl Fullness {
    pub(super) fn new(high: u64, low: u64) -> Self {
        Self { full: AtomicBool::new(false), filled: Notify::new(), high, low: low.min(high) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Full from the high watermark on, until below the low one.
    pub(super) fn note(&self, waiting: i64) {
        let waiting = waiting.max(0) as u64;
        if waiting >= self.high {
            self.full.store(true, Ordering::Relaxed);
            self.filled.notify_one();
        } else if waiting < self.low {
            self.full.store(false, Ordering::Relaxed);
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
    fn full_from_the_high_watermark_until_below_the_low_one() {
        let fullness = Fullness::new(100, 50);
        for (waiting, full) in [
            (0, false),
            (99, false),
            (100, true),
            (99, true),
            (50, true),
            (49, false),
            (99, false),
            (-5, false),
        ] {
            fullness.note(waiting);
            assert_eq!(fullness.is_full(), full, "at {waiting}");
        }
    }
}
