//! Keeping events of foreign trackers.

use dayline_app::ports::{Keeping, Kept};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{RawEvent, StoredRawEvent, around};
use dayline_domain::{Interval, RawEventDays, UserId};
use rusqlite::{OptionalExtension, Transaction, params};

use super::room::{Totals, make_room};
use super::rows::{sql, stored, unsigned};
use crate::failure::Failure;
use crate::preferences::raw_event_days;
use crate::values::{IdBytes, instant};

const PERSON: &str = "SELECT number, raw_event_days FROM users WHERE id = ?1";
const BUCKET: &str = "SELECT last_beat FROM buckets WHERE user_number = ?1 AND id = ?2";
const SET_LAST_BEAT: &str = "UPDATE buckets SET last_beat = ?3 WHERE user_number = ?1 AND id = ?2";
const BY_NUMBER: &str = "
    SELECT number, start_ms, end_ms, data FROM raw_events
    WHERE user_number = ?1 AND bucket = ?2 AND number = ?3";
const LAST_TO_BEGIN: &str = "
    SELECT number, start_ms, end_ms, data FROM raw_events
    WHERE user_number = ?1 AND bucket = ?2 ORDER BY start_ms DESC, number LIMIT 1";
const SAME: &str = "
    SELECT number FROM raw_events
    WHERE user_number = ?1 AND bucket = ?2 AND start_ms = ?3 AND end_ms = ?4 AND data = ?5
    ORDER BY number LIMIT 1";
/// Erasures are corrections of the kind 2.
const ERASED: &str = "
    SELECT start_ms, end_ms FROM corrections
    WHERE user_number = ?1 AND kind = 2 AND start_ms < ?3 AND end_ms > ?2";
const LENGTHEN: &str = "UPDATE raw_events SET end_ms = ?3 WHERE user_number = ?1 AND number = ?2";
const REPLACE: &str = "
    UPDATE raw_events SET start_ms = ?3, end_ms = ?4, data = ?5 WHERE user_number = ?1 AND number = ?2";
const INSERT: &str = "
    INSERT INTO raw_events (user_number, number, bucket, start_ms, end_ms, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// A bucket that is written to.
struct Writing<'a> {
    tx: &'a Transaction<'a>,
    bucket: &'a BucketId,
    user: i64,
    days: RawEventDays,
    last_beat: Option<i64>,
    totals: Totals,
}

impl<'a> Writing<'a> {
    fn begin(tx: &'a Transaction<'a>, user: UserId, bucket: &'a BucketId) -> Result<Kept<Self>, Failure> {
        let person = tx
            .prepare_cached(PERSON)?
            .query_row([IdBytes::from(user)], |row| Ok((row.get::<_, i64>("number")?, raw_event_days(row))));
        let Some((user, days)) = person.optional()? else { return Ok(Kept::NotWanted) };
        let days = days?;
        if days == RawEventDays::default() {
            return Ok(Kept::NotWanted);
        }
        let key = params![user, bucket.as_str()];
        let last_beat = tx.prepare_cached(BUCKET)?.query_row(key, |row| row.get(0)).optional()?;
        let Some(last_beat) = last_beat else { return Ok(Kept::NoSuchBucket) };
        Ok(Kept::Stored(Self { tx, bucket, user, days, last_beat, totals: Totals::of(tx, user)? }))
    }

    /// What a heartbeat may go on with.
    fn last(&self) -> Result<Option<StoredRawEvent>, Failure> {
        if let Some(number) = self.last_beat
            && let Some(last) = self.find(number)?
        {
            return Ok(Some(last));
        }
        let key = params![self.user, self.bucket.as_str()];
        self.tx.prepare_cached(LAST_TO_BEGIN)?.query_row(key, |row| Ok(stored(row))).optional()?.transpose()
    }

