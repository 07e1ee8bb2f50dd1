//! How what is kept is read.

use dayline_app::ports::{EventExtent, EventsAsked};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, LONGEST_MS, MAX_DATA, RawEvent};
use dayline_domain::{UserId, UtcMs};

use super::super::Fact;
use super::super::store::{NOW, StorePorts};
use super::{all, event, id, keep, keeper, numbered};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("events_come_back_exactly_the_last_first", |s| {
        Box::pin(events_come_back_exactly_the_last_first(s))
    }),
    Fact::new("of_a_range_come_those_that_touch_it", |s| Box::pin(of_a_range_come_those_that_touch_it(s))),
    Fact::new("pages_have_each_event_once", |s| Box::pin(pages_have_each_event_once(s))),
    Fact::new("an_event_is_found_by_its_number_in_its_bucket", |s| {
        Box::pin(an_event_is_found_by_its_number_in_its_bucket(s))
    }),
    Fact::new("extents_are_those_of_what_is_still_kept", |s| {
        Box::pin(extents_are_those_of_what_is_still_kept(s))
    }),
    Fact::new("people_have_events_of_their_own", |s| Box::pin(people_have_events_of_their_own(s))),
];

async fn events_come_back_exactly_the_last_first(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let odd = "{\"'; --\":\"\\u0000 💻\"}";
    let longest = "ü".repeat(MAX_DATA / 2);
    let events =
        [event(-5, -5, odd), event(7, 7 + LONGEST_MS, &longest), event(7, 8, "{}"), event(0, 9, "null")];
    assert_eq!(keep(&store, user, "a", &events).await, [1, 2, 3, 4]);
    let expected = [(2, &events[1]), (3, &events[2]), (4, &events[3]), (1, &events[0])];
    assert_eq!(all(&store, user, "a").await, expected.map(|(number, event)| numbered(number, event.clone())));
}

fn range(from: i64, to: i64) -> EventRange {
    EventRange { from: NOW.plus(from), to: NOW.plus(to) }
}

async fn of_a_range_come_those_that_touch_it(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let events =
        [event(0, 10, "1"), event(10, 20, "2"), event(20, 20, "3"), event(20, 40, "4"), event(15, 35, "5")];
    keep(&store, user, "a", &events).await;
    keep(&store, user, "a", &[event(-LONGEST_MS, 0, "6")]).await;
    for (asked, found) in [
        (range(10, 10), &[2, 1][..]),
        (range(11, 19), &[5, 2]),
        (range(20, 20), &[3, 4, 5, 2]),
        (range(36, 99), &[4]),
        (range(41, 99), &[]),
        (range(0, 0), &[1, 6]),
        (range(20, 10), &[]),
        (EventRange { from: UtcMs(i64::MIN), to: NOW.plus(-1) }, &[6]),
        (EventRange::ALL, &[3, 4, 5, 2, 1, 6]),
    ] {
        let of_range = EventsAsked { bucket: id("a"), range: asked, after: None, at_most: 99 };
        let stored = store.raw_events.raw_events(user, of_range).await.unwrap();
        assert_eq!(stored.iter().map(|stored| stored.number).collect::<Vec<_>>(), found, "{asked:?}");
        let count = store.raw_events.count_raw_events(user, id("a"), asked).await;
        assert_eq!(count, Ok(found.len() as u64), "{asked:?}");
    }
}

async fn pages_have_each_event_once(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let events: Vec<RawEvent> = (0..20).map(|n| event(n % 4, n % 4 + 1, &n.to_string())).collect();
    keep(&store, user, "a", &events).await;
    keep(&store, user, "b", &[event(2, 2, "x")]).await;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let asked = EventsAsked { bucket: id("a"), range: range(0, 2), after, at_most: 3 };
        let page = store.raw_events.raw_events(user, asked).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some((last.event.start(), last.number));
        found.extend(page);
    }
    let mut expected = all(&store, user, "a").await;
    expected.retain(|stored| stored.event.start() <= NOW.plus(2));
    assert_eq!((found.len(), found), (15, expected));

    let (mut numbers, mut last) = (Vec::new(), 0);
    loop {
        let page = store.raw_events.all_raw_events(user, last, 6).await.unwrap();
        let Some((_, stored)) = page.last() else { break };
        last = stored.number;
        numbers.extend(page.into_iter().map(|(bucket, stored)| (stored.number, bucket)));
    }
    let of = |n| if n == 21 { id("b") } else { id("a") };
    assert_eq!(numbers, (1..=21).map(|n| (n, of(n))).collect::<Vec<(u64, BucketId)>>());
    assert_eq!(store.raw_events.all_raw_events(user, u64::MAX, 9).await, Ok(vec![]));
}

async fn an_event_is_found_by_its_number_in_its_bucket(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let stored = event(0, 10, "x");
    keep(&store, user, "a", std::slice::from_ref(&stored)).await;
    let find = async |bucket, number| store.raw_events.raw_event(user, id(bucket), number).await.unwrap();
    assert_eq!(find("a", 1).await, Some(numbered(1, stored)));
    for (bucket, number) in [("b", 1), ("a", 2), ("c", 1), ("a", 0), ("a", u64::MAX)] {
        assert_eq!(find(bucket, number).await, None, "{bucket} {number}");
        let deleted = store.raw_events.delete_raw_event(user, id(bucket), number).await;
        assert_eq!(deleted, Ok(false), "{bucket} {number}");
    }
}

async fn extents_are_those_of_what_is_still_kept(store: StorePorts) {
    let user = keeper(&store, 1).await;
    keep(&store, user, "a", &[event(0, 90, "1"), event(10, 20, "2"), event(30, 40, "3")]).await;
    keep(&store, user, "b", &[event(5, 6, "4")]).await;
    let extents = async |since: i64| {
        let found = store.raw_events.event_extents(user, NOW.plus(since)).await.unwrap().into_iter();
        let since_now = |at: UtcMs| at.since(NOW);
        let mut found: Vec<_> = found
            .map(|EventExtent { bucket, start, end }| {
                (bucket.as_str().to_owned(), since_now(start), since_now(end))
            })
            .collect();
        found.sort();
        found
    };
    assert_eq!(extents(0).await, [("a".to_owned(), 0, 40), ("b".to_owned(), 5, 6)]);
    assert_eq!(extents(21).await, [("a".to_owned(), 0, 40)]);
    assert_eq!(extents(41).await, [("a".to_owned(), 0, 90)]);
    assert_eq!(extents(91).await, []);
}

async fn people_have_events_of_their_own(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    keep(&store, ada, "a", &[event(0, 10, "x")]).await;
    let nothing = async |user: UserId| {
        assert_eq!(all(&store, user, "a").await, []);
        assert_eq!(store.raw_events.raw_event(user, id("a"), 1).await, Ok(None));
        assert_eq!(store.raw_events.count_raw_events(user, id("a"), EventRange::ALL).await, Ok(0));
        assert_eq!(store.raw_events.event_extents(user, UtcMs(0)).await, Ok(vec![]));
        assert_eq!(store.raw_events.all_raw_events(user, 0, 9).await, Ok(vec![]));
        assert_eq!(store.raw_events.delete_raw_event(user, id("a"), 1).await, Ok(false));
        assert_eq!(store.raw_events.clear_raw_events(user, id("a"), 9).await, Ok(0));
    };
    nothing(bob).await;
    nothing(super::super::store::person(3).id).await;
    assert_eq!(all(&store, ada, "a").await, [numbered(1, event(0, 10, "x"))]);
}
