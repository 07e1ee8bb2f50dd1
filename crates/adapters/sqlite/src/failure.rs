//! What goes wrong inside this crate, and as what the ports report it.
//! Not here: what goes wrong while a database is opened (see `open_error`).

use dayline_app::ports::PortError;
use rusqlite::types::FromSqlError;
use rusqlite::{Error, ErrorCode, ffi};

/// Why a call did not succeed. Texts name constraints and columns, never values.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite says so.
    Sqlite(Error),
    /// The data to be stored contradicts what is stored.
    Rejected(&'static str),
    /// What is stored can't be, or can't be read.
    Corrupt(String),
}

impl Failure {
    /// A stored value that is not one.
    pub(crate) fn corrupt(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what}: {why}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if is_damage(&error) { Self::Corrupt(error.to_string()) } else { Self::Sqlite(error) }
    }
}

/// A column that holds what it can't.
impl From<FromSqlError> for Failure {
    fn from(error: FromSqlError) -> Self {
        Self::corrupt("a stored value", error)
    }
}

impl From<Failure> for PortError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(why) => Self::Rejected(why.to_owned()),
            Failure::Corrupt(why) => Self::Corrupt(why),
            Failure::Sqlite(error) => port_error(&error),
        }
    }
}

/// Whether an error is about what the file holds: no page of it, or a page that the disk does not
/// give back. It is about those rows alone; whatever lies on other pages is as good as before.
fn is_damage(error: &Error) -> bool {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..) => true,
        Error::SqliteFailure(code, _) => {
            matches!(code.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || matches!(
                    code.extended_code,
                    ffi::SQLITE_IOERR_READ
                        | ffi::SQLITE_IOERR_SHORT_READ
                        | ffi::SQLITE_IOERR_CORRUPTFS
                        | ffi::SQLITE_IOERR_DATA
                )
        }
        _ => false,
    }
}

/// Whatever is not surely the data's fault is `Unavailable`: then nothing becomes a dead letter, and
/// the call may be tried again.
fn port_error(error: &Error) -> PortError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            PortError::Rejected(text)
        }
        _ => PortError::Unavailable(text),
    }
}
