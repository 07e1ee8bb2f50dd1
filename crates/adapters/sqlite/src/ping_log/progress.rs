//! How far the log is written, settled and trimmed, kept in memory: depth, watermarks, and waking
//! those who wait for more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dayline_app::ports::{LogDepth, Position};
use dayline_app::tracking::keep::{Keeping, Settled};
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
    /// What time is counted from.
    began: Instant,
}

struct Marks {
    committed: Mark,
    /// Where the ledger stands; not before `trimmed`.
    settled: Mark,
    trimmed: Mark,
    keeping: Keeping,
}

impl Progress {
    /// Of a log that is written up to `committed` and trimmed up to `trimmed`, with a ledger that
    /// stands at `settled`.
    pub(super) fn new(committed: Mark, trimmed: Mark, settled: Mark, options: &PingLogOptions) -> Self {
        let keeping = Keeping::new(options.keep);
        let progress = Self {
            marks: Mutex::new(Marks { committed, settled: trimmed, trimmed, keeping }),
            full: AtomicBool::new(false),
            watermarks: Watermarks::new(options.high_bytes, options.low_bytes),
            grown: Notify::new(),
            began: Instant::now(),
        };
        progress.settle(settled);
        progress
    }

    pub(super) fn committed(&self) -> Mark {
        self.marks().committed
    }

    pub(super) fn settled(&self) -> Mark {
        self.marks().settled
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

    /// The ledger stands at `mark`. Moves the trim mark forward to where nothing is to be kept any
    /// more; never back.
    pub(super) fn settle(&self, mark: Mark) {
        let mut marks = self.marks();
        let trimmed = marks.trimmed.into();
        if let Some(forgotten) = marks.keeping.settle(self.began.elapsed(), mark.into(), trimmed) {
            marks.trimmed = Mark { position: forgotten.position.major, total: forgotten.bytes };
        }
        marks.settled = if mark.position > marks.trimmed.position { mark } else { marks.trimmed };
        self.weigh(&marks);
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
            entries: self.committed.position.saturating_sub(self.settled.position),
            bytes: self.committed.total.saturating_sub(self.settled.total),
        }
    }
}

impl From<Mark> for Settled {
    fn from(mark: Mark) -> Self {
        Self { position: Position { major: mark.position, minor: 0 }, bytes: mark.total }
    }
}
