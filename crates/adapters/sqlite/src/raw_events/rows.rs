//! Rows of events, and how numbers look in them.

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventData, RawEvent, StoredRawEvent};
use rusqlite::Row;

use crate::failure::Failure;
use crate::values::instant;

/// A number as SQLite has it. None that was given out is greater.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number in a column.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or_default())
}

/// The bucket in a column.
pub(super) fn bucket(row: &Row<'_>, column: &str) -> Result<BucketId, Failure> {
    let id = BucketId::new(row.get_ref(column)?.as_str()?);
    id.map_err(|why| Failure::corrupt("a stored bucket", why))
}

/// The event in a row.
pub(super) fn stored(row: &Row<'_>) -> Result<StoredRawEvent, Failure> {
    let data = EventData::new(row.get_ref("data")?.as_str()?);
    let data = data.ok_or_else(|| Failure::Corrupt("a stored event says too much".to_owned()))?;
    let event = RawEvent::new(instant(row, "start_ms")?, instant(row, "end_ms")?, data);
    Ok(StoredRawEvent { number: unsigned(row, "number")?, event })
}
