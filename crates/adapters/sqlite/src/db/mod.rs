//! The database of an embedded Dayline: one file, one connection that writes, some that read, each
//! on its own thread. A read never waits for a write (write-ahead logging).

mod pool;
#[cfg(test)]
mod tests;
mod wal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dayline_app::ports::PortFuture;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::failure::Failure;
use crate::folder::{FolderLock, check_writable, create_private, database_in};
use crate::migrations::{self, Migration};
use crate::open_error::OpenError;
use pool::ConnectionPool;
use wal::{BUSY, Wal};

/// Connections that read. Reads are short, and two of them keep a disk busy.
const READERS: usize = 4;
/// How much the writer gives way to requests, as `nice` counts: most of what it writes are
/// timelines, as much as the workers give way, and for as good a reason.
const WRITER_GIVES_WAY: i32 = 10;
/// Page cache of the writer and of each reader, in KiB.
const WRITER_CACHE_KIB: i32 = 16 << 10;
const READER_CACHE_KIB: i32 = 4 << 10;
/// Distinct statements kept prepared, for each connection.
const STATEMENTS: usize = 64;

/// The open database. Fields are in the order they must be closed: the writer after the readers,
/// since the last connection to close tidies the write-ahead log away.
#[derive(Debug)]
pub(crate) struct Db {
    readers: ConnectionPool,
    writing: Arc<Writing>,
}

/// What all that read the database have in common. Fields, again, in the order they must be closed.
#[derive(Debug)]
struct Writing {
    writer: ConnectionPool,
    wal: Wal,
    file: PathBuf,
    _lock: Option<FolderLock>,
}

impl Db {
    /// Opens the folder's database as its server: makes it if it is missing and takes pending
    /// migrations.
    pub(crate) fn open(lock: FolderLock, steps: &[Migration]) -> Result<Self, OpenError> {
        let file = database_in(lock.folder());
        create_private(&file).map_err(|error| OpenError::File { file: file.clone(), error })?;
        let mut writer = connect(&file, WRITER_CACHE_KIB)?;
        migrations::apply(&mut writer, steps)?;
        Self::start(&file, writer, Some(lock))
    }

    /// Opens the folder's database alongside a server, if one runs. Changes nothing about its
    /// schema.
    pub(crate) fn open_alongside(folder: &Path, steps: &[Migration]) -> Result<Self, OpenError> {
        let file = existing(folder)?;
        let writer = connect(&file, WRITER_CACHE_KIB)?;
        let states = migrations::states(&writer, steps)?;
        let pending: Vec<u32> = states.iter().filter(|step| !step.applied).map(|step| step.number).collect();
        if let Some(&first) = pending.first() {
            return Err(OpenError::Pending { count: pending.len(), first });
        }
        Self::start(&file, writer, None)
    }

    fn start(file: &Path, writer: Connection, lock: Option<FolderLock>) -> Result<Self, OpenError> {
        let readers = start_readers(file, READERS)?;
        let writer = ConnectionPool::start("dayline-write", vec![writer], WRITER_GIVES_WAY)
            .map_err(OpenError::Thread)?;
        let writing = Writing { writer, wal: Wal::of(file), file: file.to_owned(), _lock: lock };
        Ok(Self { readers, writing: Arc::new(writing) })
    }

    /// The same database with a reader of its own, so that whoever reads much here keeps nobody
    /// waiting there.
    pub(crate) fn with_own_reader(&self) -> Result<Self, OpenError> {
        let readers = start_readers(&self.writing.file, 1)?;
        Ok(Self { readers, writing: Arc::clone(&self.writing) })
    }

