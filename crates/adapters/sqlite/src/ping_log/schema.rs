//! The file: its tables, its version, how a connection to it is set up, and the checksum of an
//! entry.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::db::prepare_once;

use super::error::{OpenPingLogError, is_not_a_database};

/// `DLpl`: tells a ping log from any other SQLite file.
const APPLICATION_ID: i64 = 0x444C_706C;
const VERSION: i64 = 1;
/// How long a connection waits for another one.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Records one after another, as `dayline_app::tracking::record` writes them.
pub(super) const FORMAT: i64 = 1;

/// `total` counts the payload bytes of all entries up to and including this one since the log was
/// made, so that the depth of the log is a difference of two rows, whatever is between them.
/// Positions are handed out by the one writer, from the last entry or the trim mark, whichever is
/// later: never twice, and cheaper than AUTOINCREMENT, which writes one more page in each commit.
/// `payload` comes last, so that the other columns are read without it.
const TABLES: &str = "
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY,
        total INTEGER NOT NULL,
        format INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        payload BLOB NOT NULL
    ) STRICT;
    CREATE TABLE trimmed (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        position INTEGER NOT NULL,
        total INTEGER NOT NULL
    ) STRICT;
    INSERT INTO trimmed (id, position, total) VALUES (1, 0, 0);
";

/// Opens the file for writing; makes it if it is not there or empty.
pub(super) fn open_for_writing(path: &Path) -> Result<Connection, OpenPingLogError> {
    let sqlite = |source| OpenPingLogError::Sqlite { path: path.to_owned(), source };
    let mut connection = Connection::open(path).map_err(sqlite)?;
    check_kind(&connection, path)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(sqlite)?;
    if mode != "wal" {
        let source =
            std::io::Error::new(std::io::ErrorKind::Unsupported, "no write-ahead log on this file system");
        return Err(OpenPingLogError::Io { path: path.to_owned(), source });
    }
    set_up(&connection).map_err(sqlite)?;
    // What was trimmed is overwritten, not only unlinked: it may be of a person who is gone.
    connection.pragma_update(None, "secure_delete", true).map_err(sqlite)?;
    create(&mut connection).map_err(sqlite)?;
    Ok(connection)
}

/// Opens another connection to the file, which is there already: to read, or to copy the
/// write-ahead log back.
pub(super) fn open_again(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    set_up(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A connection that sees the file as it is now, and up to where that has forgotten entries.
pub(crate) fn open_snapshot(path: &Path) -> Result<(Connection, u64), OpenPingLogError> {
    let sqlite = |source| OpenPingLogError::Sqlite { path: path.to_owned(), source };
    let connection = open_again(path).map_err(sqlite)?;
    check_kind(&connection, path)?;
    connection.execute_batch("BEGIN").map_err(sqlite)?;
    let trimmed = connection.query_row("SELECT position FROM trimmed", [], |row| row.get::<_, i64>(0));
    Ok((connection, trimmed.map_err(sqlite)?.unsigned_abs()))
}

fn set_up(connection: &Connection) -> Result<(), rusqlite::Error> {
    // Every commit is on the disk before it returns; on macOS, where an fsync alone does not see to
    // that, too.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // The log decides itself when the write-ahead log is copied back.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    prepare_once(connection)?;
    connection.busy_timeout(BUSY)
}

fn check_kind(connection: &Connection, path: &Path) -> Result<(), OpenPingLogError> {
    let sqlite = |source| OpenPingLogError::Sqlite { path: path.to_owned(), source };
    let foreign = |why| OpenPingLogError::Foreign { path: path.to_owned(), why };
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(
            |error| if is_not_a_database(&error) { foreign(error.to_string()) } else { sqlite(error) },
        )?;
    let (id, version) = (read_pragma(connection, "application_id"), read_pragma(connection, "user_version"));
    match (id.map_err(sqlite)?, version.map_err(sqlite)?) {
        (0, 0) if tables == 0 => Ok(()),
        (APPLICATION_ID, found) if found > VERSION => {
            Err(OpenPingLogError::Newer { path: path.to_owned(), found, known: VERSION })
        }
        (APPLICATION_ID, _) => Ok(()),
        (id, _) => Err(foreign(format!("its application id is {id:#x}, not {APPLICATION_ID:#x}"))),
    }
}

/// Tables and version in one transaction: a file is either empty or whole.
fn create(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    if read_pragma(connection, "user_version")? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn read_pragma(connection: &Connection, name: &str) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// The checksum of an entry: over its content and its place, so that an entry which shows up
/// elsewhere is found.
pub(super) fn checksum(position: u64, total: u64, format: i64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(&total.to_le_bytes());
    hasher.update(&format.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// As SQLite counts. No log lives long enough to have a position above its largest number.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
