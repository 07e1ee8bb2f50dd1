//! A copy of a data folder that is as of one moment, while a server works in it or none does.
//! Not here: the keys, which are no database.
//!
//! Both files are read from snapshots that are opened one right after the other, the ledger's first. So
//! what was acknowledged before is in the one or the other: the log forgets only what the ledger has, and
//! a log that has forgotten more than the ledger's snapshot has is opened again, with a new one of the
//! ledger.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension};
use thiserror::Error;

use crate::folder::{create_private, create_private_folder, database_in};
use crate::migrations::refuse_foreign;
use crate::open_error::{OpenError, way_out};
use crate::ping_log::{OpenPingLogError, file_in, open_snapshot};

/// Pages that are copied between two looks at whether to go on: 4 MiB.
const PAGES_AT_A_TIME: i32 = 1_024;
/// Bytes of a page, as all our files have it.
const PAGE: u64 = 4_096;
/// How often the two files are opened before it is too much: each time is some milliseconds, and in none of
/// them the log may forget what was processed meanwhile.
const TRIES: usize = 100;
/// How long a connection waits for another one.
const BUSY: Duration = Duration::from_secs(5);

/// Why there is no backup. What was written of it is removed again.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum BackupError {
    /// There is nothing to copy, or it can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ping log can't be opened.
    #[error(transparent)]
    OpenLog(#[from] OpenPingLogError),
    /// Something else is where the backup is to be.
    #[error("{} is not empty: a backup needs a folder of its own, which is made if it is missing", folder.display())]
    NotEmpty { folder: PathBuf },
    /// The system refused.
    #[error("{}: {error}{}", path.display(), way_out(error))]
    Io { path: PathBuf, error: io::Error },
    /// SQLite refused.
    #[error("{} can't be copied: {error}", file.display())]
    Sqlite { file: PathBuf, error: rusqlite::Error },
    /// The copy is not whole, so that what was copied is not either.
    #[error("the copy of {} is damaged ({why}), as it is itself; see \"Damaged data\" in docs/operations.md", file.display())]
    Damaged { file: PathBuf, why: String },
    /// The log forgets faster than both files can be opened.
    #[error(
        "the ping log forgets what is processed too fast to be copied: give the server a --log-keep above 0"
    )]
    NoMoment,
    /// Whoever wanted it wants it no more.
    #[error("stopped; nothing is left of the backup")]
    Stopped,
}

/// How far a backup has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupProgress {
    /// Bytes that are copied.
    pub done: u64,
    /// Bytes that there are to copy.
    pub all: u64,
}

/// Copies the databases of a data folder into a folder that is empty or not there. They are durable there,
/// and have been checked, when this returns. `progress` is told how far it is, and says whether to go on.
/// Blocks.
///
/// # Errors
///
/// [`BackupError`].
pub fn back_up(
    folder: &Path,
    to: &Path,
    progress: impl FnMut(BackupProgress) -> ControlFlow<()>,
) -> Result<BackupProgress, BackupError> {
    let sources = snapshots(folder)?;
    let made = make_empty(to)?;
    let mut copying = Copying { to, done: BackupProgress { done: 0, all: 0 }, progress };
    let outcome = copying.all(&sources);
    if outcome.is_err() {
        for source in &sources {
            let _ = fs::remove_file(source.beside(to));
            let _ = fs::remove_file(source.named(to));
        }
        if made {
            let _ = fs::remove_dir(to);
        }
    }
    outcome.map(|()| copying.done)
}

/// A file as of one moment.
struct Source {
    file: PathBuf,
    /// In a transaction that has begun to read.
    connection: Connection,
}

impl Source {
    /// Where its copy is in the end.
    fn named(&self, to: &Path) -> PathBuf {
        to.join(self.file.file_name().unwrap_or_default())
    }

    /// Where its copy is until it is whole.
    fn beside(&self, to: &Path) -> PathBuf {
        let mut name = self.named(to).into_os_string();
        name.push(".new");
        name.into()
    }

    fn sqlite(&self, error: rusqlite::Error) -> BackupError {
        BackupError::Sqlite { file: self.file.clone(), error }
    }

    fn bytes(&self) -> Result<u64, BackupError> {
        let pages = self.connection.pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0));
        Ok(u64::from(pages.map_err(|error| self.sqlite(error))?) * PAGE)
    }
}

