//! Where records gather between two commits, and where those who brought them wait. The hottest
//! lock of the product: held for one copy of a record, with one wake-up of the writer per commit
//! and not per record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use dayline_app::ports::AppendError;
use tokio::sync::Notify;

use super::rewrite::Rewrite;

/// What a client is told to wait when too much gathers: the next commit takes it all.
const RETRY_PENDING_S: u32 = 1;

pub(super) struct Queue {
    gather: Mutex<Gather>,
    work: Condvar,
    max_bytes: usize,
}

struct Gather {
    payload: Vec<u8>,
    rewrites: Vec<Rewrite>,
    commit: Arc<GroupCommit>,
    /// Somebody waits for a commit, whether there is something to keep or not.
    checked: bool,
    /// The writer waits for work. Whoever brings the first record wakes it and clears this: waking
    /// is a system call, even if nobody sleeps.
    writer_sleeps: bool,
    closing: bool,
    /// Why nothing is accepted any more.
    refusing: Option<String>,
}

/// Everybody whose records are in one commit. One for all of them, made once per commit.
#[derive(Default)]
pub(super) struct GroupCommit {
    outcome: OnceLock<Result<(), AppendError>>,
    changed: Notify,
    /// Whether the one who was woken has woken the others.
    passed_on: AtomicBool,
}

/// What the writer is to do.
pub(super) enum Work {
    /// Commit the payload and what is written anew, then finish the group commit.
    Commit(Arc<GroupCommit>, Vec<Rewrite>),
    /// Nothing came; there is time for chores.
    Chores,
    /// Nothing will come any more.
    Close,
}

impl Queue {
    pub(super) fn new(max_bytes: usize) -> Self {
        let gather = Gather {
            payload: Vec::new(),
            rewrites: Vec::new(),
            commit: Arc::default(),
            checked: false,
            writer_sleeps: false,
            closing: false,
            refusing: None,
        };
        Self { gather: Mutex::new(gather), work: Condvar::new(), max_bytes }
    }

    /// Adds a record to the next commit.
    pub(super) fn enlist(&self, record: &[u8]) -> Result<Arc<GroupCommit>, AppendError> {
        self.join(|gather| {
            if !gather.payload.is_empty() && gather.payload.len() + record.len() > self.max_bytes {
                return Err(AppendError::Full { retry_after_s: RETRY_PENDING_S });
            }
            gather.payload.extend_from_slice(record);
            Ok(())
        })
    }

    /// Asks for a commit, even if there is nothing to keep.
    pub(super) fn enlist_check(&self) -> Result<Arc<GroupCommit>, AppendError> {
        self.join(|gather| {
            gather.checked = true;
            Ok(())
        })
    }

    /// Writes entries anew with the next commit.
    pub(super) fn enlist_rewrites(
        &self,
        mut rewrites: Vec<Rewrite>,
    ) -> Result<Arc<GroupCommit>, AppendError> {
        self.join(|gather| {
            gather.rewrites.append(&mut rewrites);
            gather.checked = true;
            Ok(())
        })
    }

    /// Joins the next commit, to which `add` adds something.
    fn join(
        &self,
        add: impl FnOnce(&mut Gather) -> Result<(), AppendError>,
    ) -> Result<Arc<GroupCommit>, AppendError> {
        let mut gather = self.lock();
        if let Some(why) = &gather.refusing {
            return Err(AppendError::Unavailable(why.clone()));
        }
        add(&mut gather)?;
        let commit = Arc::clone(&gather.commit);
        let wake = std::mem::take(&mut gather.writer_sleeps);
        drop(gather);
        if wake {
            self.work.notify_one();
        }
        Ok(commit)
    }

    /// Waits for work, at most for `patience`. The payload is swapped with `spare`, which must be
    /// empty: two buffers take turns, so that the steady state allocates nothing for them.
    pub(super) fn next(&self, spare: &mut Vec<u8>, patience: Duration) -> Work {
        let mut gather = self.lock();
        let mut idle = false;
        loop {
            if !gather.payload.is_empty() || gather.checked {
                gather.checked = false;
                std::mem::swap(&mut gather.payload, spare);
                let rewrites = std::mem::take(&mut gather.rewrites);
                return Work::Commit(std::mem::take(&mut gather.commit), rewrites);
            }
            if gather.closing {
                return Work::Close;
            }
            if idle {
                return Work::Chores;
            }
            gather.writer_sleeps = true;
            let (woken, timeout) =
                self.work.wait_timeout(gather, patience).unwrap_or_else(PoisonError::into_inner);
            gather = woken;
            gather.writer_sleeps = false;
            idle = timeout.timed_out();
        }
    }

    /// Ends the writer once everything that was accepted is committed.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_one();
    }

    /// Accepts nothing any more and turns away those who wait. The first reason stays.
    pub(super) fn refuse(&self, why: &str) {
        let mut gather = self.lock();
        gather.refusing.get_or_insert_with(|| why.to_owned());
        gather.payload = Vec::new();
        let commit = std::mem::take(&mut gather.commit);
        drop(gather);
        commit.finish(Err(AppendError::Unavailable(why.to_owned())));
    }

    fn lock(&self) -> MutexGuard<'_, Gather> {
        // Nothing that is done under the lock can panic half-way.
        self.gather.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GroupCommit {
    /// Tells everybody what became of their records. Only the first call counts.
    ///
    /// Wakes one of them, who wakes the others: that is one wake-up from the writer's thread to the
    /// runtime's, and the others are woken from inside the runtime, where waking costs no system
    /// call.
    pub(super) fn finish(&self, outcome: Result<(), AppendError>) {
        let _ = self.outcome.set(outcome);
        self.changed.notify_one();
    }

    /// What became of the records, once that is known. Who is woken and dropped before it looks
    /// hands the wake-up on.
    pub(super) async fn finished(&self) -> Result<(), AppendError> {
        let outcome = loop {
            // Before the look, so that an outcome between look and wait is not missed.
            let changed = self.changed.notified();
            if let Some(outcome) = self.outcome.get() {
                break outcome.clone();
            }
            changed.await;
        };
        if !self.passed_on.swap(true, Ordering::Relaxed) {
            self.changed.notify_waiters();
        }
        outcome
    }
}
