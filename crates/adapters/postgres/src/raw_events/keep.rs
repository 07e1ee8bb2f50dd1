//! Keeping events of foreign trackers. Who does has the person's lock, so that one is kept after another, then that of the person's
//! totals, which whoever deletes what is too old has too.

use std::collections::HashMap;

use dayline_app::ports::{Keeping, Kept, PortError};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{RawEvent, StoredRawEvent, around};
use dayline_domain::{Interval, RawEventDays, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::room::{Totals, make_room};
use super::rows::{sql, stored};
use crate::db::{Param, Statement, Transaction};
use crate::error::corrupt;
use crate::preferences::raw_event_days;
use crate::values::{Timestamp, column, time_column, uuid};

const PERSON: &str = "SELECT id, raw_event_days FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
const BUCKET: &str = "
    SELECT last_beat FROM buckets WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND id = $2
    FOR NO KEY UPDATE";
/// The one with the number, if it is there, else the one that begins last.
const LAST: &str = "
    SELECT number, started_at, ended_at, data FROM raw_events
    WHERE user_id = $1 AND bucket = $2 AND number = $3
    UNION ALL (
      SELECT number, started_at, ended_at, data FROM raw_events
      WHERE user_id = $1 AND bucket = $2 ORDER BY started_at DESC, number LIMIT 1)
    LIMIT 1";
const FIND: &str = "
    SELECT number, started_at, ended_at, data FROM raw_events
    WHERE user_id = $1 AND bucket = $2 AND number = $3";
const SAME: &str = "
    SELECT new.place, min(old.number) AS number
    FROM UNNEST($3::timestamptz[], $4::timestamptz[], $5::text[]) WITH ORDINALITY
      AS new (started_at, ended_at, data, place)
    JOIN raw_events AS old ON old.user_id = $1 AND old.bucket = $2
      AND old.started_at = new.started_at AND old.ended_at = new.ended_at AND old.data = new.data
    GROUP BY new.place";
const ERASED: &str = "
    SELECT start_time, end_time FROM corrections
    WHERE user_id = $1 AND app_name IS NULL AND start_time < $3 AND end_time > $2";
const INSERT: &str = "
    INSERT INTO raw_events (user_id, bucket, number, started_at, ended_at, data)
    SELECT $1, $2, * FROM UNNEST($3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[])";

/// A bucket that is written to.
struct Writing<'a> {
    transaction: &'a mut Transaction,
    bucket: &'a BucketId,
    user: i64,
    days: RawEventDays,
    last_beat: Option<i64>,
    totals: Totals,
}

impl<'a> Writing<'a> {
    async fn begin(
        transaction: &'a mut Transaction,
        user: UserId,
        bucket: &'a BucketId,
    ) -> Result<Kept<Self>, PortError> {
        let (user, id) = (uuid(user), bucket.as_str());
        let of_person = || vec![(&user as _, Type::UUID)];
        let in_bucket: Vec<Param<'_>> = vec![(&user, Type::UUID), (&id, Type::TEXT)];
        let statements = [
            Statement { sql: PERSON.into(), params: of_person() },
            Statement { sql: BUCKET.into(), params: in_bucket },
            Statement { sql: Totals::LOCK.into(), params: of_person() },
        ];
        let answers = transaction.query_all(&statements).await?;
        let [people, buckets, totals] = answers.as_slice() else {
            return Err(corrupt("raw_events", "an answer that is none"));
        };
        let Some(person) = people.first() else { return Ok(Kept::NotWanted) };
        let (user, days) = (column(person, "id")?, raw_event_days(person)?);
        if days == RawEventDays::default() {
            return Ok(Kept::NotWanted);
        }
        let Some(found) = buckets.first() else { return Ok(Kept::NoSuchBucket) };
        let last_beat = column(found, "last_beat")?;
        let totals = totals.first().map(Totals::of).transpose()?.unwrap_or_default();
        Ok(Kept::Stored(Self { transaction, bucket, user, days, last_beat, totals }))
    }