    /// What these events may meet of what the person has erased.
    fn erased<'e>(&self, events: impl Iterator<Item = &'e RawEvent>) -> Result<Vec<Interval>, Failure> {
        let Some(all) = around(events) else { return Ok(Vec::new()) };
        let mut statement = self.tx.prepare_cached(ERASED)?;
        let mut rows = statement.query(params![self.user, all.start().0, all.end().0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.extend(Interval::new(instant(row, "start_ms")?, instant(row, "end_ms")?));
        }
        Ok(found)
    }

    fn find(&self, number: i64) -> Result<Option<StoredRawEvent>, Failure> {
        let key = params![self.user, self.bucket.as_str(), number];
        self.tx.prepare_cached(BY_NUMBER)?.query_row(key, |row| Ok(stored(row))).optional()?.transpose()
    }

    /// Keeps an event among others.
    fn keep(&mut self, number: Option<u64>, event: RawEvent) -> Result<StoredRawEvent, Failure> {
        if let Some(number) = number
            && let Some(old) = self.find(sql(number))?
        {
            let row = params![self.user, sql(number), event.start().0, event.end().0, event.data().as_str()];
            self.tx.prepare_cached(REPLACE)?.execute(row)?;
            self.totals.bytes = self.totals.bytes + event.bytes() - old.event.bytes();
            return Ok(StoredRawEvent { number, event });
        }
        let data = event.data().as_str();
        let row = params![self.user, self.bucket.as_str(), event.start().0, event.end().0, data];
        match self.tx.prepare_cached(SAME)?.query_row(row, |row| unsigned(row, "number")).optional()? {
            Some(number) => Ok(StoredRawEvent { number, event }),
            None => self.insert(event),
        }
    }

    fn insert(&mut self, event: RawEvent) -> Result<StoredRawEvent, Failure> {
        let number = self.totals.last_number + 1;
        let (bucket, data) = (self.bucket.as_str(), event.data().as_str());
        let row = params![self.user, sql(number), bucket, event.start().0, event.end().0, data];
        self.tx.prepare_cached(INSERT)?.execute(row)?;
        self.totals = Totals { last_number: number, bytes: self.totals.bytes + event.bytes() };
        Ok(StoredRawEvent { number, event })
    }

    /// Ends it: with what the next heartbeat goes on with.
    fn end(mut self, last_beat: Option<u64>, max_bytes: u64) -> Result<(), Failure> {
        let row = params![self.user, self.bucket.as_str(), last_beat.map(sql)];
        self.tx.prepare_cached(SET_LAST_BEAT)?.execute(row)?;
        make_room(self.tx, self.user, &mut self.totals, max_bytes)?;
        self.totals.store(self.tx, self.user)
    }
}

/// See [`dayline_app::ports::RawEvents::keep_beat`].
pub(super) fn beat(
    tx: &Transaction<'_>,
    user: UserId,
    bucket: &BucketId,
    beat: RawEvent,
    pulse_ms: i64,
    keeping: Keeping,
) -> Result<Kept<StoredRawEvent>, Failure> {
    let mut writing = match Writing::begin(tx, user, bucket)?.stored() {
        Ok(writing) => writing,
        Err(refused) => return Ok(refused),
    };
    let together = writing.last()?.and_then(|last| last.with(&beat, pulse_ms));
    let erased = writing.erased([&beat].into_iter().chain(together.as_ref().map(|both| &both.event)))?;
    let is_erased = |event: &RawEvent| erased.iter().any(|erased| event.meets(*erased));
    if !writing.days.keeps(beat.end(), keeping.now) || is_erased(&beat) {
        return Ok(Kept::NotWanted);
    }
    let became = match together.filter(|together| !is_erased(&together.event)) {
        Some(together) => {
            let row = params![writing.user, sql(together.number), together.event.end().0];
            tx.prepare_cached(LENGTHEN)?.execute(row)?;
            together
        }
        None => writing.insert(beat)?,
    };
    writing.end(Some(became.number), keeping.max_bytes)?;
    Ok(Kept::Stored(became))
}

/// See [`dayline_app::ports::RawEvents::keep_events`].
pub(super) fn events(
    tx: &Transaction<'_>,
    user: UserId,
    bucket: &BucketId,
    events: Vec<(Option<u64>, RawEvent)>,
    keeping: Keeping,
) -> Result<Kept<Vec<StoredRawEvent>>, Failure> {
    let mut writing = match Writing::begin(tx, user, bucket)?.stored() {
        Ok(writing) => writing,
        Err(refused) => return Ok(refused),
    };
    let erased = writing.erased(events.iter().map(|(_, event)| event))?;
    let mut kept = Vec::new();
    for (number, event) in events {
        let is_erased = erased.iter().any(|erased| event.meets(*erased));
        if writing.days.keeps(event.end(), keeping.now) && !is_erased {
            kept.push(writing.keep(number, event)?);
        }
    }
    writing.end(None, keeping.max_bytes)?;
    Ok(Kept::Stored(kept))
}
