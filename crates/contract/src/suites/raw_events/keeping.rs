//! What is kept, and how it goes.

use dayline_app::ports::{Keeping, Kept};
use dayline_domain::raw_event::{MAX_DATA, RawEvent};
use dayline_domain::{Correction, CorrectionId, DAY_MS, Interval, Says, UserId};

use super::super::Fact;
use super::super::store::{NOW, StorePorts, person};
use super::{DAYS, KEEPING, all, beat, choose, event, id, keep, keeper, numbered, open};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("nothing_is_kept_of_who_did_not_choose_it", |s| {
        Box::pin(nothing_is_kept_of_who_did_not_choose_it(s))
    }),
    Fact::new("heartbeats_that_go_on_with_the_last_one_are_one_event", |s| {
        Box::pin(heartbeats_that_go_on_with_the_last_one_are_one_event(s))
    }),
    Fact::new("a_heartbeat_that_comes_late_is_what_the_next_goes_on_with", |s| {
        Box::pin(a_heartbeat_that_comes_late_is_what_the_next_goes_on_with(s))
    }),
    Fact::new("after_other_events_a_heartbeat_goes_on_with_the_one_that_begins_last", |s| {
        Box::pin(after_other_events_a_heartbeat_goes_on_with_the_one_that_begins_last(s))
    }),
    Fact::new("an_event_with_a_number_takes_the_place_of_that_one_in_its_bucket", |s| {
        Box::pin(an_event_with_a_number_takes_the_place_of_that_one_in_its_bucket(s))
    }),
    Fact::new("an_event_that_is_there_already_is_not_kept_twice", |s| {
        Box::pin(an_event_that_is_there_already_is_not_kept_twice(s))
    }),
    Fact::new("no_number_is_used_again", |s| Box::pin(no_number_is_used_again(s))),
    Fact::new("what_needs_too_much_room_pushes_out_what_ended_first", |s| {
        Box::pin(what_needs_too_much_room_pushes_out_what_ended_first(s))
    }),
    Fact::new("events_go_when_their_days_are_over_a_few_at_a_time", |s| {
        Box::pin(events_go_when_their_days_are_over_a_few_at_a_time(s))
    }),
    Fact::new("events_of_days_that_are_past_go_however_many_days_are_chosen", |s| {
        Box::pin(events_of_days_that_are_past_go_however_many_days_are_chosen(s))
    }),
    Fact::new("what_is_gone_takes_no_room", |s| Box::pin(what_is_gone_takes_no_room(s))),
    Fact::new("events_go_with_their_bucket_and_with_their_person", |s| {
        Box::pin(events_go_with_their_bucket_and_with_their_person(s))
    }),
    Fact::new("what_is_erased_goes_and_stays_away", |s| Box::pin(what_is_erased_goes_and_stays_away(s))),
    Fact::new("of_heartbeats_that_come_at_once_none_is_lost", |s| {
        Box::pin(of_heartbeats_that_come_at_once_none_is_lost(s))
    }),
];

async fn nothing_is_kept_of_who_did_not_choose_it(store: StorePorts) {
    let user = store.register(1).await.id;
    open(&store, user, "a").await;
    let now = event(0, 5, "{}");
    let keep_now = async || {
        let events = vec![(None, now.clone())];
        store.raw_events.keep_events(user, id("a"), events, KEEPING).await.unwrap()
    };
    assert_eq!(beat(&store, user, "a", now.clone()).await, Kept::NotWanted);
    assert_eq!(keep_now().await, Kept::NotWanted);
    choose(&store, user, DAYS).await;
    assert_eq!(beat(&store, user, "a", now.clone()).await, Kept::Stored(numbered(1, now.clone())));
    choose(&store, user, 0).await;
    assert_eq!(beat(&store, user, "a", now.clone()).await, Kept::NotWanted);
    assert_eq!(keep_now().await, Kept::NotWanted);

    choose(&store, user, DAYS).await;
    assert_eq!(beat(&store, user, "c", now.clone()).await, Kept::NoSuchBucket);
    let before = -i64::from(DAYS) * DAY_MS;
    let (old, oldest) = (event(before - 9, before - 1, "{}"), event(before - 9, before, "{}"));
    assert_eq!(beat(&store, user, "a", old.clone()).await, Kept::NotWanted);
    assert_eq!(keep(&store, user, "a", &[old, oldest]).await, [2]);
    assert_eq!(beat(&store, person(2).id, "a", now).await, Kept::NotWanted);
}

