//! What an error of the database means to the port: try again, refused data, or damage.
//! Not here: details that quote data. Messages name constraints, never values.

use std::error::Error as _;

use dayline_app::ports::PortError;
use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// A page, row or index entry that is none, or that the disk does not give back. It is about that one
/// place: whatever lies elsewhere is as good as before.
const DAMAGE: [SqlState; 3] = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED, SqlState::IO_ERROR];

/// The port's error for a failed statement.
pub(crate) fn port_error(error: &Error) -> PortError {
    let Some(db) = error.as_db_error() else {
        return PortError::Unavailable(without_address(error));
    };
    let text = describe(db);
    // Classes of SQLSTATE (PostgreSQL's manual, appendix A): data exceptions, violated constraints,
    // raised by a trigger, too large for an index.
    match db.code().code().get(..2) {
        Some("22" | "23" | "P0" | "54") => PortError::Rejected(text),
        _ if DAMAGE.contains(db.code()) => PortError::Corrupt(text),
        // Connections, resources, operators, locks, serialisation; and what only an operator can
        // mend.
        _ => PortError::Unavailable(text),
    }
}

/// Whether a month's table, which statements name, is not there.
pub(crate) fn is_missing_table(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| *db.code() == SqlState::UNDEFINED_TABLE)
}

/// Whether a row is not written because another one has what only one may have.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| *db.code() == SqlState::UNIQUE_VIOLATION)
}

/// The port's error for a stored value that can't be read.
pub(crate) fn corrupt(what: &str, why: impl std::fmt::Display) -> PortError {
    PortError::Corrupt(format!("{what}: {why}"))
}

/// The port's error for having got no connection.
pub(crate) fn pool_error(error: &PoolError) -> PortError {
    match error {
        PoolError::Backend(error) => port_error(error),
        PoolError::Timeout(kind) => PortError::Unavailable(format!("no connection in time: {kind:?}")),
        other => PortError::Unavailable(format!("no connection: {other}")),
    }
}

/// Message, state and constraint. Not the detail: it quotes the row.
fn describe(db: &DbError) -> String {
    let place = db.constraint().map(|name| format!(", constraint {name}")).unwrap_or_default();
    format!("{} ({}{place})", db.message(), db.code().code())
}

/// The error and its cause; both say what failed, not where the server is.
fn without_address(error: &Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}").replace('\n', " "),
        None => error.to_string(),
    }
}
