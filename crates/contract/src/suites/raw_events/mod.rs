//! What every store of foreign trackers' events as they came keeps.

pub mod keeping;
pub mod reading;

use dayline_app::ports::{EventsAsked, Keeping, Kept};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::raw_event::{EventData, EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{Preferences, RawEventDays, UserId};

use super::store::{NOW, StorePorts};
use dayline_app::ports::StoredBucket;

/// For how many days the people of these suites keep events.
const DAYS: u16 = 30;
/// Room for all they have.
const KEEPING: Keeping = Keeping { now: NOW, max_bytes: 1 << 20 };

fn id(text: &str) -> BucketId {
    BucketId::new(text).unwrap()
}

/// An event from and to so many milliseconds after [`NOW`].
fn event(start: i64, end: i64, data: &str) -> RawEvent {
    RawEvent::new(NOW.plus(start), NOW.plus(end), EventData::new(data).unwrap())
}

fn numbered(number: u64, event: RawEvent) -> StoredRawEvent {
    StoredRawEvent { number, event }
}

async fn choose(store: &StorePorts, user: UserId, days: u16) {
    let raw_event_days = RawEventDays::new(days).unwrap();
    let preferences = Preferences { raw_event_days, ..Preferences::default() };
    assert!(store.preferences.set_preferences(user, preferences).await.unwrap());
}

async fn open(store: &StorePorts, user: UserId, bucket: &str) {
    let word = |text: &str| BucketWord::new(text).unwrap();
    let (kind, client, host) = (word("currentwindow"), word("watcher"), word("pc"));
    let bucket = Bucket { id: id(bucket), kind, client, host };
    store
        .buckets
        .open_bucket(user, StoredBucket { bucket, opened_by: None, created_at: NOW }, 99)
        .await
        .unwrap();
}

/// The `n`-th person, who keeps events and has the buckets `a` and `b`.
async fn keeper(store: &StorePorts, n: u64) -> UserId {
    let user = store.register(n).await.id;
    choose(store, user, DAYS).await;
    open(store, user, "a").await;
    open(store, user, "b").await;
    user
}

async fn beat(store: &StorePorts, user: UserId, bucket: &str, beat: RawEvent) -> Kept<StoredRawEvent> {
    store.raw_events.keep_beat(user, id(bucket), beat, 1_000, KEEPING).await.unwrap()
}

/// Keeps events without numbers; gives the numbers that they have then.
async fn keep(store: &StorePorts, user: UserId, bucket: &str, events: &[RawEvent]) -> Vec<u64> {
    let events = events.iter().map(|event| (None, event.clone())).collect();
    match store.raw_events.keep_events(user, id(bucket), events, KEEPING).await.unwrap() {
        Kept::Stored(stored) => stored.into_iter().map(|stored| stored.number).collect(),
        other => panic!("{other:?}"),
    }
}

/// All events of a bucket.
async fn all(store: &StorePorts, user: UserId, bucket: &str) -> Vec<StoredRawEvent> {
    let asked = EventsAsked { bucket: id(bucket), range: EventRange::ALL, after: None, at_most: 1_000 };
    store.raw_events.raw_events(user, asked).await.unwrap()
}