/// What is stored after these heartbeats, from the last on: number, start, end and data.
async fn after_beats(store: &StorePorts, user: UserId, beats: &[(i64, i64, &str)]) -> Vec<(u64, i64, i64)> {
    for (start, end, data) in beats {
        let sent = event(*start, *end, data);
        let Kept::Stored(became) = beat(store, user, "a", sent.clone()).await else { panic!("{sent:?}") };
        assert!(became.event.start() <= sent.start() && became.event.end() >= sent.end(), "{became:?}");
        assert_eq!(became.event.data(), sent.data());
        assert!(all(store, user, "a").await.contains(&became), "{became:?}");
    }
    let all = all(store, user, "a").await.into_iter();
    all.map(|stored| (stored.number, stored.event.start().since(NOW), stored.event.end().since(NOW)))
        .collect()
}

async fn heartbeats_that_go_on_with_the_last_one_are_one_event(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let beats = [
        (0, 0, "x"),
        (1_000, 1_000, "x"),
        (1_000, 1_500, "x"),
        (2_500, 2_600, "x"),
        (1_200, 1_300, "x"),
        (3_601, 4_000, "x"),
        (4_000, 4_100, "y"),
        (4_050, 4_060, "x"),
        (4_200, 4_300, "y"),
    ];
    let expected =
        [(5, 4_200, 4_300), (4, 4_050, 4_060), (3, 4_000, 4_100), (2, 3_601, 4_000), (1, 0, 2_600)];
    assert_eq!(after_beats(&store, user, &beats).await, expected);
    assert_eq!(all(&store, user, "b").await, []);
}

async fn a_heartbeat_that_comes_late_is_what_the_next_goes_on_with(store: StorePorts) {
    let user = keeper(&store, 1).await;
    // As a watcher with a short timeout was seen to send.
    let beats = [(1_000, 1_001, "x"), (999, 999, "x"), (1_500, 2_000, "x"), (2_100, 2_200, "x")];
    assert_eq!(after_beats(&store, user, &beats).await, [(1, 1_000, 1_001), (2, 999, 2_200)]);
}

async fn after_other_events_a_heartbeat_goes_on_with_the_one_that_begins_last(store: StorePorts) {
    let user = keeper(&store, 1).await;
    assert_eq!(after_beats(&store, user, &[(0, 10, "x")]).await, [(1, 0, 10)]);
    assert_eq!(keep(&store, user, "a", &[event(500, 600, "x"), event(300, 400, "x")]).await, [2, 3]);
    let expected = [(2, 500, 900), (3, 300, 400), (1, 0, 10)];
    assert_eq!(after_beats(&store, user, &[(900, 900, "x")]).await, expected);
    assert!(store.raw_events.delete_raw_event(user, id("a"), 2).await.unwrap());
    assert_eq!(after_beats(&store, user, &[(950, 950, "x")]).await, [(3, 300, 950), (1, 0, 10)]);
}

async fn an_event_with_a_number_takes_the_place_of_that_one_in_its_bucket(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    let old = [event(0, 10, "x"), event(20, 30, "y")];
    assert_eq!(keep(&store, ada, "a", &old).await, [1, 2]);
    let put = async |user, bucket, number, event: &RawEvent| {
        let events = vec![(Some(number), event.clone())];
        let kept = store.raw_events.keep_events(user, id(bucket), events, KEEPING).await.unwrap();
        let Kept::Stored(mut stored) = kept else { panic!("{kept:?}") };
        stored.pop().map(|stored| stored.number)
    };
    let new = event(5, 25, "z");
    assert_eq!(put(ada, "a", 1, &new).await, Some(1));
    assert_eq!(all(&store, ada, "a").await, [numbered(2, old[1].clone()), numbered(1, new.clone())]);
    // There is none of these, so that they are new.
    assert_eq!(put(ada, "b", 2, &new).await, Some(3));
    assert_eq!(put(bob, "a", 1, &new).await, Some(1));
    assert_eq!(put(ada, "a", u64::MAX, &event(7, 8, "n")).await, Some(4));
    assert_eq!(all(&store, ada, "a").await.len(), 3);
}

async fn an_event_that_is_there_already_is_not_kept_twice(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let (x, y) = (event(0, 10, "x"), event(0, 10, "y"));
    assert_eq!(keep(&store, user, "a", &[x.clone(), y.clone(), x.clone()]).await, [1, 2, 1]);
    assert_eq!(keep(&store, user, "a", &[event(0, 11, "x"), y, x.clone()]).await, [3, 2, 1]);
    assert_eq!(keep(&store, user, "b", &[x]).await, [4]);
    assert_eq!(all(&store, user, "a").await.len(), 3);
}

