//! Events of foreign trackers as they came, in the fake store.

use std::cmp::Reverse;

use dayline_app::ports::{EventExtent, EventsAsked, Keeping, Kept, PortFuture, RawEvents};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{Interval, RawEventDays, Says, UserId, UtcDay, UtcMs};

use super::raw_tables::stored;
use super::{FakeStore, Tables};

impl Tables {
    /// For how many days somebody keeps events.
    pub(super) fn raw_event_days(&self, user: UserId) -> RawEventDays {
        self.preferences.get(&user).map(|preferences| preferences.raw_event_days).unwrap_or_default()
    }

    /// What of their time somebody has erased.
    fn erased(&self, user: UserId) -> Vec<Interval> {
        let corrections = self.corrections_in(user, None).into_iter();
        let erased = corrections.filter_map(|correction| match correction.says {
            Says::Erasure { interval } => Some(interval),
            Says::Entry { .. } | Says::Nothing => None,
        });
        erased.collect()
    }

    /// Whether events may be kept in a bucket.
    fn may_keep<T>(&self, user: UserId, bucket: &BucketId) -> Option<Kept<T>> {
        if self.raw_event_days(user) == RawEventDays::default() {
            return Some(Kept::NotWanted);
        }
        (!self.buckets.contains_key(&(user, bucket.clone()))).then_some(Kept::NoSuchBucket)
    }
}

impl RawEvents for FakeStore {
    fn keep_beat(
        &self,
        user: UserId,
        bucket: BucketId,
        beat: RawEvent,
        pulse_ms: i64,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<StoredRawEvent>> {
        self.transaction(|tables| {
            if let Some(refused) = tables.may_keep(user, &bucket) {
                return Ok(refused);
            }
            let erased = tables.erased(user);
            let is_erased = |event: &RawEvent| erased.iter().any(|erased| event.meets(*erased));
            if !tables.raw_event_days(user).keeps(beat.end(), keeping.now) || is_erased(&beat) {
                return Ok(Kept::NotWanted);
            }
            let raw = &mut tables.raw;
            let last = raw.last_beat(user, &bucket);
            let together = last.and_then(|last| last.with(&beat, pulse_ms));
            let together = together.filter(|together| !is_erased(&together.event));
            let became = match together {
                Some(together) => {
                    let event = (bucket.clone(), together.event.clone());
                    raw.events.insert((user, together.number), event);
                    together
                }
                None => raw.insert(user, &bucket, beat),
            };
            raw.last_beats.insert((user, bucket), became.number);
            raw.make_room(user, keeping.max_bytes);
            Ok(Kept::Stored(became))
        })
    }

    fn keep_events(
        &self,
        user: UserId,
        bucket: BucketId,
        events: Vec<(Option<u64>, RawEvent)>,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<Vec<StoredRawEvent>>> {
        self.transaction(|tables| {
            if let Some(refused) = tables.may_keep(user, &bucket) {
                return Ok(refused);
            }
            let (days, erased) = (tables.raw_event_days(user), tables.erased(user));
            let raw = &mut tables.raw;
            let is_erased = |event: &RawEvent| erased.iter().any(|erased| event.meets(*erased));
            let is_kept = |event: &RawEvent| days.keeps(event.end(), keeping.now) && !is_erased(event);
            let new = events.into_iter().filter(|(_, event)| is_kept(event));
            // Of equal ones the one with the smallest number.
            let before = raw.of(user, &bucket).into_iter().rev();
            let mut known = before.map(|stored| (stored.event, stored.number)).collect();
            let keep = |(number, event)| raw.keep(user, &bucket, number, event, &mut known);
            let kept = new.map(keep).collect();
            raw.last_beats.remove(&(user, bucket));
            raw.make_room(user, keeping.max_bytes);
            Ok(Kept::Stored(kept))
        })
    }

    fn raw_events(&self, user: UserId, asked: EventsAsked) -> PortFuture<'_, Vec<StoredRawEvent>> {
        self.transaction(|tables| {
            let place = |(start, number): (UtcMs, u64)| (Reverse(start), number);
            let is_asked = |stored: &StoredRawEvent| {
                let here = (stored.event.start(), stored.number);
                asked.range.touches(&stored.event)
                    && asked.after.is_none_or(|after| place(here) > place(after))
            };
            let theirs = tables.raw.of(user, &asked.bucket).into_iter();
            Ok(theirs.filter(is_asked).take(asked.at_most).collect())
        })
    }

    fn count_raw_events(&self, user: UserId, bucket: BucketId, range: EventRange) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let theirs = tables.raw.of(user, &bucket).into_iter();
            Ok(theirs.filter(|stored| range.touches(&stored.event)).count() as u64)
        })
    }

    fn raw_event(
        &self,
        user: UserId,
        bucket: BucketId,
        number: u64,
    ) -> PortFuture<'_, Option<StoredRawEvent>> {
        self.transaction(|tables| {
            let found = tables.raw.events.get(&(user, number)).filter(|(of, _)| *of == bucket);
            Ok(found.map(|(_, event)| stored(number, event)))
        })
    }

    fn event_extents(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<EventExtent>> {
        self.transaction(|tables| {
            let buckets = tables.buckets.keys().filter(|(of, _)| *of == user);
            let extents = buckets.filter_map(|(_, bucket)| {
                let events: Vec<_> = tables.raw.of(user, bucket);
                let mut kept = events.into_iter().filter(|stored| stored.event.end() >= since);
                let last = kept.next()?;
                let start = kept.next_back().map_or(last.event.start(), |first| first.event.start());
                Some(EventExtent { bucket: bucket.clone(), start, end: last.event.end() })
            });
            Ok(extents.collect())
        })
    }

    fn all_raw_events(
        &self,
        user: UserId,
        after: u64,
        at_most: usize,
    ) -> PortFuture<'_, Vec<(BucketId, StoredRawEvent)>> {
        self.transaction(|tables| {
            let theirs = tables.raw.events.range((user, after.saturating_add(1))..=(user, u64::MAX));
            let all = theirs.map(|((_, number), (bucket, event))| (bucket.clone(), stored(*number, event)));
            Ok(all.take(at_most).collect())
        })
    }

    fn delete_raw_event(&self, user: UserId, bucket: BucketId, number: u64) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let events = &mut tables.raw.events;
            let is_there = events.get(&(user, number)).is_some_and(|(of, _)| *of == bucket);
            if is_there {
                events.remove(&(user, number));
            }
            Ok(is_there)
        })
    }

    fn clear_raw_events(&self, user: UserId, bucket: BucketId, at_most: usize) -> PortFuture<'_, u64> {
        self.transaction(|tables| Ok(tables.raw.clear(user, &bucket, at_most)))
    }

    fn purge_raw_events(&self, now: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let is_past = |user, end: UtcMs| {
                tables.kept_from.get(&user).is_some_and(|from: &UtcDay| end < from.start())
            };
            let is_old = |user: UserId, event: &RawEvent| {
                !tables.raw_event_days(user).keeps(event.end(), now) || is_past(user, event.end())
            };
            let old = tables.raw.events.iter().filter(|((user, _), (_, event))| is_old(*user, event));
            let old: Vec<_> = old.map(|(key, _)| *key).take(at_most).collect();
            for key in &old {
                tables.raw.events.remove(key);
            }
            Ok(old.len() as u64)
        })
    }
}
