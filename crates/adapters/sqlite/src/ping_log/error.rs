//! Why a ping log can't be opened, and what SQLite's errors mean for its writer.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::open_error::way_out;

/// Why a ping log can't be opened.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum OpenPingLogError {
    /// Another process (or this one) has it open.
    #[error("ping log is in use by another process, which holds {}", path.display())]
    InUse { path: PathBuf },
    /// The file is no ping log of Dayline.
    #[error("{} is not a ping log: {why}", path.display())]
    Foreign { path: PathBuf, why: String },
    /// The file was written by a later version of this program.
    #[error("{} has the version {found}, this program knows up to {known}", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// The system refused.
    #[error("can't open {}: {source}{}", path.display(), way_out(source))]
    Io { path: PathBuf, source: std::io::Error },
    /// SQLite refused.
    #[error("can't open {}: {source}", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

/// Whether an fsync failed. The system may then have dropped the pages and report the next fsync as
/// done, so that no later success proves anything.
pub(super) fn is_failed_fsync(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

pub(super) fn is_not_a_database(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::NotADatabase)
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}