/// The log, if there is one, and the ledger, as of one moment. The ledger comes last: a folder without it
/// is none.
fn snapshots(folder: &Path) -> Result<Vec<Source>, BackupError> {
    // What the log had forgotten at the try before.
    let mut forgotten = 0;
    for _ in 0..TRIES {
        let (ledger, settled) = ledger_snapshot(folder)?;
        let file = file_in(folder);
        if !file.is_file() {
            return Ok(vec![ledger]);
        }
        let (connection, trimmed) = open_snapshot(&file)?;
        // What the log forgot before this look at the ledger, which has it not, was lost before.
        if trimmed <= settled || forgotten > settled {
            return Ok(vec![Source { file, connection }, ledger]);
        }
        forgotten = trimmed;
    }
    Err(BackupError::NoMoment)
}

fn ledger_snapshot(folder: &Path) -> Result<(Source, u64), BackupError> {
    let file = database_in(folder);
    if !file.is_file() {
        return Err(OpenError::Missing { folder: folder.to_owned() }.into());
    }
    let (connection, settled) = open_ledger(&file)?;
    Ok((Source { file, connection }, settled))
}

/// The ledger, and up to where it has what was in the log. Also one that lacks migrations: before an
/// upgrade a backup is worth most.
fn open_ledger(file: &Path) -> Result<(Connection, u64), OpenError> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    refuse_foreign(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.execute_batch("BEGIN")?;
    let position = "SELECT major FROM log_positions WHERE partition = 0";
    let settled: Option<i64> = connection.query_row(position, [], |row| row.get(0)).optional()?;
    Ok((connection, settled.unwrap_or(0).unsigned_abs()))
}

/// Makes the folder if it is missing; gives whether it did.
fn make_empty(folder: &Path) -> Result<bool, BackupError> {
    let io = |error| BackupError::Io { path: folder.to_owned(), error };
    let made = !folder.exists();
    create_private_folder(folder).map_err(io)?;
    match fs::read_dir(folder).map_err(io)?.next() {
        None => Ok(made),
        Some(_) => Err(BackupError::NotEmpty { folder: folder.to_owned() }),
    }
}

struct Copying<'a, P> {
    to: &'a Path,
    done: BackupProgress,
    progress: P,
}

impl<P: FnMut(BackupProgress) -> ControlFlow<()>> Copying<'_, P> {
    fn all(&mut self, sources: &[Source]) -> Result<(), BackupError> {
        for source in sources {
            self.done.all += source.bytes()?;
        }
        for source in sources {
            self.copy(source)?;
        }
        // Names at last: what has one is whole.
        for source in sources {
            let named = source.named(self.to);
            let io = |error| BackupError::Io { path: named.clone(), error };
            fs::rename(source.beside(self.to), &named).map_err(io)?;
            File::open(self.to).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        Ok(())
    }

    fn copy(&mut self, source: &Source) -> Result<(), BackupError> {
        let path = source.beside(self.to);
        let io = |error| BackupError::Io { path: path.clone(), error };
        create_private(&path).map_err(io)?;
        let mut copy = Connection::open(&path).map_err(|error| source.sqlite(error))?;
        self.pages(source, &mut copy)?;
        check(source, &copy)?;
        drop(copy);
        File::open(&path).and_then(|file| file.sync_all()).map_err(io)
    }

    fn pages(&mut self, source: &Source, copy: &mut Connection) -> Result<(), BackupError> {
        let sqlite = |error| source.sqlite(error);
        // It is nobody's yet, and written to the disk at the end.
        copy.execute_batch("PRAGMA journal_mode = off; PRAGMA synchronous = off").map_err(sqlite)?;
        let (before, bytes) = (self.done.done, source.bytes()?);
        let backup = Backup::new(&source.connection, copy).map_err(sqlite)?;
        loop {
            let outcome = backup.step(PAGES_AT_A_TIME).map_err(sqlite)?;
            let left = u64::try_from(backup.progress().remaining).unwrap_or(0) * PAGE;
            self.done.done = before + bytes.saturating_sub(left);
            if (self.progress)(self.done).is_break() {
                return Err(BackupError::Stopped);
            }
            match outcome {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// That a copy is a whole database.
fn check(source: &Source, copy: &Connection) -> Result<(), BackupError> {
    let found: String = copy
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| source.sqlite(error))?;
    if found == "ok" { Ok(()) } else { Err(BackupError::Damaged { file: source.file.clone(), why: found }) }
}
