//! The ping log in a SQLite file of its own, with group commit: one row per commit, its payload all
//! the records that arrived while the commit before it was on its way to the disk. Not here: timers
//! on the way of a ping, and the reader's position (the ledger keeps that).

mod checkpoint;
mod entry;
mod error;
#[cfg(test)]
mod failing_disk;
mod log_file;
mod options;
mod progress;
mod queue;
mod reader;
mod rewrite;
mod schema;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use dayline_app::ports::{
    AppendError, BoxFuture, Erased, LogDepth, LogRead, Lost, Partition, PingLog, PortError, PortFuture,
    Position,
};
use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::folder::create_private;
pub use error::OpenPingLogError;
use log_file::LogFile;
pub use options::PingLogOptions;
use options::{Fatal, RETRY_FULL_S};
use progress::Progress;
use queue::{GroupCommit, Queue};
use reader::Reader;
pub(crate) use schema::open_snapshot;
use writer::Writer;

const FILE: &str = "ping-log.db";
const LOCK_FILE: &str = "ping-log.lock";

/// A [`PingLog`] of one partition in a SQLite file. Dropping it commits what gathered and closes
/// the file; that takes a commit or two, so that async code may as well wait for it.
pub struct SqlitePingLog {
    queue: Arc<Queue>,
    progress: Arc<Progress>,
    reader: Arc<Reader>,
    writer: Option<JoinHandle<()>>,
    /// Held while entries are searched and written anew: two at once would undo each other's work.
    erasing: Mutex<()>,
    /// Held as long as the log is open; the system lets go of it when the process ends, however it
    /// ends.
    _lock: File,
}

/// Where the log of a data folder is.
pub(crate) fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