async fn no_number_is_used_again(store: StorePorts) {
    let user = keeper(&store, 1).await;
    assert_eq!(keep(&store, user, "a", &[event(0, 1, "x"), event(2, 3, "x")]).await, [1, 2]);
    assert!(store.raw_events.delete_raw_event(user, id("a"), 2).await.unwrap());
    assert!(!store.raw_events.delete_raw_event(user, id("a"), 2).await.unwrap());
    assert_eq!(keep(&store, user, "a", &[event(2, 3, "x")]).await, [3]);
    assert!(store.buckets.delete_bucket(user, id("a")).await.unwrap());
    assert_eq!(keep(&store, user, "b", &[event(2, 3, "x")]).await, [4]);
}

async fn what_needs_too_much_room_pushes_out_what_ended_first(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    keep(&store, bob, "a", &[event(0, 1, "x")]).await;
    let data = "é".repeat(MAX_DATA / 2);
    let each = event(0, 0, &data).bytes();
    let keeping = Keeping { now: NOW, max_bytes: 3 * each };
    let put = async |bucket: &str, events: Vec<RawEvent>| {
        let events = events.into_iter().map(|event| (None, event)).collect();
        store.raw_events.keep_events(ada, id(bucket), events, keeping).await.unwrap();
    };
    put("a", vec![event(0, 10, &data), event(1, 5, &data)]).await;
    put("b", vec![event(2, 7, &data)]).await;
    assert_eq!([all(&store, ada, "a").await.len(), all(&store, ada, "b").await.len()], [2, 1]);
    store.raw_events.keep_beat(ada, id("b"), event(9, 20, &data), 0, keeping).await.unwrap();
    let left = |stored: Vec<dayline_domain::raw_event::StoredRawEvent>| -> Vec<u64> {
        stored.into_iter().map(|stored| stored.number).collect()
    };
    assert_eq!(left(all(&store, ada, "a").await), [1], "the one that ended first is gone");
    assert_eq!(left(all(&store, ada, "b").await), [4, 3]);
    put("a", vec![event(30, 40, "x"), event(50, 60, &data)]).await;
    assert_eq!(left(all(&store, ada, "a").await), [6, 5]);
    assert_eq!(left(all(&store, ada, "b").await), [4]);
    assert_eq!(all(&store, bob, "a").await.len(), 1);
}

async fn events_go_when_their_days_are_over_a_few_at_a_time(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    choose(&store, bob, 1).await;
    let events: Vec<_> = (0..5).map(|n| event(n * 1_000, n * 1_000 + 10, "x")).collect();
    for user in [ada, bob] {
        keep(&store, user, "a", &events).await;
    }
    let purge =
        async |ms: i64, at_most| store.raw_events.purge_raw_events(NOW.plus(ms), at_most).await.unwrap();
    let left = async |user| all(&store, user, "a").await.len();
    assert_eq!(purge(DAY_MS + 10, 100).await, 0, "a day after its end an event is still kept");
    assert_eq!(purge(DAY_MS + 1_011, 100).await, 2);
    assert_eq!((left(ada).await, left(bob).await), (5, 3));
    choose(&store, bob, 0).await;
    assert_eq!([purge(0, 2).await, purge(0, 2).await, purge(0, 2).await], [2, 1, 0]);
    assert_eq!((left(ada).await, left(bob).await), (5, 0));
    let month = i64::from(DAYS) * DAY_MS;
    assert_eq!(purge(month + 2_011, 100).await, 3);
    assert_eq!(left(ada).await, 2);
}

async fn events_of_days_that_are_past_go_however_many_days_are_chosen(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    let border = NOW.day();
    let before_border = border.start().since(NOW);
    let events = [before_border - 2_000, before_border - 10].map(|at| event(at, at + 1_000, "x"));
    for user in [ada, bob] {
        keep(&store, user, "a", &events).await;
    }
    assert!(store.retention.keep_from(ada, Some(border)).await.unwrap());
    assert_eq!(store.raw_events.purge_raw_events(NOW, 9).await, Ok(1));
    assert_eq!((all(&store, ada, "a").await.len(), all(&store, bob, "a").await.len()), (1, 2));
}

async fn what_is_gone_takes_no_room(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let data = "x".repeat(500);
    let keeping = Keeping { now: NOW, max_bytes: 4 * event(0, 0, &data).bytes() };
    let four: Vec<_> = (0..4).map(|n| event(n, n, &data)).collect();
    let fill = async || {
        let events = four.iter().map(|event| (None, event.clone())).collect();
        store.raw_events.keep_events(user, id("a"), events, keeping).await.unwrap();
        assert_eq!(all(&store, user, "a").await.len(), 4);
        all(&store, user, "a").await.iter().map(|stored| stored.number).collect::<Vec<_>>()
    };
    for number in fill().await {
        assert!(store.raw_events.delete_raw_event(user, id("a"), number).await.unwrap());
    }
    fill().await;
    assert_eq!(store.raw_events.clear_raw_events(user, id("a"), 3).await, Ok(3));
    assert_eq!(store.raw_events.clear_raw_events(user, id("a"), 3).await, Ok(1));
    fill().await;
    let later = NOW.plus(i64::from(DAYS) * DAY_MS + 100);
    assert_eq!(store.raw_events.purge_raw_events(later, 9).await, Ok(4));
    fill().await;
    assert!(store.buckets.delete_bucket(user, id("a")).await.unwrap());
    open(&store, user, "a").await;
    let numbers = fill().await;
    // One in place of another one, and a smaller one for it.
    let smaller = vec![(Some(numbers[0]), event(9, 9, "x")), (None, event(10, 10, &data[..399]))];
    store.raw_events.keep_events(user, id("a"), smaller, keeping).await.unwrap();
    assert_eq!(all(&store, user, "a").await.len(), 5);
}

