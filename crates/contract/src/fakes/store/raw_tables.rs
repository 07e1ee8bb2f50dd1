//! The tables of foreign trackers' events as they came, in the fake store.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{RawEvent, StoredRawEvent};
use dayline_domain::{Interval, UserId};

/// All events.
#[derive(Default, Clone)]
pub(super) struct RawTables {
    pub(super) events: BTreeMap<(UserId, u64), (BucketId, RawEvent)>,
    last_numbers: BTreeMap<UserId, u64>,
    /// What the last heartbeat of a bucket became.
    pub(super) last_beats: BTreeMap<(UserId, BucketId), u64>,
}

impl RawTables {
    /// Those of a bucket, the last one first.
    pub(super) fn of(&self, user: UserId, bucket: &BucketId) -> Vec<StoredRawEvent> {
        let theirs =
            self.events.iter().filter(|((of, _), (in_bucket, _))| *of == user && in_bucket == bucket);
        let mut theirs: Vec<_> = theirs.map(|((_, number), (_, event))| stored(*number, event)).collect();
        theirs.sort_by_key(|stored| (Reverse(stored.event.start()), stored.number));
        theirs
    }

    /// What a heartbeat may go on with.
    pub(super) fn last_beat(&self, user: UserId, bucket: &BucketId) -> Option<StoredRawEvent> {
        let number = self.last_beats.get(&(user, bucket.clone()));
        let found = number.and_then(|number| Some((*number, self.events.get(&(user, *number))?)));
        let found = found.map(|(number, (_, event))| stored(number, event));
        found.or_else(|| self.of(user, bucket).into_iter().next())
    }

    pub(super) fn insert(&mut self, user: UserId, bucket: &BucketId, event: RawEvent) -> StoredRawEvent {
        let last = self.last_numbers.entry(user).or_default();
        *last += 1;
        self.events.insert((user, *last), (bucket.clone(), event.clone()));
        StoredRawEvent { number: *last, event }
    }

    /// Keeps an event among others: as another one, as what is known already, or as a new one.
    pub(super) fn keep(
        &mut self,
        user: UserId,
        bucket: &BucketId,
        number: Option<u64>,
        event: RawEvent,
        known: &mut BTreeMap<RawEvent, u64>,
    ) -> StoredRawEvent {
        let replaced = number.and_then(|number| self.events.get_mut(&(user, number)));
        if let (Some(number), Some((in_bucket, old))) = (number, replaced)
            && in_bucket == bucket
        {
            *old = event.clone();
            return StoredRawEvent { number, event };
        }
        let new = || self.insert(user, bucket, event.clone()).number;
        let number = *known.entry(event.clone()).or_insert_with(new);
        StoredRawEvent { number, event }
    }

    pub(super) fn make_room(&mut self, user: UserId, max_bytes: u64) {
        let mut theirs: Vec<_> = self.events.iter().filter(|((of, _), _)| *of == user).collect();
        theirs.sort_by_key(|((_, number), (_, event))| (event.end(), *number));
        let mut bytes: u64 = theirs.iter().map(|(_, (_, event))| event.bytes()).sum();
        let surplus = theirs.into_iter().take_while(|(_, (_, event))| {
            let is_surplus = bytes > max_bytes;
            bytes = bytes.saturating_sub(event.bytes());
            is_surplus
        });
        let surplus: Vec<_> = surplus.map(|(key, _)| *key).collect();
        self.events.retain(|key, _| !surplus.contains(key));
    }

    /// Deletes some of a bucket's events.
    pub(super) fn clear(&mut self, user: UserId, bucket: &BucketId, at_most: usize) -> u64 {
        let some: Vec<_> = self.of(user, bucket).into_iter().take(at_most).collect();
        for stored in &some {
            self.events.remove(&(user, stored.number));
        }
        some.len() as u64
    }

    /// Deletes what an erasure meets.
    pub(super) fn erase(&mut self, user: UserId, interval: Interval) {
        self.events.retain(|(of, _), (_, event)| *of != user || !event.meets(interval));
    }

    /// Forgets everything of a person.
    pub(super) fn forget(&mut self, user: UserId) {
        self.events.retain(|(of, _), _| *of != user);
        self.last_beats.retain(|(of, _), _| *of != user);
        self.last_numbers.remove(&user);
    }
}

pub(super) fn stored(number: u64, event: &RawEvent) -> StoredRawEvent {
    StoredRawEvent { number, event: event.clone() }
}
