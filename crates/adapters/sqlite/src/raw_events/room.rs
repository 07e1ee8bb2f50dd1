//! How much room people's events take, and how events go.

use std::collections::BTreeMap;

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{LONGEST_MS, OVERHEAD};
use dayline_domain::{DAY_MS, Interval, UtcMs};
use rusqlite::{OptionalExtension, Params, Row, Transaction, params};

use super::rows::{sql, unsigned};
use crate::failure::Failure;

/// Events that are looked at at a time when there is too little room.
const LOOK_AT: i64 = 100;

const TOTALS: &str = "SELECT last_number, bytes FROM raw_totals WHERE user_number = ?1";
const STORE_TOTALS: &str = "
    INSERT INTO raw_totals (user_number, last_number, bytes) VALUES (?1, ?2, ?3)
    ON CONFLICT (user_number) DO UPDATE SET last_number = excluded.last_number, bytes = excluded.bytes";
const LESS: &str = "UPDATE raw_totals SET bytes = bytes - ?2 WHERE user_number = ?1";
const FIRST_TO_END: &str = "
    SELECT number, length(CAST(data AS BLOB)) AS length FROM raw_events
    WHERE user_number = ?1 ORDER BY end_ms, number LIMIT ?2";
const DELETE: &str = "DELETE FROM raw_events WHERE user_number = ?1 AND number = ?2";
const DELETE_IN_BUCKET: &str = "
    DELETE FROM raw_events WHERE user_number = ?1 AND bucket = ?2 AND number = ?3
    RETURNING user_number, length(CAST(data AS BLOB)) AS length";
const CLEAR: &str = "
    DELETE FROM raw_events WHERE (user_number, number) IN (
      SELECT user_number, number FROM raw_events WHERE user_number = ?1 AND bucket = ?2 LIMIT ?3)
    RETURNING user_number, length(CAST(data AS BLOB)) AS length";
/// Those that begin before `?3` and end at `?2` or later, looked up by the end.
const ERASE: &str = "
    DELETE FROM raw_events
    WHERE user_number = ?1 AND end_ms BETWEEN ?2 AND ?4 AND start_ms < ?3 AND (end_ms > ?2 OR start_ms >= ?2)
    RETURNING user_number, length(CAST(data AS BLOB)) AS length";
/// Each person's by the index, in this order: most of all events are not old.
const PURGE: &str = "
    DELETE FROM raw_events WHERE (user_number, number) IN (
      SELECT e.user_number, e.number
      FROM raw_totals t CROSS JOIN users u ON u.number = t.user_number
      CROSS JOIN raw_events e ON e.user_number = u.number AND e.end_ms <
        CASE u.raw_event_days WHEN 0 THEN 9223372036854775807
          ELSE max(?1 - u.raw_event_days * ?2, coalesce(u.kept_from * ?2, -9223372036854775807)) END
      LIMIT ?3)
    RETURNING user_number, length(CAST(data AS BLOB)) AS length";

/// What is remembered of a person's events beside them.
#[derive(Default, Clone, Copy)]
pub(super) struct Totals {
    pub(super) last_number: u64,
    pub(super) bytes: u64,
}

impl Totals {
    pub(super) fn of(tx: &Transaction<'_>, user: i64) -> Result<Self, Failure> {
        let found = tx.prepare_cached(TOTALS)?.query_row([user], |row| {
            Ok(Self { last_number: unsigned(row, "last_number")?, bytes: unsigned(row, "bytes")? })
        });
        Ok(found.optional()?.unwrap_or_default())
    }

    pub(super) fn store(self, tx: &Transaction<'_>, user: i64) -> Result<(), Failure> {
        tx.prepare_cached(STORE_TOTALS)?.execute([user, sql(self.last_number), sql(self.bytes)])?;
        Ok(())
    }
}

/// Deletes the events that ended first, until the others take at most so many bytes.
pub(super) fn make_room(
    tx: &Transaction<'_>,
    user: i64,
    totals: &mut Totals,
    max_bytes: u64,
) -> Result<(), Failure> {
    while totals.bytes > max_bytes {
        let mut statement = tx.prepare_cached(FIRST_TO_END)?;
        let rows =
            statement.query_map([user, LOOK_AT], |row| Ok((row.get::<_, i64>("number")?, bytes(row)?)))?;
        let first = rows.collect::<Result<Vec<_>, _>>()?;
        if first.is_empty() {
            return Ok(());
        }
        for (number, bytes) in first {
            if totals.bytes <= max_bytes {
                return Ok(());
            }
            tx.prepare_cached(DELETE)?.execute([user, number])?;
            totals.bytes = totals.bytes.saturating_sub(bytes);
        }
    }
    Ok(())
}

/// Deletes an event of a bucket; false if there is none.
pub(super) fn delete(
    tx: &Transaction<'_>,
    user: i64,
    bucket: &BucketId,
    number: i64,
) -> Result<bool, Failure> {
    Ok(delete_some(tx, DELETE_IN_BUCKET, params![user, bucket.as_str(), number])? == 1)
}

/// Deletes some events of a bucket; gives how many.
pub(crate) fn clear(
    tx: &Transaction<'_>,
    user: i64,
    bucket: &BucketId,
    at_most: usize,
) -> Result<u64, Failure> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    delete_some(tx, CLEAR, params![user, bucket.as_str(), at_most])
}

/// Deletes all events that an erasure meets.
pub(crate) fn erase(tx: &Transaction<'_>, user: i64, erased: Interval) -> Result<(), Failure> {
    let latest_end = erased.end().plus(LONGEST_MS);
    let key = params![user, erased.start().0, erased.end().0, latest_end.0];
    delete_some(tx, ERASE, key).map(drop)
}

/// Deletes some events that are too old; gives how many.
pub(super) fn purge(tx: &Transaction<'_>, now: UtcMs, at_most: usize) -> Result<u64, Failure> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    delete_some(tx, PURGE, params![now.0, DAY_MS, at_most])
}

/// Deletes events, and the room that they took with them.
fn delete_some(tx: &Transaction<'_>, statement: &str, key: impl Params) -> Result<u64, Failure> {
    let mut freed = BTreeMap::<i64, u64>::new();
    let mut number = 0;
    let mut statement = tx.prepare_cached(statement)?;
    let rows = statement.query_map(key, |row| Ok((row.get("user_number")?, bytes(row)?)))?;
    for row in rows {
        let (user, bytes) = row?;
        *freed.entry(user).or_default() += bytes;
        number += 1;
    }
    for (user, bytes) in freed {
        tx.prepare_cached(LESS)?.execute([user, sql(bytes)])?;
    }
    Ok(number)
}

/// What an event takes whose data are so long.
fn bytes(row: &Row<'_>) -> rusqlite::Result<u64> {
    unsigned(row, "length").map(|length| OVERHEAD + length)
}
