//! How the running tracker fares, in a file for `status` to read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::paths::replace;
use crate::spool::Waiting;

/// The file is written at most once in so long, unless something goes wrong or is well again.
const PACE: Duration = Duration::from_secs(5);

/// How a tracker fares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What was seen last, and until when.
    pub seen: Option<(String, Timestamp)>,
    /// When a watcher used the relay last.
    pub relayed: Option<Timestamp>,
    /// What watches, or why nothing does.
    pub eyes: String,
    /// What waits to be sent.
    pub waiting: Waiting,
    /// When the server last took something.
    pub taken: Option<Timestamp>,
    /// Why it takes nothing.
    pub trouble: Option<String>,
    /// Observations that the server will never take.
    pub rejected: u64,
    /// Observations that were lost, since the spool was full or could not be written.
    pub lost: u64,
}

impl Status {
    /// What a tracker wrote last; `None` if there was none.
    pub fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }
}

/// The status of the running tracker, and where it is shown.
#[derive(Debug)]
pub struct Board {
    file: PathBuf,
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    status: Status,
    /// When the file was written.
    written: Option<Instant>,
    /// Whether it lacks a change.
    lacks: bool,
}

impl Board {
    /// Shows the status in this file.
    pub fn new(file: PathBuf) -> Self {
        Self { file, shown: Mutex::default() }
    }

    /// Changes what is shown.
    pub fn change(&self, change: impl FnOnce(&mut Status)) {
        let mut shown = self.shown();
        let trouble = shown.status.trouble.clone();
        change(&mut shown.status);
        let now = Now::read().steady;
        let early = shown.written.is_some_and(|written| now.duration_since(written) < PACE);
        shown.lacks = early && shown.status.trouble == trouble;
        if !shown.lacks {
            shown.written = Some(now);
            self.write(&shown.status);
        }
    }

    /// Shows what came too early for the file.
    pub fn catch_up(&self) {
        let mut shown = self.shown();
        if std::mem::take(&mut shown.lacks) {
            shown.written = Some(Now::read().steady);
            self.write(&shown.status);
        }
    }

    /// Shows how it was when the tracker ended.
    pub fn end(&self, waiting: Waiting) {
        let mut shown = self.shown();
        shown.status.waiting = waiting;
        shown.status.eyes.clear();
        self.write(&shown.status);
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, status: &Status) {
        let text = serde_json::to_vec(status).unwrap_or_default();
        // It is shown for people alone, who see by its age that it could not be written.
        let _ = replace(&self.file, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_shown_at_once_and_other_changes_a_little_later() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status.json");
        let board = Board::new(file.clone());
        board.change(|status| status.rejected = 1);
        board.change(|status| status.rejected = 2);
        assert_eq!(Status::read(&file).unwrap().rejected, 1);
        board.change(|status| status.trouble = Some("no answer".to_owned()));
        let shown = Status::read(&file).unwrap();
        assert_eq!((shown.rejected, shown.trouble.as_deref()), (2, Some("no answer")));
        board.change(|status| status.trouble = None);
        assert_eq!(Status::read(&file).unwrap().trouble, None);

        board.change(|status| status.rejected = 3);
        assert_eq!(Status::read(&file).unwrap().rejected, 2);
        board.catch_up();
        assert_eq!(Status::read(&file).unwrap().rejected, 3);
        board.change(|status| status.rejected = 4);
        board.end(Waiting { records: 7, bytes: 900 });
        let shown = Status::read(&file).unwrap();
        assert_eq!((shown.rejected, shown.waiting.records, shown.eyes.as_str()), (4, 7, ""));
    }
}
