//! How much room people's events take, and how events go.

use dayline_app::ports::PortError;
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::OVERHEAD;
use dayline_domain::{UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::rows::sql;
use crate::db::{ConnectionPool, Param, Statement, Transaction};
use crate::values::{Timestamp, column, uuid};

/// Of those that ended first, as many as take the room of `$3` bytes, but no more than a thousand.
const MAKE_ROOM: &str = "
    DELETE FROM raw_events WHERE user_id = $1 AND number IN (
      SELECT number FROM (
        SELECT number, sum(bytes) OVER (ORDER BY ended_at, number) - bytes AS before FROM (
          SELECT number, ended_at, octet_length(data) + $2 AS bytes FROM raw_events WHERE user_id = $1
          ORDER BY ended_at, number LIMIT 1000) AS first) AS summed
      WHERE before < $3)
    RETURNING octet_length(data) + $2 AS bytes";
const DELETE: &str = "
    DELETE FROM raw_events
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND bucket = $2 AND number = $3
    RETURNING octet_length(data) + $4 AS bytes";
const CLEAR: &str = "
    DELETE FROM raw_events WHERE (user_id, number) IN (
      SELECT user_id, number FROM raw_events
      WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND bucket = $2 LIMIT $3)
    RETURNING octet_length(data) + $4 AS bytes";
/// Past the events of those who keep some just now: they have their turn next time.
const PURGE: &str = "
    WITH old AS MATERIALIZED (
      SELECT events.user_id, events.number FROM raw_totals JOIN users ON users.id = raw_totals.user_id
      CROSS JOIN LATERAL (
        SELECT user_id, number FROM raw_events
        WHERE raw_events.user_id = raw_totals.user_id AND ended_at <
          CASE raw_event_days WHEN 0 THEN 'infinity'
          ELSE greatest($1 - raw_event_days * interval '24 hours', kept_from::timestamp AT TIME ZONE 'UTC') END
        ORDER BY ended_at LIMIT $2) AS events
      LIMIT $2 FOR UPDATE OF raw_totals SKIP LOCKED),
    gone AS (
      DELETE FROM raw_events USING old
      WHERE raw_events.user_id = old.user_id AND raw_events.number = old.number
      RETURNING raw_events.user_id, octet_length(data) + $3 AS bytes),
    less AS (
      UPDATE raw_totals SET bytes = raw_totals.bytes - freed.bytes
      FROM (SELECT user_id, sum(bytes)::bigint AS bytes FROM gone GROUP BY user_id) AS freed
      WHERE raw_totals.user_id = freed.user_id)
    SELECT count(*) AS events FROM gone";

/// What is remembered of a person's events beside them.
#[derive(Default, Clone, Copy)]
pub(super) struct Totals {
    pub(super) last_number: u64,
    pub(super) bytes: u64,
}

impl Totals {
    /// Finds them, and keeps others from changing them. There are none of who has kept no event yet.
    pub(super) const LOCK: &str = "
        SELECT last_number, bytes FROM raw_totals WHERE user_id = (SELECT id FROM users WHERE uuid = $1)
        FOR UPDATE";

    pub(super) fn of(row: &Row) -> Result<Self, PortError> {
        let unsigned = |name| column::<i64>(row, name).map(|number| number.max(0).cast_unsigned());
        Ok(Self { last_number: unsigned("last_number")?, bytes: unsigned("bytes")? })
    }

    pub(super) async fn store(self, transaction: &mut Transaction, user: i64) -> Result<(), PortError> {
        let upsert = "INSERT INTO raw_totals (user_id, last_number, bytes) VALUES ($1, $2, $3)
                      ON CONFLICT (user_id) DO UPDATE SET last_number = excluded.last_number, bytes = excluded.bytes";
        let (last_number, bytes) = (sql(self.last_number), sql(self.bytes));
        let params: [Param<'_>; 3] = [(&user, Type::INT8), (&last_number, Type::INT8), (&bytes, Type::INT8)];
        transaction.execute(upsert, &params).await.map(drop)
    }
}

/// Deletes the events that ended first, until the others take at most so many bytes.
pub(super) async fn make_room(
    transaction: &mut Transaction,
    user: i64,
    totals: &mut Totals,
    max_bytes: u64,
) -> Result<(), PortError> {
    while totals.bytes > max_bytes {
        let surplus = sql(totals.bytes - max_bytes);
        let params: [Param<'_>; 3] =
            [(&user, Type::INT8), (&sql(OVERHEAD), Type::INT8), (&surplus, Type::INT8)];
        let deleted = transaction.query(MAKE_ROOM, &params).await?;
        if deleted.is_empty() {
            return Ok(());
        }
        totals.bytes = totals.bytes.saturating_sub(bytes(&deleted)?);
    }
    Ok(())
}

/// Deletes an event of a bucket; false if there is none.
pub(super) async fn delete(
    transaction: &mut Transaction,
    user: UserId,
    bucket: &BucketId,
    number: i64,
) -> Result<bool, PortError> {
    Ok(delete_some(transaction, DELETE, user, bucket, number).await? == 1)
}

/// Deletes some events of a bucket; gives how many.
pub(crate) async fn clear(
    transaction: &mut Transaction,
    user: UserId,
    bucket: &BucketId,
    at_most: usize,
) -> Result<u64, PortError> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    delete_some(transaction, CLEAR, user, bucket, at_most).await
}

/// Deletes events, and the room that they took with them.
async fn delete_some(
    transaction: &mut Transaction,
    statement: &'static str,
    user: UserId,
    bucket: &BucketId,
    which: i64,
) -> Result<u64, PortError> {
    let (user, id, overhead) = (uuid(user), bucket.as_str(), sql(OVERHEAD));
    let params: Vec<Param<'_>> =
        vec![(&user, Type::UUID), (&id, Type::TEXT), (&which, Type::INT8), (&overhead, Type::INT8)];
    let person = "SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let statements = [
        Statement { sql: person.into(), params: vec![(&user, Type::UUID)] },
        Statement { sql: Totals::LOCK.into(), params: vec![(&user, Type::UUID)] },
        Statement { sql: statement.into(), params },
    ];
    let mut answers = transaction.query_all(&statements).await?;
    let deleted = answers.pop().unwrap_or_default();
    let freed = sql(bytes(&deleted)?);
    let less =
        "UPDATE raw_totals SET bytes = bytes - $2 WHERE user_id = (SELECT id FROM users WHERE uuid = $1)";
    transaction.execute(less, &[(&user, Type::UUID), (&freed, Type::INT8)]).await?;
    Ok(deleted.len() as u64)
}

/// Deletes some events that are too old; gives how many.
pub(super) async fn purge(server: &ConnectionPool, now: UtcMs, at_most: usize) -> Result<u64, PortError> {
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let params: [Param<'_>; 3] =
        [(&Timestamp(now), Type::TIMESTAMPTZ), (&at_most, Type::INT8), (&sql(OVERHEAD), Type::INT8)];
    let rows = server.query(PURGE, &params).await?;
    rows.first().map_or(Ok(0), |row| column::<i64>(row, "events").map(i64::cast_unsigned))
}

/// How much room these rows took.
fn bytes(rows: &[Row]) -> Result<u64, PortError> {
    rows.iter().map(|row| column::<i64>(row, "bytes").map(i64::cast_unsigned)).sum()
}
