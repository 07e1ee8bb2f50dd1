//! The write-ahead log beside the database. SQLite copies it back by itself and begins it anew,
//! unless some reader is always in the middle of it; here is what keeps it bounded then, and what
//! empties it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;

/// How long a connection waits for another process (an operator's command, a backup) to finish
/// writing.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Above this it is copied back and cut off, even if that means to wait for readers. SQLite by
/// itself starts to copy at 4 MiB, so that this is only ever reached by a huge transaction or when
/// reads overlap without a pause.
const LIMIT_BYTES: u64 = 64 << 20;

/// The write-ahead log of a database.
#[derive(Debug, Clone)]
pub(super) struct Wal {
    file: Arc<Path>,
    limit_bytes: u64,
    /// Something was erased, and a reader kept the log from being emptied after it.
    owed: Arc<AtomicBool>,
}

impl Wal {
    pub(super) fn of(database: &Path) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-wal");
        Self { file: PathBuf::from(file).into(), limit_bytes: LIMIT_BYTES, owed: Arc::default() }
    }

    /// To be called after a commit: empties the log if it has become too long, or if that is owed and
    /// no reader is in the way now.
    pub(super) fn keep_short(&self, connection: &Connection) {
        if fs::metadata(&self.file).is_ok_and(|found| found.len() > self.limit_bytes) {
            self.empty(connection);
        } else if self.owed.load(Ordering::Relaxed) && connection.busy_timeout(Duration::ZERO).is_ok() {
            self.empty(connection);
            // If this fails, a later write fails at once where it could have waited.
            let _ = connection.busy_timeout(BUSY);
        }
    }

    /// Empties the log as soon as no reader is in the way: now, or after a later commit.
    pub(super) fn empty_soon(&self, connection: &Connection) {
        self.owed.store(true, Ordering::Relaxed);
        self.keep_short(connection);
    }

    /// Copies everything back and cuts the file off, once no reader needs it any more. What was
    /// deleted is in no file then. If a reader takes longer than the connection's busy timeout, it
    /// stays until a later commit.
    pub(super) fn empty(&self, connection: &Connection) {
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        // The commit is durable with or without this.
        self.owed.store(!matches!(busy, Ok(false)), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn connect(file: &Path) -> Connection {
        let connection = Connection::open(file).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "off").unwrap();
        connection
    }

    /// Reads without a pause, so that some reader is always in the middle of the log.
    fn read_until(file: &Path, done: &AtomicBool) {
        let reader = connect(file);
        while !done.load(Ordering::Relaxed) {
            reader.execute_batch("BEGIN; SELECT sum(length(bytes)) FROM t; SELECT 1; COMMIT").unwrap();
        }
    }

    /// Lets the readers go, also if the test fails.
    struct Done<'a>(&'a AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_log_stays_bounded_while_reads_overlap() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some.db");
        let writer = connect(&file);
        writer.execute_batch("CREATE TABLE t (bytes BLOB)").unwrap();
        let wal = Wal { limit_bytes: 256 << 10, ..Wal::of(&file) };
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| read_until(&file, &done));
            }
            let _done = Done(&done);
            for _ in 0..40 {
                writer.execute("INSERT INTO t VALUES (zeroblob(65536))", []).unwrap();
                wal.keep_short(&writer);
                let length = fs::metadata(&wal.file).unwrap().len();
                assert!(length <= wal.limit_bytes, "{length} bytes");
            }
        });
    }
}
