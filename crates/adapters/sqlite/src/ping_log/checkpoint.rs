//! Copies the write-ahead log back into the file, so that it can begin anew, without holding
//! appends up. Not here: SQLite's own checkpoints, which make one unlucky commit wait for all of
//! the copying.
//!
//! A thread with a connection of its own copies while commits go on, and again what they added
//! meanwhile, until little is left. Only that little is copied by the writer, between two commits:
//! with nobody writing the copy is complete, and the next commit starts over at the beginning of
//! the write-ahead log. So its file stops growing, and overwriting it costs a commit half of what
//! extending it does: no new blocks, no new length to make durable.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::error::OpenPingLogError;
use super::schema;

/// So many pages at most are left for the writer; a commit or two of copying.
const LITTLE: i64 = 64;
/// On a disk that is too slow to catch up with the writer, the rest is what it is.
const PASSES: usize = 4;

/// What a copy came to.
pub(super) struct Copied {
    /// Somebody else was at it.
    busy: bool,
    /// Pages in the write-ahead log.
    pages: i64,
    /// How many of them are in the file now.
    done: i64,
}

/// The thread that copies in the background.
pub(super) struct Checkpointer {
    start: Option<SyncSender<()>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

type Outcome = Result<(), rusqlite::Error>;

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    outcome: Mutex<Option<Outcome>>,
}

impl Checkpointer {
    pub(super) fn open(path: &Path) -> Result<Self, OpenPingLogError> {
        let connection = schema::open_again(path)
            .map_err(|source| OpenPingLogError::Sqlite { path: path.to_owned(), source })?;
        let shared = Arc::<Shared>::default();
        let (start, starts) = sync_channel(1);
        let thread = std::thread::Builder::new().name("ping-log-copy".into()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run(&connection, &starts)
        });
        let thread = thread.map_err(|source| OpenPingLogError::Io { path: path.to_owned(), source })?;
        Ok(Self { start: Some(start), shared, thread: Some(thread) })
    }

    /// Starts copying; [`Checkpointer::take_outcome`] tells when it is done.
    pub(super) fn start(&self) {
        if let Some(start) = &self.start {
            // Full means that it is about to start anyway.
            let _ = start.try_send(());
        }
    }

    /// How the copy went that was started, once it has ended.
    pub(super) fn take_outcome(&self) -> Option<Outcome> {
        // The mutex is only touched when there is something in it: this is asked after each commit.
        let ended = self.shared.ended.swap(false, Ordering::AcqRel);
        if ended { self.shared.outcome.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.start = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, connection: &Connection, starts: &Receiver<()>) {
        while starts.recv().is_ok() {
            let outcome = copy_most(connection);
            *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            self.ended.store(true, Ordering::Release);
        }
    }
}

fn copy_most(connection: &Connection) -> Outcome {
    for _ in 0..PASSES {
        let Copied { pages, done, .. } = copy(connection)?;
        if pages - done <= LITTLE {
            break;
        }
    }
    Ok(())
}

/// Copies what no reader still needs in its older form; waits for nobody.
pub(super) fn copy(connection: &Connection) -> Result<Copied, rusqlite::Error> {
    connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |row| Ok(Copied { busy: row.get(0)?, pages: row.get(1)?, done: row.get(2)? }))
}

/// Copies everything and cuts the write-ahead log off, unless somebody reads it at this moment: then
/// gives false.
pub(super) fn cut_off(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.busy_timeout(Duration::ZERO)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(schema::BUSY)?;
    busy.map(|busy| !busy)
}

impl Copied {
    pub(super) fn is_complete(&self) -> bool {
        !self.busy && self.pages == self.done
    }
}
