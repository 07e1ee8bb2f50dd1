//! Why a data folder can't be worked with, in words for an operator.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a database could not be opened.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum OpenError {
    /// The folder can't be used.
    #[error("data folder {} can't be used: {error}{}", folder.display(), way_out(error))]
    Folder { folder: PathBuf, error: io::Error },
    /// Another process is the server there.
    #[error("data folder {} is in use by another dayline server; stop it or choose another folder", folder.display())]
    InUse { folder: PathBuf },
    /// There is no database in the folder.
    #[error("there is no dayline database in {}; start the server once to make it", folder.display())]
    Missing { folder: PathBuf },
    /// A file of the folder can't be used.
    #[error("{} can't be used: {error}{}", file.display(), way_out(error))]
    File { file: PathBuf, error: io::Error },
    /// The database is empty or missing, and something shows that it was not always so.
    #[error(
        "{} is empty or missing, but {} is beside it, which a server makes later: put the database back from a backup; \
         or, to begin with an empty one, run dayline migrate",
        file.display(), beside.display()
    )]
    Lost { file: PathBuf, beside: PathBuf },
    /// The file belongs to another program.
    #[error(
        "{} is not a dayline database (application id {found}): choose another data folder, or move it away",
        file.display()
    )]
    NotDayline { file: PathBuf, found: i32 },
    /// Made by a newer program.
    #[error(
        "the database has taken migration {found} ({name}), but this program knows only {known}: \
         use the newer program that made it"
    )]
    Newer { found: u32, name: String, known: u32 },
    /// A step it has applied is not what this program has under that number.
    #[error(
        "migration {number} ({name}) of the database differs from this program's: they are not of the same line"
    )]
    Differs { number: u32, name: String },
    /// Steps are missing, and whoever opens it may not apply them.
    #[error("{count} migrations are pending, the first is {first}: stop the server and run dayline migrate")]
    Pending { count: usize, first: u32 },
    /// A step failed; nothing of it stays.
    #[error("migration {number} ({name}) failed: {error}")]
    Migration { number: u32, name: String, error: rusqlite::Error },
    /// The file system does not allow what WAL needs.
    #[error("the database can't use write-ahead logging here (journal mode {mode}): put it on a local disk")]
    NoWal { mode: String },
    /// A thread could not be started.
    #[error("can't start a database thread: {0}")]
    Thread(io::Error),
    /// SQLite can't open the file.
    #[error(
        "{} can't be opened: {error}; if it is damaged, put it back from a backup, or see \"Damaged data\" in \
         docs/operations.md",
        file.display()
    )]
    Unusable { file: PathBuf, error: rusqlite::Error },
    /// SQLite says so.
    #[error("can't open the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// What an operator can do about a file that this process must not use, and which user it is that
/// must not.
pub(crate) fn way_out(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "let that user read and write it, or start the program as its owner"
        }
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            return ": it is no folder; choose another one".to_owned();
        }
        io::ErrorKind::ReadOnlyFilesystem => "mount it writable, or choose another data folder",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on its disk",
        _ => return String::new(),
    };
    format!(" (this process is user {}): {advice}", rustix::process::geteuid().as_raw())
}
