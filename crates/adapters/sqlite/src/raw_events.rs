//! Foreign trackers' events as they came.
//! Not here: how they are written (see `keep`), and how they go (see `room`).

mod keep;
mod room;
mod rows;

use dayline_app::ports::{EventExtent, EventsAsked, Keeping, Kept, PortFuture, RawEvents};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{UserId, UtcMs};
use rusqlite::{CachedStatement, OptionalExtension, Params, Row, params};

use crate::db::End;
use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;
use crate::values::IdBytes;

pub(crate) use room::{clear, erase};
use rows::{bucket, sql, stored, unsigned};

const EVENTS: &str = "
    SELECT number, start_ms, end_ms, data FROM raw_events
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND bucket = ?2
      AND start_ms BETWEEN ?3 AND ?4 AND end_ms >= ?5
      AND (start_ms < ?6 OR start_ms = ?6 AND number > ?7)
    ORDER BY start_ms DESC, number LIMIT ?8";
const COUNT: &str = "
    SELECT count(*) AS events FROM raw_events
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND bucket = ?2
      AND start_ms BETWEEN ?3 AND ?4 AND end_ms >= ?5";
const FIND: &str = "
    SELECT number, start_ms, end_ms, data FROM raw_events
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND bucket = ?2 AND number = ?3";
const EXTENTS: &str = "
    SELECT b.id,
      (SELECT start_ms FROM raw_events e WHERE e.user_number = u.number AND e.bucket = b.id AND end_ms >= ?2
       ORDER BY start_ms LIMIT 1) AS start_ms,
      (SELECT end_ms FROM raw_events e WHERE e.user_number = u.number AND e.bucket = b.id AND end_ms >= ?2
       ORDER BY start_ms DESC, number LIMIT 1) AS end_ms
    FROM buckets b JOIN users u ON u.number = b.user_number WHERE u.id = ?1";
const ALL: &str = "
    SELECT bucket, number, start_ms, end_ms, data FROM raw_events
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND number > ?2
    ORDER BY number LIMIT ?3";

impl RawEvents for SqliteStore {
    fn keep_beat(
        &self,
        user: UserId,
        bucket: BucketId,
        beat: RawEvent,
        pulse_ms: i64,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<StoredRawEvent>> {
        self.db.write(move |tx| keep::beat(tx, user, &bucket, beat, pulse_ms, keeping))
    }

    fn keep_events(
        &self,
        user: UserId,
        bucket: BucketId,
        events: Vec<(Option<u64>, RawEvent)>,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<Vec<StoredRawEvent>>> {
        self.db.write(move |tx| keep::events(tx, user, &bucket, events, keeping))
    }

    fn raw_events(&self, user: UserId, asked: EventsAsked) -> PortFuture<'_, Vec<StoredRawEvent>> {
        self.db.read(move |tx| {
            let EventsAsked { bucket, range, after, at_most } = asked;
            // Before the first is everything.
            let (start, number) = after.map_or((i64::MAX, -1), |(start, number)| (start.0, sql(number)));
            let (earliest, latest) = (range.earliest_start().0, range.to.0.min(start));
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            let user = IdBytes::from(user);
            let key = params![user, bucket.as_str(), earliest, latest, range.from.0, start, number, at_most];
            several(tx.prepare_cached(EVENTS)?, key, range)
        })
    }

    fn count_raw_events(&self, user: UserId, bucket: BucketId, range: EventRange) -> PortFuture<'_, u64> {
        self.db.read(move |tx| {
            if range.from > range.to {
                return Ok(0);
            }
            let (earliest, latest) = (range.earliest_start().0, range.to.0);
            let key = params![IdBytes::from(user), bucket.as_str(), earliest, latest, range.from.0];
            Ok(tx.prepare_cached(COUNT)?.query_row(key, |row| unsigned(row, "events"))?)
        })
    }

    fn raw_event(
        &self,
        user: UserId,
        bucket: BucketId,
        number: u64,
    ) -> PortFuture<'_, Option<StoredRawEvent>> {
        self.db.read(move |tx| {
            let key = params![IdBytes::from(user), bucket.as_str(), sql(number)];
            tx.prepare_cached(FIND)?.query_row(key, |row| Ok(stored(row))).optional()?.transpose()
        })
    }

    fn event_extents(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<EventExtent>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(EXTENTS)?;
            let rows = statement.query_map(params![IdBytes::from(user), since.0], |row| Ok(extent(row)))?;
            rows.filter_map(|extent| extent.map_err(Failure::from).flatten().transpose()).collect()
        })
    }

    fn all_raw_events(
        &self,
        user: UserId,
        after: u64,
        at_most: usize,
    ) -> PortFuture<'_, Vec<(BucketId, StoredRawEvent)>> {
        self.db.read(move |tx| {
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            let mut statement = tx.prepare_cached(ALL)?;
            let key = params![IdBytes::from(user), sql(after), at_most];
            let rows = statement.query_map(key, |row| Ok((bucket(row, "bucket"), stored(row))))?;
            rows.map(|row| {
                let (bucket, stored) = row?;
                Ok((bucket?, stored?))
            })
            .collect()
        })
    }

    fn delete_raw_event(&self, user: UserId, bucket: BucketId, number: u64) -> PortFuture<'_, bool> {
        self.db.write_and(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok((false, End::Undo)) };
            let was_there = room::delete(tx, user, &bucket, sql(number))?;
            Ok((was_there, End::EraseSoon))
        })
    }

    fn clear_raw_events(&self, user: UserId, bucket: BucketId, at_most: usize) -> PortFuture<'_, u64> {
        self.db.write_and(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok((0, End::Undo)) };
            Ok((clear(tx, user, &bucket, at_most)?, End::EraseSoon))
        })
    }

    fn purge_raw_events(&self, now: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        self.db.write_and(move |tx| {
            let purged = room::purge(tx, now, at_most)?;
            Ok((purged, if purged > 0 { End::EraseSoon } else { End::Undo }))
        })
    }
}

fn several(
    mut statement: CachedStatement<'_>,
    key: impl Params,
    range: EventRange,
) -> Result<Vec<StoredRawEvent>, Failure> {
    if range.from > range.to {
        return Ok(Vec::new());
    }
    let rows = statement.query_map(key, |row| Ok(stored(row)))?;
    rows.map(|stored| stored?).collect()
}

fn extent(row: &Row<'_>) -> Result<Option<EventExtent>, Failure> {
    let moment = |column| row.get::<_, Option<i64>>(column).map(|moment| moment.map(UtcMs));
    let (Some(start), Some(end)) = (moment("start_ms")?, moment("end_ms")?) else { return Ok(None) };
    Ok(Some(EventExtent { bucket: bucket(row, "id")?, start, end }))
}