async fn events_go_with_their_bucket_and_with_their_person(store: StorePorts) {
    let user = keeper(&store, 1).await;
    keep(&store, user, "a", &[event(0, 1, "x")]).await;
    keep(&store, user, "b", &[event(0, 1, "x")]).await;
    assert!(store.buckets.delete_bucket(user, id("a")).await.unwrap());
    open(&store, user, "a").await;
    assert_eq!((all(&store, user, "a").await.len(), all(&store, user, "b").await.len()), (0, 1));
    assert_eq!(after_beats(&store, user, &[(1, 1, "x")]).await, [(3, 1, 1)], "not one with what is gone");
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    // With the same identity even, which no real person ever gets again.
    let again = keeper(&store, 1).await;
    assert_eq!((again, all(&store, user, "b").await.len()), (user, 0));
    assert_eq!(store.raw_events.all_raw_events(user, 0, 9).await, Ok(vec![]));
}

/// Erases what is between so many milliseconds after [`NOW`], as the worker does.
async fn erase(store: &StorePorts, user: UserId, start: i64, end: i64) {
    let interval = Interval::new(NOW.plus(start), NOW.plus(end)).unwrap();
    let id = CorrectionId::from_bits(end as u128);
    store.keep(user, [Correction { id, version: 1, says: Says::Erasure { interval } }]).await;
}

async fn what_is_erased_goes_and_stays_away(store: StorePorts) {
    let (ada, bob) = (keeper(&store, 1).await, keeper(&store, 2).await);
    let events = [
        event(0, 100, "x"),
        event(50, 101, "x"),
        event(100, 100, "x"),
        event(150, 160, "y"),
        event(199, 300, "x"),
        event(200, 300, "x"),
    ];
    for user in [ada, bob] {
        assert_eq!(keep(&store, user, "a", &events).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(keep(&store, user, "b", &events[..2]).await, [7, 8]);
    }
    erase(&store, ada, 100, 200).await;
    let kept = [numbered(6, events[5].clone()), numbered(1, events[0].clone())];
    assert_eq!(all(&store, ada, "a").await, kept);
    assert_eq!(all(&store, ada, "b").await, [numbered(7, events[0].clone())]);
    assert_eq!((all(&store, bob, "a").await.len(), all(&store, bob, "b").await.len()), (6, 2));

    assert_eq!(keep(&store, ada, "a", &events).await, [1, 6]);
    assert_eq!(beat(&store, ada, "a", event(120, 130, "x")).await, Kept::NotWanted);
    // Nor does anything reach over it.
    assert!(store.raw_events.delete_raw_event(ada, id("a"), 6).await.unwrap());
    assert_eq!(after_beats(&store, ada, &[(250, 260, "x")]).await, [(9, 250, 260), (1, 0, 100)]);
    // What went takes no room.
    let bytes =
        all(&store, ada, "a").await.iter().chain(&all(&store, ada, "b").await).map(|s| s.event.bytes()).sum();
    let keeping = Keeping { now: NOW, max_bytes: bytes };
    store.raw_events.keep_events(ada, id("a"), Vec::new(), keeping).await.unwrap();
    assert_eq!((all(&store, ada, "a").await.len(), all(&store, ada, "b").await.len()), (2, 1));
}

async fn of_heartbeats_that_come_at_once_none_is_lost(store: StorePorts) {
    let user = keeper(&store, 1).await;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..12 {
        let events = store.raw_events.clone();
        let (bucket, data) = (["a", "b"][n % 2], format!("{{\"n\":{n}}}"));
        let sent = event(n as i64, n as i64, &data);
        racing.spawn(async move { events.keep_beat(user, id(bucket), sent, 0, KEEPING).await.unwrap() });
    }
    let mut numbers: Vec<_> = racing
        .join_all()
        .await
        .into_iter()
        .map(|kept| match kept {
            Kept::Stored(stored) => stored.number,
            other => panic!("{other:?}"),
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    assert_eq!((all(&store, user, "a").await.len(), all(&store, user, "b").await.len()), (6, 6));
}
