//! What a row of the table is to a reader.

use dayline_app::ports::{LogEntry, Payload, Position};
use rusqlite::Row;

use super::schema::{self, FORMAT};

/// An entry, of a row with its columns in the table's order.
pub(super) fn entry(row: &Row<'_>) -> Result<LogEntry, rusqlite::Error> {
    let position = row.get::<_, i64>(0)? as u64;
    let (total, format, crc) = (row.get::<_, i64>(1)? as u64, row.get(2)?, row.get::<_, i64>(3)?);
    let bytes = row.get_ref(4)?.as_bytes().unwrap_or_default();
    let wrong = if format != FORMAT {
        Some(format!("ping log entry {position} has the unknown format {format}"))
    } else if i64::from(schema::checksum(position, total, format, bytes)) != crc {
        Some(format!("ping log entry {position} has a wrong checksum"))
    } else {
        None
    };
    let bytes = bytes.to_vec();
    let payload = match wrong {
        None => Payload::Records(bytes),
        Some(reason) => Payload::Damaged { bytes, reason },
    };
    Ok(log_entry(position, payload))
}

pub(super) fn log_entry(position: u64, payload: Payload) -> LogEntry {
    LogEntry { position: Position { major: position, minor: 0 }, payload }
}
