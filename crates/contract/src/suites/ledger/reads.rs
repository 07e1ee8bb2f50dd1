//! What reports read: the right pieces, whole, in order, of one person and from one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dayline_app::ports::{Applied, LedgerCommit, LedgerView};
use dayline_domain::{Bridge, Interval, LedgerDay, Ping, Source, UserId, UtcDay, UtcMs, report};

use crate::suites::Fact;
use crate::suites::store::{DAY, StorePorts, commit, first, person, piece, record};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_stranger_has_an_empty_ledger", |s| Box::pin(a_stranger_has_an_empty_ledger(s))),
    Fact::new("pieces_that_touch_the_interval_are_read_whole", |s| {
        Box::pin(pieces_that_touch_the_interval_are_read_whole(s))
    }),
    Fact::new("an_interval_over_midnight_reads_all_its_days", |s| {
        Box::pin(an_interval_over_midnight_reads_all_its_days(s))
    }),
    Fact::new("versions_are_of_the_days_touched", |s| Box::pin(versions_are_of_the_days_touched(s))),
    Fact::new("days_that_changed_are_known_from_their_instant_on", |s| {
        Box::pin(days_that_changed_are_known_from_their_instant_on(s))
    }),
    Fact::new("the_extent_goes_from_the_first_day_to_the_last", |s| {
        Box::pin(the_extent_goes_from_the_first_day_to_the_last(s))
    }),
    Fact::new("outranked_pieces_are_read_when_asked_for_by_start_and_source", |s| {
        Box::pin(outranked_pieces_are_read_when_asked_for_by_start_and_source(s))
    }),
    Fact::new("people_do_not_see_each_other", |s| Box::pin(people_do_not_see_each_other(s))),
    Fact::new("names_come_back_exactly", |s| Box::pin(names_come_back_exactly(s))),
    Fact::new("times_before_1970_are_as_good_as_any", |s| Box::pin(times_before_1970_are_as_good_as_any(s))),
    Fact::new("a_read_sees_one_moment", |s| Box::pin(a_read_sees_one_moment(s))),
];

async fn a_stranger_has_an_empty_ledger(store: StorePorts) {
    store.register(1).await;
    let stranger = person(2).id;
    assert_eq!(store.reader.read(stranger, DAY.interval(), true).await.unwrap(), LedgerView::default());
    let summed = store.reader.read_sums(stranger, DAY.interval(), vec![DAY]).await.unwrap();
    assert_eq!(summed, LedgerView::default());
    assert_eq!(store.reader.versions(stranger, DAY.interval()).await.unwrap(), []);
}

async fn pieces_that_touch_the_interval_are_read_whole(store: StorePorts) {
    let user = store.register(1).await.id;
    let pings = [piece("A", 0, 10), piece("B", 10, 20), piece("C", 30, 40)];
    store.apply(vec![(user, first(&pings))]).await.unwrap();
    let at = |ms: i64| DAY.start().plus(ms);
    for (from, to, expected) in [
        (0, 86_400_000, vec!["A", "B", "C"]),
        (9_999, 10_000, vec!["A"]),
        (9_999, 10_001, vec!["A", "B"]),
        (10_000, 10_001, vec!["B"]),
        (20_000, 30_000, vec![]),
        (20_000, 30_001, vec!["C"]),
        (39_999, 90_000, vec!["C"]),
        (40_000, 90_000, vec![]),
        (-5, 1, vec!["A"]),
    ] {
        let interval = Interval::new(at(from), at(to)).unwrap();
        let view = store.reader.read(user, interval, false).await.unwrap();
        let apps: Vec<&str> = view.counted.iter().map(|piece| piece.source.activity.app.as_str()).collect();
        assert_eq!(apps, expected, "{from}..{to}");
        assert!(view.counted.iter().all(|piece| pings.contains(piece)), "clipped in {from}..{to}");
    }
}

/// The change that one ping of `app` makes to an empty day, from the day's first hour on.
fn an_hour_on(day: UtcDay, app: &str) -> dayline_domain::DayChange {
    let interval = Interval::new(day.start(), day.start().plus(3_600_000)).unwrap();
    let ping = Ping { source: Source::new("d", app, None).unwrap(), interval };
    LedgerDay::empty(day).record(&[ping], Bridge(0)).unwrap()
}

