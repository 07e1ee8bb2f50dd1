//! Entries that are written anew, without what was erased.

use dayline_app::ports::{Erased, LogEntry, Payload};
use dayline_app::tracking::erased::take_out;
use rusqlite::{Connection, params};

use super::entry::entry;
use super::error::is_damage;
use super::schema::{self, FORMAT, to_sql};

/// So much is searched at once, in bytes, and one entry in any case: the log is read by others, too.
const SEARCHED: usize = 1 << 20;

/// An entry as it is to be.
pub(super) struct Rewrite {
    position: u64,
    /// As it was: the bytes of all payloads when they were appended.
    total: u64,
    pub(super) payload: Vec<u8>,
}

/// What a search found.
pub(super) struct Found {
    pub(super) rewrites: Vec<Rewrite>,
    /// After which position it goes on; `None` at the end.
    pub(super) next: Option<u64>,
}

/// Looks for something erased in the entries after `after` up to `up_to`, or in the first of them.
pub(super) fn find(
    connection: &Connection,
    after: u64,
    up_to: u64,
    erased: &Erased,
) -> Result<Found, rusqlite::Error> {
    let mut found = Found { rewrites: Vec::new(), next: Some(after) };
    match search(connection, up_to, erased, &mut found) {
        // What can't be read can't be written anew either. It is passed over.
        Err(error) if is_damage(&error) => found.next = found.next.map(|damaged| damaged + 1),
        outcome => outcome?,
    }
    found.next = found.next.filter(|next| *next < up_to);
    Ok(found)
}

fn search(
    connection: &Connection,
    up_to: u64,
    erased: &Erased,
    found: &mut Found,
) -> Result<(), rusqlite::Error> {
    let mut select = connection.prepare_cached(
        "SELECT position, total, format, crc, payload FROM entries WHERE position > ?1 AND position <= ?2
         ORDER BY position",
    )?;
    let mut rows = select.query([to_sql(found.next.unwrap_or(0)), to_sql(up_to)])?;
    let mut searched = 0;
    while let Some(row) = rows.next()? {
        let LogEntry { position, payload } = entry(row)?;
        let (position, total) = (position.major, row.get::<_, i64>(1)? as u64);
        if let Payload::Records(records) = payload {
            searched += records.len();
            found.rewrites.extend(take_out(erased, &records).map(|payload| Rewrite {
                position,
                total,
                payload,
            }));
        }
        found.next = Some(position);
        if searched >= SEARCHED {
            return Ok(());
        }
    }
    found.next = None;
    Ok(())
}

/// Writes entries anew that are still there.
pub(super) fn write(connection: &Connection, rewrites: &[Rewrite]) -> Result<(), rusqlite::Error> {
    let mut update =
        connection.prepare_cached("UPDATE entries SET crc = ?2, payload = ?3 WHERE position = ?1")?;
    for Rewrite { position, total, payload } in rewrites {
        let crc = schema::checksum(*position, *total, FORMAT, payload);
        update.execute(params![to_sql(*position), crc, payload])?;
    }
    Ok(())
}
