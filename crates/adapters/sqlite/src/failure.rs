//! What goes wrong inside this crate, and as what the ports report it.
//! Not here: what goes wrong while a database is opened (see `open_error`).

use dayline_app::ports::PortError;
use rusqlite::{Error, ErrorCode};

/// Why a call did not succeed. Texts name constraints and columns, never values.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite says so.
    Sqlite(Error),
    /// The data to be stored contradicts what is stored.
    Rejected(&'static str),
    /// What is stored can't be.
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
        Self::Sqlite(error)
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

/// Whatever is not surely the data's fault or damage is `Unavailable`: then nothing is put aside,
/// and the call may be tried again.
fn port_error(error: &Error) -> PortError {
    let text = error.to_string();
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..) => PortError::Corrupt(text),
        Error::SqliteFailure(code, _) => match code.code {
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch => {
                PortError::Rejected(text)
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => PortError::Corrupt(text),
            _ => PortError::Unavailable(text),
        },
        _ => PortError::Unavailable(text),
    }
}