async fn an_interval_over_midnight_reads_all_its_days(store: StorePorts) {
    let user = store.register(1).await.id;
    for day in [DAY.0 + 2, DAY.0, DAY.0 + 1] {
        store.apply(vec![(user, an_hour_on(UtcDay(day), &day.to_string()))]).await.unwrap();
    }
    let last_hour_and_first_minute =
        Interval::new(DAY.start().plus(3_599_999), UtcDay(DAY.0 + 1).start().plus(1)).unwrap();
    let view = store.reader.read(user, last_hour_and_first_minute, false).await.unwrap();
    let starts: Vec<UtcMs> = view.counted.iter().map(|piece| piece.interval.start()).collect();
    assert_eq!(starts, [DAY.start(), UtcDay(DAY.0 + 1).start()]);
    let always = Interval::new(UtcMs(0), UtcMs(4_102_444_800_000)).unwrap();
    assert_eq!(store.reader.read(user, always, false).await.unwrap().counted.len(), 3);
}

async fn versions_are_of_the_days_touched(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut today = LedgerDay::empty(DAY);
    for second in [0, 10, 20] {
        let change = record(&mut today, &[piece("A", second, second + 5)]);
        store.apply(vec![(user, change)]).await.unwrap();
    }
    let (tomorrow, later) = (UtcDay(DAY.0 + 1), UtcDay(DAY.0 + 5));
    store.apply(vec![(user, an_hour_on(tomorrow, "B")), (user, an_hour_on(later, "B"))]).await.unwrap();
    let until = |end: UtcMs| Interval::new(DAY.start().plus(7), end).unwrap();
    for (interval, expected) in [
        (until(tomorrow.start()), vec![(DAY, 3)]),
        (until(tomorrow.start().plus(1)), vec![(DAY, 3), (tomorrow, 1)]),
        (until(later.start().plus(1)), vec![(DAY, 3), (tomorrow, 1), (later, 1)]),
        (UtcDay(DAY.0 + 3).interval(), vec![]),
    ] {
        assert_eq!(store.reader.versions(user, interval).await.unwrap(), expected);
        assert_eq!(store.reader.read(user, interval, false).await.unwrap().versions, expected);
    }
}

async fn days_that_changed_are_known_from_their_instant_on(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let mut first_day = LedgerDay::empty(DAY);
    let second_day = UtcDay(DAY.0 + 1);
    let steps = [
        (10, vec![(user, record(&mut first_day, &[piece("A", 0, 5)])), (other, an_hour_on(DAY, "B"))]),
        (20, vec![(user, an_hour_on(second_day, "A"))]),
        (30, vec![(user, record(&mut first_day, &[piece("A", 10, 15)]))]),
    ];
    for (at, changes) in steps {
        let step = LedgerCommit { changes, at: UtcMs(at), ..commit(0, 0) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
    }
    for (since, expected) in [
        (0, vec![(DAY, 2), (second_day, 1)]),
        (20, vec![(DAY, 2), (second_day, 1)]),
        (21, vec![(DAY, 2)]),
        (30, vec![(DAY, 2)]),
        (31, vec![]),
    ] {
        assert_eq!(store.reader.changed_since(user, UtcMs(since)).await.unwrap(), expected, "{since}");
    }
    assert_eq!(store.reader.changed_since(person(3).id, UtcMs(0)).await.unwrap(), []);
}

async fn the_extent_goes_from_the_first_day_to_the_last(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    store.apply(vec![(other, an_hour_on(UtcDay(0), "B"))]).await.unwrap();
    assert_eq!(store.reader.extent(user).await.unwrap(), None);
    for (day, expected) in [(10, (10, 10)), (12, (10, 12)), (11, (10, 12)), (-3, (-3, 12))] {
        store.apply(vec![(user, an_hour_on(UtcDay(day), "A"))]).await.unwrap();
        let (first, last) = expected;
        assert_eq!(store.reader.extent(user).await.unwrap(), Some((UtcDay(first), UtcDay(last))));
    }
    assert_eq!(store.reader.extent(person(3).id).await.unwrap(), None);
}

async fn outranked_pieces_are_read_when_asked_for_by_start_and_source(store: StorePorts) {
    let user = store.register(1).await.id;
    // First seen in the opposite order of their names.
    let mut day = LedgerDay::empty(DAY);
    for app in ["D", "C", "B"] {
        store.apply(vec![(user, record(&mut day, &[piece(app, 10, 60)]))]).await.unwrap();
    }
    store.apply(vec![(user, record(&mut day, &[piece("Z", 20, 60)]))]).await.unwrap();
    let view = store.reader.read(user, DAY.interval(), true).await.unwrap();
    assert!(view.outranked.iter().eq(day.outranked().collect::<Vec<_>>().iter()));
    let apps: Vec<&str> = view.outranked.iter().map(|piece| piece.source.activity.app.as_str()).collect();
    assert_eq!(apps, ["C", "D", "B"]);
    assert_eq!(store.reader.read(user, DAY.interval(), false).await.unwrap().outranked, []);
    let before = Interval::new(DAY.start(), DAY.start().plus(10_000)).unwrap();
    assert_eq!(store.reader.read(user, before, true).await.unwrap().outranked, []);
}

async fn people_do_not_see_each_other(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.apply(vec![(ada, first(&[piece("A", 0, 60), piece("B", 10, 20)]))]).await.unwrap();
    store.apply(vec![(bob, first(&[piece("C", 0, 60), piece("D", 10, 20)]))]).await.unwrap();
    for (user, apps) in [(ada, ["A", "B"]), (bob, ["C", "D"])] {
        let view = store.reader.read(user, DAY.interval(), true).await.unwrap();
        assert_eq!((view.counted.len(), view.outranked.len()), (3, 1));
        let mut all = view.counted.iter().chain(&view.outranked);
        assert!(all.all(|piece| apps.contains(&piece.source.activity.app.as_str())));
    }
}

async fn names_come_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let long = "x".repeat(255);
    let names = [
        ("d", "App", None),
        ("d", "App", Some("example.org")),
        ("D", "App", None),
        ("d", "app", None),
        ("e\u{301}", "Caf\u{e9} — ‏עברית 💻\u{202e}", Some("xn--mller-kva.example:")),
        ("é", "'; DROP TABLE sources; --", Some("%27")),
        (" spaces kept ", "a\u{a0}b", None),
        ("d", long.as_str(), None),
    ];
    let sources = names.map(|(device, app, domain)| Source::new(device, app, domain).unwrap());
    let mut day = LedgerDay::empty(DAY);
    let mut pings = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let start = DAY.start().plus(1_000 * at as i64);
        pings.push(Ping { source: source.clone(), interval: Interval::new(start, start.plus(500)).unwrap() });
    }
    let change = day.record(&pings, Bridge(0)).unwrap();
    assert_eq!(store.apply(vec![(user, change)]).await, Ok(Applied::Done));
    let view = store.reader.read(user, DAY.interval(), false).await.unwrap();
    assert!(view.counted.iter().map(|piece| &piece.source).eq(&sources));
}

