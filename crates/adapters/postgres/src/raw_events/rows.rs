//! Rows of events, and how numbers look in them.

use dayline_app::ports::PortError;
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventData, RawEvent, StoredRawEvent};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::values::{column, time_column};

/// A number as PostgreSQL has it. None that was given out is greater.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The bucket in a column.
pub(super) fn bucket(row: &Row, name: &str) -> Result<BucketId, PortError> {
    BucketId::new(column(row, name)?).map_err(|error| corrupt("a bucket", error))
}

/// The event in a row.
pub(super) fn stored(row: &Row) -> Result<StoredRawEvent, PortError> {
    let data = EventData::new(column::<&str>(row, "data")?);
    let data = data.ok_or_else(|| corrupt("an event", "it says too much"))?;
    let event = RawEvent::new(time_column(row, "started_at")?, time_column(row, "ended_at")?, data);
    Ok(StoredRawEvent { number: column::<i64>(row, "number")?.cast_unsigned(), event })
}
