//! How far the log is written and trimmed, kept in memory: depth, watermarks, and waking those who
//! wait for more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::LogDepth;
use dayline_app::tracking::watermarks::Watermarks;
use tokio::sync::Notify;

use super::options::PingLogOptions;

/// An entry's place, and the bytes of all payloads up to and including its own since the log was
/// made. Positions have no gaps, so that two marks tell how many entries and bytes are between
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub(super) position: u64,
    pub(super) total: u64,
}

pub(super) struct Progress {
    marks: Mutex<Marks>,
    /// Read by every append; kept outside of the mutex for that.
    full: AtomicBool,
    watermarks: Watermarks,
    grown: Notify,
}

struct Marks {
    committed: Mark,
    trimmed: Mark,
}

impl Progress {
    pub(super) fn new(committed: Mark, trimmed: Mark, options: &PingLogOptions) -> Self {
        let progress = Self {
            marks: Mutex::new(Marks { committed, trimmed }),
            full: AtomicBool::new(false),
            watermarks: Watermarks::new(options.high_bytes, options.low_bytes),
            grown: Notify::new(),
        };
        progress.weigh(&progress.marks());
        progress
    }

    pub(super) fn committed(&self) -> Mark {
        self.marks().committed
    }

    pub(super) fn trimmed(&self) -> Mark {
        self.marks().trimmed
    }

    pub(super) fn commit(&self, mark: Mark) {
        let mut marks = self.marks();
        marks.committed = mark;
        self.weigh(&marks);
        drop(marks);
        self.grown.notify_waiters();
    }

    /// Moves the trim mark forward to `mark`; never back, whatever the order in which trims arrive.
    pub(super) fn trim(&self, mark: Mark) {
        let mut marks = self.marks();
        if mark.position > marks.trimmed.position {
            marks.trimmed = mark;
            self.weigh(&marks);
        }
    }

    pub(super) fn depth(&self) -> LogDepth {
        self.marks().depth()
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Returns once an entry after `position` is committed.
    pub(super) async fn beyond(&self, position: u64) {
        loop {
            // Before the look, so that a commit between look and wait is not missed.
            let grown = self.grown.notified();
            if self.committed().position > position {
                return;
            }
            grown.await;
        }
    }

    /// Whether the log is full now. Called with the marks locked, so that the last word is about
    /// the last marks.
    fn weigh(&self, marks: &Marks) {
        let full = self.watermarks.is_full(self.is_full(), marks.depth().bytes);
        self.full.store(full, Ordering::Relaxed);
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        // Marks are whole at every moment, also if a thread panicked.
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn depth(&self) -> LogDepth {
        LogDepth {
            entries: self.committed.position.saturating_sub(self.trimmed.position),
            bytes: self.committed.total.saturating_sub(self.trimmed.total),
        }
    }
}
