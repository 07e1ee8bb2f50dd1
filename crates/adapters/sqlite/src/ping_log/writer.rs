//! The thread that commits: takes what gathered, writes it, tells everybody who waits for it.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::AppendError;

use super::error::{is_failed_fsync, is_full};
use super::log_file::LogFile;
use super::options::Fatal;
use super::progress::Progress;
use super::queue::{GroupCommit, Queue, Work};
use super::rewrite::Rewrite;

/// How long a trim waits for a commit to go with, instead of an fsync of its own. A trim that is
/// lost in a crash is done again by the reader, so that there is no hurry.
const TRIM_PATIENCE: Duration = Duration::from_secs(5);
/// Between two ranges of a long deletion, when nothing else is to do.
const DELETE_PAUSE: Duration = Duration::from_millis(10);
/// A payload buffer larger than this after a rush is given back.
const KEPT_BUFFER: usize = 1 << 20;

pub(super) struct Writer {
    log_file: LogFile,
    queue: Arc<Queue>,
    progress: Arc<Progress>,
    fatal: Fatal,
    /// Those who wait for the commit under way.
    waiting: Option<Arc<GroupCommit>>,
    /// What failed the last time, of commits and of copies. Said once, not for each that follows.
    commits_fail: bool,
    copies_fail: bool,
}

impl Writer {
    pub(super) fn new(log_file: LogFile, queue: Arc<Queue>, progress: Arc<Progress>, fatal: Fatal) -> Self {
        Self { log_file, queue, progress, fatal, waiting: None, commits_fail: false, copies_fail: false }
    }

    pub(super) fn run(mut self) {
        let mut payload = Vec::new();
        loop {
            let patience = if self.log_file.owes_deletion() { DELETE_PAUSE } else { TRIM_PATIENCE };
            let work = self.queue.next(&mut payload, patience);
            let close = matches!(work, Work::Close);
            let mut rewrites = Vec::new();
            if let Work::Commit(commit, due) = work {
                (self.waiting, rewrites) = (Some(commit), due);
            }
            if let Err(error) = self.commit(&payload, &rewrites) {
                self.refuse_for_good(&error);
                return;
            }
            if close {
                return;
            }
            payload.clear();
            payload.shrink_to(KEPT_BUFFER);
        }
    }

    /// Commits and tells everybody who waits. An error means that nothing can be promised any more.
    fn commit(&mut self, payload: &[u8], rewrites: &[Rewrite]) -> Result<(), rusqlite::Error> {
        // Whoever waits wants to know whether the disk takes it, also if there is nothing to keep.
        let wanted = self.waiting.is_some();
        let outcome = self.log_file.commit(payload, rewrites, self.progress.trimmed(), wanted);
        if outcome.is_ok() && !payload.is_empty() {
            self.progress.commit(self.log_file.committed());
        }
        let failed = outcome.as_ref().err().is_some_and(is_failed_fsync);
        self.report(outcome.as_ref().err());
        if let Some(commit) = self.waiting.take() {
            commit.finish(outcome.as_ref().map_err(refusal).copied());
        }
        match outcome {
            Err(error) if failed => Err(error),
            // On a full disk there is room again in the write-ahead log once it is copied back.
            outcome => self.tidy(outcome.is_err_and(|error| is_full(&error))),
        }
    }

    fn tidy(&mut self, urgent: bool) -> Result<(), rusqlite::Error> {
        match self.log_file.tidy(urgent) {
            Ok(copied) => self.copies_fail &= !copied,
            Err(error) if is_failed_fsync(&error) => return Err(error),
            Err(error) => {
                if !self.copies_fail {
                    tracing::warn!(%error, "ping log: write-ahead log is not copied back, it grows");
                }
                self.copies_fail = true;
            }
        }
        Ok(())
    }

    fn report(&mut self, error: Option<&rusqlite::Error>) {
        match error {
            Some(error) if !self.commits_fail => {
                tracing::error!(%error, "ping log: commit failed, pings are refused");
            }
            None if self.commits_fail => {
                tracing::info!("ping log: commits succeed again");
            }
            _ => {}
        }
        self.commits_fail = error.is_some();
    }

    fn refuse_for_good(&mut self, error: &rusqlite::Error) {
        let why = format!("ping log: fsync failed, nothing can be promised any more: {error}");
        self.queue.refuse(&why);
        (self.fatal)(&why);
    }
}

impl Drop for Writer {
    /// However the thread ends, nobody waits for it in vain.
    fn drop(&mut self) {
        let why = "ping log is closed";
        if let Some(commit) = self.waiting.take() {
            commit.finish(Err(AppendError::Unavailable(why.to_owned())));
        }
        self.queue.refuse(why);
        if std::thread::panicking() {
            (self.fatal)("ping log: the writer panicked");
        }
    }
}

fn refusal(error: &rusqlite::Error) -> AppendError {
    AppendError::Unavailable(format!("ping log: {error}"))
}