    /// What a heartbeat may go on with.
    async fn last(&mut self) -> Result<Option<StoredRawEvent>, PortError> {
        let (user, id, number) = (self.user, self.bucket.as_str(), self.last_beat.unwrap_or(0));
        let params: [Param<'_>; 3] = [(&user, Type::INT8), (&id, Type::TEXT), (&number, Type::INT8)];
        self.transaction.query(LAST, &params).await?.first().map(stored).transpose()
    }

    /// What these events may meet of what the person has erased.
    async fn erased(&mut self, events: impl Iterator<Item = &RawEvent>) -> Result<Vec<Interval>, PortError> {
        let Some(all) = around(events) else { return Ok(Vec::new()) };
        let (start, end) = (Timestamp(all.start()), Timestamp(all.end()));
        let params: [Param<'_>; 3] =
            [(&self.user, Type::INT8), (&start, Type::TIMESTAMPTZ), (&end, Type::TIMESTAMPTZ)];
        let rows = self.transaction.query(ERASED, &params).await?;
        let interval = |row: &Row| {
            let (start, end) = (time_column(row, "start_time")?, time_column(row, "end_time")?);
            Interval::new(start, end).ok_or_else(|| corrupt("an erasure", "it is of no time"))
        };
        rows.iter().map(interval).collect()
    }

    async fn lengthen(&mut self, stored: &StoredRawEvent) -> Result<(), PortError> {
        let update = "UPDATE raw_events SET ended_at = $3 WHERE user_id = $1 AND number = $2";
        let end = Timestamp(stored.event.end());
        let params: [Param<'_>; 3] =
            [(&self.user, Type::INT8), (&sql(stored.number), Type::INT8), (&end, Type::TIMESTAMPTZ)];
        self.transaction.execute(update, &params).await.map(drop)
    }

    /// Puts an event in the place of one of the bucket; false if there is none of this number.
    async fn replace(&mut self, number: u64, event: &RawEvent) -> Result<bool, PortError> {
        let (id, stored_number) = (self.bucket.as_str(), sql(number));
        let key: [Param<'_>; 3] = [(&self.user, Type::INT8), (&id, Type::TEXT), (&stored_number, Type::INT8)];
        let found = self.transaction.query(FIND, &key).await?;
        let Some(old) = found.first().map(stored).transpose()? else { return Ok(false) };
        let update = "UPDATE raw_events SET started_at = $3, ended_at = $4, data = $5
                      WHERE user_id = $1 AND number = $2";
        let (start, end) = (Timestamp(event.start()), Timestamp(event.end()));
        let params: [Param<'_>; 5] = [
            (&self.user, Type::INT8),
            (&stored_number, Type::INT8),
            (&start, Type::TIMESTAMPTZ),
            (&end, Type::TIMESTAMPTZ),
            (&event.data().as_str(), Type::TEXT),
        ];
        self.transaction.execute(update, &params).await?;
        self.totals.bytes = self.totals.bytes + event.bytes() - old.event.bytes();
        Ok(true)
    }

    /// The numbers of those events that are there already as they are.
    async fn known(
        &mut self,
        events: &[(Option<u64>, RawEvent)],
    ) -> Result<HashMap<RawEvent, u64>, PortError> {
        let columns = Columns::of(events.iter().map(|(_, event)| event));
        let id = self.bucket.as_str();
        let mut params: Vec<Param<'_>> = vec![(&self.user, Type::INT8), (&id, Type::TEXT)];
        params.extend(columns.params());
        let rows = self.transaction.query(SAME, &params).await?;
        let mut known = HashMap::new();
        for row in &rows {
            // Places count from 1.
            let place = usize::try_from(column::<i64>(row, "place")? - 1).ok();
            let Some((_, event)) = place.and_then(|place| events.get(place)) else {
                return Err(corrupt("raw_events", "an answer that is none"));
            };
            known.insert(event.clone(), column::<i64>(row, "number")?.cast_unsigned());
        }
        Ok(known)
    }

    /// The number of one that is about to be stored.
    fn next_number(&mut self, event: &RawEvent) -> u64 {
        let number = self.totals.last_number + 1;
        self.totals = Totals { last_number: number, bytes: self.totals.bytes + event.bytes() };
        number
    }

    async fn insert(&mut self, new: &[StoredRawEvent]) -> Result<(), PortError> {
        if new.is_empty() {
            return Ok(());
        }
        let columns = Columns::of(new.iter().map(|stored| &stored.event));
        let numbers: Vec<i64> = new.iter().map(|stored| sql(stored.number)).collect();
        let id = self.bucket.as_str();
        let mut params: Vec<Param<'_>> =
            vec![(&self.user, Type::INT8), (&id, Type::TEXT), (&numbers, Type::INT8_ARRAY)];
        params.extend(columns.params());
        self.transaction.execute(INSERT, &params).await.map(drop)
    }

    /// Ends it: with what the next heartbeat goes on with.
    async fn end(mut self, last_beat: Option<u64>, max_bytes: u64) -> Result<(), PortError> {
        let update = "UPDATE buckets SET last_beat = $3 WHERE user_id = $1 AND id = $2
                      AND last_beat IS DISTINCT FROM $3";
        let (id, last_beat) = (self.bucket.as_str(), last_beat.map(sql));
        let params: [Param<'_>; 3] = [(&self.user, Type::INT8), (&id, Type::TEXT), (&last_beat, Type::INT8)];
        self.transaction.execute(update, &params).await?;
        make_room(self.transaction, self.user, &mut self.totals, max_bytes).await?;
        self.totals.store(self.transaction, self.user).await
    }
}

/// Events as columns.
struct Columns<'a> {
    starts: Vec<Timestamp>,
    ends: Vec<Timestamp>,
    data: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(events: impl Iterator<Item = &'a RawEvent> + Clone) -> Self {
        Self {
            starts: events.clone().map(|event| Timestamp(event.start())).collect(),
            ends: events.clone().map(|event| Timestamp(event.end())).collect(),
            data: events.map(|event| event.data().as_str()).collect(),
        }
    }

    fn params(&self) -> [Param<'_>; 3] {
        [
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.ends, Type::TIMESTAMPTZ_ARRAY),
            (&self.data, Type::TEXT_ARRAY),
        ]
    }
}

/// See [`dayline_app::ports::RawEvents::keep_beat`].
pub(super) async fn beat(
    transaction: &mut Transaction,
    user: UserId,
    bucket: &BucketId,
    beat: RawEvent,
    pulse_ms: i64,
    keeping: Keeping,
) -> Result<Kept<StoredRawEvent>, PortError> {
    let mut writing = match Writing::begin(transaction, user, bucket).await?.stored() {
        Ok(writing) => writing,
        Err(refused) => return Ok(refused),
    };
    let together = writing.last().await?.and_then(|last| last.with(&beat, pulse_ms));
    let both = [&beat].into_iter().chain(together.as_ref().map(|together| &together.event));
    let erased = writing.erased(both).await?;
    let is_erased = |event: &RawEvent| erased.iter().any(|erased| event.meets(*erased));
    if !writing.days.keeps(beat.end(), keeping.now) || is_erased(&beat) {
        return Ok(Kept::NotWanted);
    }
    let became = if let Some(together) = together.filter(|together| !is_erased(&together.event)) {
        writing.lengthen(&together).await?;
        together
    } else {
        let new = StoredRawEvent { number: writing.next_number(&beat), event: beat };
        writing.insert(std::slice::from_ref(&new)).await?;
        new
    };
    writing.end(Some(became.number), keeping.max_bytes).await?;
    Ok(Kept::Stored(became))
}

/// See [`dayline_app::ports::RawEvents::keep_events`].
pub(super) async fn events(
    transaction: &mut Transaction,
    user: UserId,
    bucket: &BucketId,
    mut events: Vec<(Option<u64>, RawEvent)>,
    keeping: Keeping,
) -> Result<Kept<Vec<StoredRawEvent>>, PortError> {
    let mut writing = match Writing::begin(transaction, user, bucket).await?.stored() {
        Ok(writing) => writing,
        Err(refused) => return Ok(refused),
    };
    let erased = writing.erased(events.iter().map(|(_, event)| event)).await?;
    let is_erased = |event: &RawEvent| erased.iter().any(|erased| event.meets(*erased));
    events.retain(|(_, event)| writing.days.keeps(event.end(), keeping.now) && !is_erased(event));
    let mut known = writing.known(&events).await?;
    let (mut kept, mut new) = (Vec::with_capacity(events.len()), Vec::new());
    for (number, event) in events {
        if let Some(number) = number
            && writing.replace(number, &event).await?
        {
            kept.push(StoredRawEvent { number, event });
            continue;
        }
        let number = *known.entry(event.clone()).or_insert_with(|| {
            let number = writing.next_number(&event);
            new.push(StoredRawEvent { number, event: event.clone() });
            number
        });
        kept.push(StoredRawEvent { number, event });
    }
    writing.insert(&new).await?;
    writing.end(None, keeping.max_bytes).await?;
    Ok(Kept::Stored(kept))
}