async fn times_before_1970_are_as_good_as_any(store: StorePorts) {
    let user = store.register(1).await.id;
    for day in [-1, -20_000, 0] {
        let mut stored = LedgerDay::empty(UtcDay(day));
        let end = stored.day().interval().end();
        let whole_day = [(end.plus(-86_400_000), end.plus(-1)), (end.plus(-1), end)];
        let pings = whole_day.map(|(start, end)| {
            let source = Source::new("d", &format!("App {}", start.0), None).unwrap();
            Ping { source, interval: Interval::new(start, end).unwrap() }
        });
        let change = stored.record(&pings, Bridge(0)).unwrap();
        assert_eq!(store.apply(vec![(user, change)]).await, Ok(Applied::Done));
        assert!(store.day(user, UtcDay(day)).await.counted().eq(stored.counted()));
        let last_ms = Interval::new(end.plus(-1), end).unwrap();
        assert_eq!(store.reader.read(user, last_ms, false).await.unwrap().counted.len(), 1);
    }
}

/// One piece grows by a second with each version: a read that mixes two moments would show another
/// length.
async fn a_read_sees_one_moment(store: StorePorts) {
    let user = store.register(1).await.id;
    let done = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> =
        (0..3).map(|_| tokio::spawn(read_until(store.clone(), user, Arc::clone(&done)))).collect();
    let mut day = LedgerDay::empty(DAY);
    for version in 1..=200 {
        let changes = vec![(user, record(&mut day, &[piece("A", 0, version)]))];
        let step = LedgerCommit { changes, ..commit(0, 0) };
        assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
        if version % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    done.store(true, Ordering::Relaxed);
    for reader in reading {
        assert!(reader.await.unwrap() > 0, "nothing was read");
    }
}

async fn read_until(store: StorePorts, user: UserId, done: Arc<AtomicBool>) -> u32 {
    let mut reads = 0;
    while !done.load(Ordering::Relaxed) || reads == 0 {
        let view = store.reader.read(user, DAY.interval(), true).await.unwrap();
        let version = view.versions.first().map_or(0, |(_, version)| *version);
        let length: i64 = view.counted.iter().map(|piece| piece.interval.ms()).sum();
        assert_eq!(length, 1_000 * version as i64);
        let view = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
        let version = view.versions.first().map_or(0, |(_, version)| *version);
        let apps = report::by_app(view.as_counted(), DAY.interval());
        assert_eq!(apps.iter().map(|(_, ms)| ms).sum::<i64>(), 1_000 * version as i64);
        reads += 1;
        tokio::task::yield_now().await;
    }
    reads
}