impl SqlitePingLog {
    /// Opens the log in `folder` (which exists), or makes one. Blocks for a few milliseconds,
    /// however much waits in the log. `fatal` is called from a thread of the log if an fsync fails:
    /// the system may then have dropped what it was to write, so that nothing can be promised by
    /// this process any more.
    pub fn open(
        folder: &Path,
        options: &PingLogOptions,
        fatal: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, OpenPingLogError> {
        let lock = lock(&folder.join(LOCK_FILE))?;
        let path = file_in(folder);
        create_private(&path).map_err(|source| OpenPingLogError::Io { path: path.clone(), source })?;
        let log_file = LogFile::open(&path, options)?;
        Self::start(lock, path, log_file, options, Box::new(fatal))
    }

    fn start(
        lock: File,
        path: PathBuf,
        log_file: LogFile,
        options: &PingLogOptions,
        fatal: Fatal,
    ) -> Result<Self, OpenPingLogError> {
        let reader = Arc::new(Reader::open(&path)?);
        let settled = log_file
            .mark_at(options.settled.major)
            .map_err(|source| OpenPingLogError::Sqlite { path: path.clone(), source })?;
        let (committed, trimmed) = (log_file.committed(), log_file.trimmed());
        let progress = Arc::new(Progress::new(committed, trimmed, settled, options));
        let queue = Arc::new(Queue::new(options.max_pending_bytes));
        let writer = Writer::new(log_file, Arc::clone(&queue), Arc::clone(&progress), fatal);
        let writer = std::thread::Builder::new()
            .name("ping-log".into())
            .spawn(move || writer.run())
            .map_err(|source| OpenPingLogError::Io { path, source })?;
        Ok(Self { queue, progress, reader, writer: Some(writer), erasing: Mutex::default(), _lock: lock })
    }

    async fn append_record(&self, partition: Partition, record: &[u8]) -> Result<(), AppendError> {
        if partition != Partition(0) {
            return Err(AppendError::Unavailable(no_partition(partition)));
        }
        if self.progress.is_full() {
            return Err(AppendError::Full { retry_after_s: RETRY_FULL_S });
        }
        // Nothing to keep, and an entry must have bytes to be committed.
        if record.is_empty() {
            return Ok(());
        }
        self.queue.enlist(record)?.finished().await
    }

    async fn check_append(&self) -> Result<(), PortError> {
        if self.progress.is_full() {
            return Err(PortError::Unavailable("ping log: full".to_owned()));
        }
        Self::finished(self.queue.enlist_check()).await
    }

    /// Waits for a commit without new entries.
    async fn finished(enlisted: Result<Arc<GroupCommit>, AppendError>) -> Result<(), PortError> {
        let outcome = match enlisted {
            Ok(commit) => commit.finished().await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| match error {
            AppendError::Unavailable(why) => PortError::Unavailable(why),
            AppendError::Full { .. } => PortError::Unavailable("ping log: full".to_owned()),
        })
    }

    async fn read(&self, after: Position, max_bytes: usize) -> Result<LogRead, PortError> {
        let trimmed = self.progress.trimmed().position;
        let lost = trimmed.saturating_sub(after.major);
        let up_to = Position { major: trimmed, minor: 0 };
        let lost = (lost > 0).then_some(Lost { up_to, entries: lost });
        let after = after.major.max(trimmed);
        // The usual answer to a reader that keeps up costs no thread hop and no system call.
        if after >= self.progress.committed().position {
            return Ok(LogRead { lost, entries: Vec::new() });
        }
        let entries = self.blocking(move |reader| reader.read_after(after, max_bytes)).await?;
        Ok(LogRead { lost, entries })
    }

    async fn settle_up_to(&self, up_to: Position) -> Result<(), PortError> {
        let (committed, trimmed) = (self.progress.committed(), self.progress.trimmed());
        let settled = if up_to.major >= committed.position {
            Some(committed)
        } else if up_to.major <= trimmed.position {
            Some(trimmed)
        } else {
            self.blocking(move |reader| reader.mark_at(up_to.major)).await?
        };
        if let Some(settled) = settled {
            self.progress.settle(settled);
        }
        Ok(())
    }

    async fn erase_kept(&self, erased: Erased) -> Result<(), PortError> {
        let _erasing = self.erasing.lock().await;
        let (up_to, erased) = (self.progress.settled().position, Arc::new(erased));
        let mut after = Some(self.progress.trimmed().position);
        while let Some(from) = after {
            let erased = Arc::clone(&erased);
            let found = self.blocking(move |reader| reader.find_erased(from, up_to, &erased)).await?;
            if !found.rewrites.is_empty() {
                Self::finished(self.queue.enlist_rewrites(found.rewrites)).await?;
            }
            after = found.next;
        }
        Ok(())
    }

    /// Runs on the runtime's blocking threads, which are kept for seconds after use: a steady
    /// reader does not pay for a new one each time.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, PortError> {
        let reader = Arc::clone(&self.reader);
        tokio::task::spawn_blocking(move || work(&reader))
            .await
            .map_err(|error| PortError::Unavailable(format!("ping log reader stopped: {error}")))?
            .map_err(|error| Failure::from(error).into())
    }
}

impl Drop for SqlitePingLog {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so, and told the process to stop.
            let _ = writer.join();
        }
    }
}

impl PingLog for SqlitePingLog {
    fn partitions(&self) -> u32 {
        1
    }

    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(async move { self.append_record(partition, &record).await })
    }

    fn read_after(&self, partition: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead> {
        Box::pin(async move {
            check(partition)?;
            self.read(after, max_bytes).await
        })
    }

    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if check(partition).is_ok() {
                self.progress.beyond(after.major).await;
            }
        })
    }

    fn settle(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(async move {
            check(partition)?;
            self.settle_up_to(up_to).await
        })
    }

    fn erase(&self, partition: Partition, erased: Erased) -> PortFuture<'_, ()> {
        Box::pin(async move {
            check(partition)?;
            self.erase_kept(erased).await
        })
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(async move { Ok(self.progress.depth()) })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(self.check_append())
    }
}

fn check(partition: Partition) -> Result<(), PortError> {
    if partition == Partition(0) { Ok(()) } else { Err(PortError::Rejected(no_partition(partition))) }
}

fn no_partition(Partition(number): Partition) -> String {
    format!("this ping log has one partition, 0, not {number}")
}

fn lock(path: &Path) -> Result<File, OpenPingLogError> {
    let io = |source| OpenPingLogError::Io { path: path.to_owned(), source };
    create_private(path).map_err(io)?;
    let file = File::open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenPingLogError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}
