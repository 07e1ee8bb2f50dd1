//! Foreign trackers' events as they came.
//! Not here: how they are written (see `keep`), and how they go (see `room`).

mod keep;
mod room;
mod rows;

use dayline_app::ports::{EventExtent, EventsAsked, Keeping, Kept, PortError, PortFuture, RawEvents};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::store::PgStore;
use crate::values::{Timestamp, column, optional_time, uuid};

pub(crate) use room::clear;
use rows::{bucket, sql, stored};

const EVENTS: &str = "
    SELECT number, started_at, ended_at, data FROM raw_events
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND bucket = $2
      AND started_at BETWEEN $3 AND $4 AND ended_at >= $5
      AND (started_at < $6 OR started_at = $6 AND number > $7)
    ORDER BY started_at DESC, number LIMIT $8";
const COUNT: &str = "
    SELECT count(*) AS events FROM raw_events
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND bucket = $2
      AND started_at BETWEEN $3 AND $4 AND ended_at >= $5 AND $5 <= $4";
const FIND: &str = "
    SELECT number, started_at, ended_at, data FROM raw_events
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND bucket = $2 AND number = $3";
const EXTENTS: &str = "
    SELECT buckets.id, first.started_at, last.ended_at FROM users JOIN buckets ON buckets.user_id = users.id
    CROSS JOIN LATERAL (
      SELECT started_at FROM raw_events AS e
      WHERE e.user_id = users.id AND e.bucket = buckets.id AND e.ended_at >= $2
      ORDER BY e.started_at LIMIT 1) AS first
    CROSS JOIN LATERAL (
      SELECT ended_at FROM raw_events AS e
      WHERE e.user_id = users.id AND e.bucket = buckets.id AND e.ended_at >= $2
      ORDER BY e.started_at DESC, e.number LIMIT 1) AS last
    WHERE users.uuid = $1";
const ALL: &str = "
    SELECT bucket, number, started_at, ended_at, data FROM raw_events
    WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND number > $2
    ORDER BY number LIMIT $3";

impl RawEvents for PgStore {
    fn keep_beat(
        &self,
        user: UserId,
        bucket: BucketId,
        beat: RawEvent,
        pulse_ms: i64,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<StoredRawEvent>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin_by_key().await?;
            let outcome = keep::beat(&mut transaction, user, &bucket, beat, pulse_ms, keeping).await;
            transaction.finish(outcome).await
        })
    }

    fn keep_events(
        &self,
        user: UserId,
        bucket: BucketId,
        events: Vec<(Option<u64>, RawEvent)>,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<Vec<StoredRawEvent>>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin_by_key().await?;
            let outcome = keep::events(&mut transaction, user, &bucket, events, keeping).await;
            transaction.finish(outcome).await
        })
    }

    fn raw_events(&self, user: UserId, asked: EventsAsked) -> PortFuture<'_, Vec<StoredRawEvent>> {
        Box::pin(async move {
            let EventsAsked { bucket, range, after, at_most } = asked;
            if range.from > range.to {
                return Ok(Vec::new());
            }
            // Before the first is everything.
            let (start, number) = after.map_or((UtcMs(i64::MAX), -1), |(start, number)| (start, sql(number)));
            let params: [Param<'_>; 8] = [
                (&uuid(user), Type::UUID),
                (&bucket.as_str(), Type::TEXT),
                (&Timestamp(range.earliest_start()), Type::TIMESTAMPTZ),
                (&Timestamp(range.to.min(start)), Type::TIMESTAMPTZ),
                (&Timestamp(range.from), Type::TIMESTAMPTZ),
                (&Timestamp(start), Type::TIMESTAMPTZ),
                (&number, Type::INT8),
                (&i64::try_from(at_most).unwrap_or(i64::MAX), Type::INT8),
            ];
            let rows = self.primary().await?.query(EVENTS, &params).await?;
            rows.iter().map(stored).collect()
        })
    }

    fn count_raw_events(&self, user: UserId, bucket: BucketId, range: EventRange) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let params: [Param<'_>; 5] = [
                (&uuid(user), Type::UUID),
                (&bucket.as_str(), Type::TEXT),
                (&Timestamp(range.earliest_start()), Type::TIMESTAMPTZ),
                (&Timestamp(range.to), Type::TIMESTAMPTZ),
                (&Timestamp(range.from), Type::TIMESTAMPTZ),
            ];
            let rows = self.primary().await?.query(COUNT, &params).await?;
            rows.first().map_or(Ok(0), |row| column::<i64>(row, "events").map(i64::cast_unsigned))
        })
    }

    fn raw_event(
        &self,
        user: UserId,
        bucket: BucketId,
        number: u64,
    ) -> PortFuture<'_, Option<StoredRawEvent>> {
        Box::pin(async move {
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&bucket.as_str(), Type::TEXT), (&sql(number), Type::INT8)];
            let rows = self.primary().await?.query(FIND, &params).await?;
            rows.first().map(stored).transpose()
        })
    }

    fn event_extents(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<EventExtent>> {
        Box::pin(async move {
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&Timestamp(since), Type::TIMESTAMPTZ)];
            let rows = self.primary().await?.query(EXTENTS, &params).await?;
            rows.iter().filter_map(|row| extent(row).transpose()).collect()
        })
    }

    fn all_raw_events(
        &self,
        user: UserId,
        after: u64,
        at_most: usize,
    ) -> PortFuture<'_, Vec<(BucketId, StoredRawEvent)>> {
        Box::pin(async move {
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&sql(after), Type::INT8), (&at_most, Type::INT8)];
            let rows = self.primary().await?.query(ALL, &params).await?;
            rows.iter().map(|row| Ok((bucket(row, "bucket")?, stored(row)?))).collect()
        })
    }

    fn delete_raw_event(&self, user: UserId, bucket: BucketId, number: u64) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = room::delete(&mut transaction, user, &bucket, sql(number)).await;
            transaction.finish(outcome).await
        })
    }

    fn clear_raw_events(&self, user: UserId, bucket: BucketId, at_most: usize) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = clear(&mut transaction, user, &bucket, at_most).await;
            transaction.finish(outcome).await
        })
    }

    fn purge_raw_events(&self, now: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        Box::pin(async move { room::purge(self.primary().await?, now, at_most).await })
    }
}

fn extent(row: &Row) -> Result<Option<EventExtent>, PortError> {
    let (start, end) = (optional_time(row, "started_at")?, optional_time(row, "ended_at")?);
    let bucket = bucket(row, "id")?;
    Ok(start.zip(end).map(|(start, end)| EventExtent { bucket, start, end }))
}