    /// One transaction that only reads, from one snapshot.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> PortFuture<'_, T> {
        Box::pin(self.readers.run(|connection| {
            let transaction = connection.transaction()?;
            call(&transaction)
        }))
    }

    /// One transaction that writes. It is durable when the future gives a result; all of it is
    /// undone if the call fails.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> PortFuture<'_, T> {
        self.write_and(|transaction| Ok((call(transaction)?, End::Commit)))
    }

    /// One transaction that deletes what must not be readable in any file afterwards.
    pub(crate) fn erase<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> PortFuture<'_, T> {
        self.write_and(|transaction| Ok((call(transaction)?, End::Erase)))
    }

    /// One transaction that writes and says itself how it ends.
    pub(crate) fn write_and<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<(T, End), Failure> + Send + 'static,
    ) -> PortFuture<'_, T> {
        self.write_then(call, |outcome| outcome)
    }

    /// The same; `then` is done with the outcome once the transaction has ended so, before any other
    /// one begins to write.
    pub(crate) fn write_then<T: 'static, R: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<(T, End), Failure> + Send + 'static,
        then: impl FnOnce(T) -> R + Send + 'static,
    ) -> PortFuture<'_, R> {
        let wal = self.writing.wal.clone();
        Box::pin(self.writing.writer.run(move |connection| {
            let (outcome, end) = in_transaction(connection, Synchronous::Full, call)?;
            match end {
                End::Erase => wal.empty(connection),
                End::EraseSoon => wal.empty_soon(connection),
                End::Commit | End::Undo => wal.keep_short(connection),
            }
            Ok(then(outcome))
        }))
    }

    /// One transaction that writes what may get lost with the power: it waits for no disk, and is
    /// durable once a later one is that does.
    pub(crate) fn write_without_waiting<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> PortFuture<'_, T> {
        let wal = self.writing.wal.clone();
        Box::pin(self.writing.writer.run(move |connection| {
            let call = |tx: &Transaction<'_>| Ok((call(tx)?, End::Commit));
            let (outcome, _) = in_transaction(connection, Synchronous::Normal, call)?;
            wal.keep_short(connection);
            Ok(outcome)
        }))
    }
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All of it is undone.
    Undo,
    /// It is durable.
    Commit,
    /// It is durable, and what it deleted is not readable in any file: that waits for readers.
    Erase,
    /// The same, as soon as no reader is in the way: now, or after a later commit.
    EraseSoon,
}

/// What a commit waits for, by SQLite's names.
#[derive(Clone, Copy)]
enum Synchronous {
    /// Until it is on the disk.
    Full,
    /// For nothing, in write-ahead mode; what is there after a power loss is whole all the same.
    Normal,
}

fn start_readers(file: &Path, number: usize) -> Result<ConnectionPool, OpenError> {
    let readers = (0..number).map(|_| {
        let reader = connect(file, READER_CACHE_KIB)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(reader)
    });
    let readers = readers.collect::<Result<_, OpenError>>()?;
    ConnectionPool::start("dayline-read", readers, 0).map_err(OpenError::Thread)
}

fn in_transaction<T>(
    connection: &mut Connection,
    synchronous: Synchronous,
    call: impl FnOnce(&Transaction<'_>) -> Result<(T, End), Failure>,
) -> Result<(T, End), Failure> {
    // Said each time, so that no transaction depends on how the one before it ended.
    connection.pragma_update(
        None,
        "synchronous",
        match synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        },
    )?;
    // The lock is taken at the start, so that nothing read inside can become stale.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (outcome, end) = call(&transaction)?;
    if end != End::Undo {
        transaction.commit()?;
    }
    Ok((outcome, end))
}

/// What the folder's database says about each migration; all pending if there is none.
pub(crate) fn migration_states(
    folder: &Path,
    steps: &[Migration],
) -> Result<Vec<migrations::MigrationState>, OpenError> {
    let connection = match existing(folder) {
        Err(OpenError::Missing { .. }) => Connection::open_in_memory()?,
        file => connect(&file?, READER_CACHE_KIB)?,
    };
    migrations::states(&connection, steps)
}

fn existing(folder: &Path) -> Result<std::path::PathBuf, OpenError> {
    let file = database_in(folder);
    if file.is_file() { Ok(file) } else { Err(OpenError::Missing { folder: folder.to_owned() }) }
}

fn connect(file: &Path, cache_kib: i32) -> Result<Connection, OpenError> {
    set_up(file, cache_kib).map_err(|error| match error {
        OpenError::Sqlite(error) => why_unusable(file, error),
        other => other,
    })
}

/// Lets no plan depend on what is bound to its parameters. SQLite would else prepare a cached statement
/// anew each time it runs, if anything bound may matter to its plan: a limit, say, or the range of a
/// maximum. Of the first pings of a crowd that took half of the writer's time.
pub(crate) fn prepare_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// SQLite does not tell a file that this process must not write from one that it can't read, nor that
/// it is the folder, where it makes files of its own, that must not be written.
fn why_unusable(file: &Path, error: rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    if matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly))
        && let Err(refused) = check_writable(file)
    {
        return refused;
    }
    OpenError::Unusable { file: file.to_owned(), error }
}

fn set_up(file: &Path, cache_kib: i32) -> Result<Connection, OpenError> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    migrations::refuse_foreign(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NoWal { mode });
    }
    // The ping log is trimmed after a commit here, so a commit must survive a power loss.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What a person deleted is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    prepare_once(&connection)?;
    Ok(connection)
}
