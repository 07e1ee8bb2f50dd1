//! The reading side of the file, on a connection of its own: it sees what is committed and never
//! waits for the writer.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::{Erased, LogEntry, Payload};
use rusqlite::Connection;

use super::entry::{entry, log_entry};
use super::error::{OpenPingLogError, is_damage};
use super::log_file;
use super::progress::Mark;
use super::rewrite::{self, Found};
use super::schema::{self, to_sql};

pub(super) struct Reader {
    connection: Mutex<Connection>,
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, OpenPingLogError> {
        let connection = schema::open_again(path)
            .map_err(|source| OpenPingLogError::Sqlite { path: path.to_owned(), source })?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// The entries after `after`, as many as fit into `max_bytes`, at least one if there is one.
    pub(super) fn read_after(&self, after: u64, max_bytes: usize) -> Result<Vec<LogEntry>, rusqlite::Error> {
        let connection = self.connection();
        let mut entries = Vec::new();
        match collect(&connection, after, max_bytes, &mut entries) {
            // What was found before the damage is good. The damage is the next read's first entry.
            Err(error) if is_damage(&error) && entries.is_empty() => {
                Ok(vec![read_damaged(&connection, after + 1)?])
            }
            Err(error) if !is_damage(&error) => Err(error),
            _ => Ok(entries),
        }
    }

    /// The mark of the last entry up to and including `position`.
    pub(super) fn mark_at(&self, position: u64) -> Result<Option<Mark>, rusqlite::Error> {
        log_file::mark_at(&self.connection(), position)
    }

    /// Looks for something erased in the entries after `after` up to `up_to`, or in the first of them.
    pub(super) fn find_erased(
        &self,
        after: u64,
        up_to: u64,
        erased: &Erased,
    ) -> Result<Found, rusqlite::Error> {
        rewrite::find(&self.connection(), after, up_to, erased)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A reader that panicked has changed nothing.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn collect(
    connection: &Connection,
    after: u64,
    max_bytes: usize,
    entries: &mut Vec<LogEntry>,
) -> Result<(), rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT position, total, format, crc, payload FROM entries WHERE position > ?1 ORDER BY position",
    )?;
    let mut rows = select.query([to_sql(after)])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get_ref(4)?.as_bytes().map_or(0, <[u8]>::len);
        if bytes > max_bytes && !entries.is_empty() {
            break;
        }
        entries.push(entry(row)?);
    }
    Ok(())
}

/// One entry by its position, where the file is damaged: positions have no gaps, so that the next
/// one is known even if its page can't be read. So the reader gets over it, and what is behind it
/// is not lost, too.
fn read_damaged(connection: &Connection, position: u64) -> Result<LogEntry, rusqlite::Error> {
    let mut select = connection
        .prepare_cached("SELECT position, total, format, crc, payload FROM entries WHERE position = ?1")?;
    match select.query_row([to_sql(position)], entry) {
        Err(error) if is_damage(&error) || error == rusqlite::Error::QueryReturnedNoRows => {
            let reason = format!("ping log entry {position} can't be read: {error}");
            Ok(log_entry(position, Payload::Damaged { bytes: Vec::new(), reason }))
        }
        outcome => outcome,
    }
}
