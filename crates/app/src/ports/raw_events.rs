//! Events of foreign trackers as they came, for people who keep them.

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{UserId, UtcMs};

use super::future::PortFuture;

/// What bounds what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// The time, by which events are too old to be kept.
    pub now: UtcMs,
    /// Most bytes of events of one person (see [`RawEvent::bytes`]); of more, those go that ended first.
    pub max_bytes: u64,
}

/// What became of something that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept<T> {
    /// It is stored; this is how.
    Stored(T),
    /// The person keeps nothing of the kind, or no longer; or they have erased it.
    NotWanted,
    /// They have no such bucket.
    NoSuchBucket,
}

impl<T> Kept<T> {
    /// What is stored.
    ///
    /// # Errors
    /// The refusal, of whatever it is.
    pub fn stored<U>(self) -> Result<T, Kept<U>> {
        match self {
            Self::Stored(stored) => Ok(stored),
            Self::NotWanted => Err(Kept::NotWanted),
            Self::NoSuchBucket => Err(Kept::NoSuchBucket),
        }
    }
}

/// Which events are asked for, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsAsked {
    /// Of which bucket.
    pub bucket: BucketId,
    /// Those that touch this.
    pub range: EventRange,
    /// Those that come after this one: it began at that moment and has that number.
    pub after: Option<(UtcMs, u64)>,
    /// Most that are wanted.
    pub at_most: usize,
}

/// How far a bucket's events reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventExtent {
    /// Of which bucket.
    pub bucket: BucketId,
    /// When the first begins.
    pub start: UtcMs,
    /// When that ends which begins last.
    pub end: UtcMs,
}

/// People's events, each in a bucket. They go with their bucket, and with their person. An erasure that the ledger keeps takes every event
/// with it that meets it ([`RawEvent::meets`]), and none that meets one is kept.
///
/// All calls that read fail with [`Unavailable`](super::PortError::Unavailable) if the store is away, and with
/// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read; all that write, with `Unavailable` if it is
/// away: whether they took effect is not known then.
pub trait RawEvents: Send + Sync {
    /// Keeps a heartbeat: one with the event that the last heartbeat of this bucket became, or if that is gone or others came by
    /// [`RawEvents::keep_events`] since, with the one that begins last, if it goes on with it
    /// ([`RawEvent::end_with`]) and the two together meet no erasure; else as an event of its own. Durable when it is answered.
    ///
    /// # Errors
    /// See the trait.
    fn keep_beat(
        &self,
        user: UserId,
        bucket: BucketId,
        beat: RawEvent,
        pulse_ms: i64,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<StoredRawEvent>>;

    /// Keeps events, those left out that are too old or erased. One with the number of an event of this bucket takes its place; one that is there
    /// already as it is stays. The others get numbers, in their order. Durable when it is answered.
    ///
    /// # Errors
    /// See the trait.
    fn keep_events(
        &self,
        user: UserId,
        bucket: BucketId,
        events: Vec<(Option<u64>, RawEvent)>,
        keeping: Keeping,
    ) -> PortFuture<'_, Kept<Vec<StoredRawEvent>>>;

    /// Some of a bucket's events: those that begin last first; of those that begin together, the smaller number.
    ///
    /// # Errors
    /// See the trait.
    fn raw_events(&self, user: UserId, asked: EventsAsked) -> PortFuture<'_, Vec<StoredRawEvent>>;

    /// How many of a bucket's events touch a range.
    ///
    /// # Errors
    /// See the trait.
    fn count_raw_events(&self, user: UserId, bucket: BucketId, range: EventRange) -> PortFuture<'_, u64>;

    /// One of a bucket's events.
    ///
    /// # Errors
    /// See the trait.
    fn raw_event(
        &self,
        user: UserId,
        bucket: BucketId,
        number: u64,
    ) -> PortFuture<'_, Option<StoredRawEvent>>;

    /// How far the events of each bucket reach that ended at `since` or later; nothing of one without such.
    ///
    /// # Errors
    /// See the trait.
    fn event_extents(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<EventExtent>>;

    /// Some of all events of a person with numbers greater than `after`, by number.
    ///
    /// # Errors
    /// See the trait.
    fn all_raw_events(
        &self,
        user: UserId,
        after: u64,
        at_most: usize,
    ) -> PortFuture<'_, Vec<(BucketId, StoredRawEvent)>>;

    /// Deletes one of a bucket's events; false if there is none.
    ///
    /// # Errors
    /// See the trait.
    fn delete_raw_event(&self, user: UserId, bucket: BucketId, number: u64) -> PortFuture<'_, bool>;

    /// Deletes at most so many of a bucket's events; gives how many.
    ///
    /// # Errors
    /// See the trait.
    fn clear_raw_events(&self, user: UserId, bucket: BucketId, at_most: usize) -> PortFuture<'_, u64>;

    /// Deletes at most so many events that are not kept any more, whosever; gives how many.
    ///
    /// # Errors
    /// See the trait.
    fn purge_raw_events(&self, now: UtcMs, at_most: usize) -> PortFuture<'_, u64>;
}
