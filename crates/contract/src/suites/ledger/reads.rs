//! What reports read: the right pieces, whole, in order, of one person and from one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dayline_app::ports::{Applied, DayKey, DayWrite, KnownDevice, LedgerCommit, LedgerView, LoadedDay, Mark};
use dayline_domain::{
    DeviceId, Interval, Observation, Piece, Seen, Source, Subject, UserId, UtcDay, UtcMs, report,
};

use crate::suites::Fact;
use crate::suites::store::{StorePorts, commit, in_order, person};
use crate::suites::worked_day::{
    DAY, Form, WorkedDay, added, app, as_use, by_hand, first, grow, piece, record, seconds,
};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_stranger_has_an_empty_ledger", |s| Box::pin(a_stranger_has_an_empty_ledger(s))),
    Fact::new("pieces_that_touch_the_interval_are_read_whole", |s| {
        Box::pin(pieces_that_touch_the_interval_are_read_whole(s))
    }),
    Fact::new("an_interval_over_midnight_reads_all_its_days", |s| {
        Box::pin(an_interval_over_midnight_reads_all_its_days(s))
    }),
    Fact::new("marks_are_of_the_versions_of_the_days_touched", |s| {
        Box::pin(marks_are_of_the_versions_of_the_days_touched(s))
    }),
    Fact::new("a_mark_is_kept_to_the_last_bit", |s| Box::pin(a_mark_is_kept_to_the_last_bit(s))),
    Fact::new("days_that_changed_are_known_from_their_instant_on", |s| {
        Box::pin(days_that_changed_are_known_from_their_instant_on(s))
    }),
    Fact::new("the_extent_goes_from_the_first_day_to_the_last", |s| {
        Box::pin(the_extent_goes_from_the_first_day_to_the_last(s))
    }),
    Fact::new("a_reader_gives_the_days_that_the_writer_loads", |s| {
        Box::pin(a_reader_gives_the_days_that_the_writer_loads(s))
    }),
    Fact::new("devices_are_known_with_the_end_of_what_counts_last", |s| {
        Box::pin(devices_are_known_with_the_end_of_what_counts_last(s))
    }),
    Fact::new("people_do_not_see_each_other", |s| Box::pin(people_do_not_see_each_other(s))),
    Fact::new("times_before_1970_are_as_good_as_any", |s| Box::pin(times_before_1970_are_as_good_as_any(s))),
    Fact::new("a_read_sees_one_moment", |s| Box::pin(a_read_sees_one_moment(s))),
];

async fn a_stranger_has_an_empty_ledger(store: StorePorts) {
    store.register(1).await;
    let stranger = person(2).id;
    assert_eq!(store.reader.read(stranger, DAY.interval()).await.unwrap(), LedgerView::default());
    let summed = store.reader.read_sums(stranger, DAY.interval(), vec![DAY]).await.unwrap();
    assert_eq!(summed, LedgerView::default());
    assert_eq!(store.reader.marks(stranger, DAY.interval()).await.unwrap(), []);
    assert_eq!(store.reader.corrections(stranger, Some(DAY.interval())).await.unwrap(), []);
}

async fn pieces_that_touch_the_interval_are_read_whole(store: StorePorts) {
    let user = store.register(1).await.id;
    let pings = [piece("A", 0, 10), piece("B", 10, 20), piece("C", 60, 70)];
    let mut day = WorkedDay::empty(DAY);
    store.write(user, [record(&mut day, &pings[..2])]).await;
    // The last one is the tail.
    store.write(user, [grow(&mut day, &pings[2..])]).await;
    let at = |ms: i64| DAY.start().plus(ms);
    for (from, to, expected) in [
        (0, 86_400_000, vec!["A", "B", "C"]),
        (9_999, 10_000, vec!["A"]),
        (9_999, 10_001, vec!["A", "B"]),
        (10_000, 10_001, vec!["B"]),
        (20_000, 60_000, vec![]),
        (20_000, 60_001, vec!["C"]),
        (69_999, 90_000, vec!["C"]),
        (70_000, 90_000, vec![]),
        (-5, 1, vec!["A"]),
    ] {
        let interval = Interval::new(at(from), at(to)).unwrap();
        let view = store.reader.read(user, interval).await.unwrap();
        let apps: Vec<&str> = view.counted.iter().map(|piece| piece.source.activity.app.as_str()).collect();
        assert_eq!(apps, expected, "{from}..{to}");
        assert!(view.counted.iter().all(|piece| pings.contains(piece)), "clipped in {from}..{to}");
    }
}

/// What is written of a day that was used for its first hour.
fn an_hour_on(day: UtcDay, app: &str) -> DayWrite {
    let interval = Interval::new(day.start(), day.start().plus(3_600_000)).unwrap();
    let source = Source::new("d", app, None).unwrap();
    record(&mut WorkedDay::empty(day), &[Piece { source, interval }])
}

async fn an_interval_over_midnight_reads_all_its_days(store: StorePorts) {
    let user = store.register(1).await.id;
    for day in [DAY.0 + 2, DAY.0, DAY.0 + 1] {
        store.apply(vec![(user, an_hour_on(UtcDay(day), &day.to_string()))]).await.unwrap();
    }
    let last_hour_and_first_minute =
        Interval::new(DAY.start().plus(3_599_999), UtcDay(DAY.0 + 1).start().plus(1)).unwrap();
    let view = store.reader.read(user, last_hour_and_first_minute).await.unwrap();
    let starts: Vec<UtcMs> = view.counted.iter().map(|piece| piece.interval.start()).collect();
    assert_eq!(starts, [DAY.start(), UtcDay(DAY.0 + 1).start()]);
    let always = Interval::new(UtcMs(0), UtcMs(4_102_444_800_000)).unwrap();
    assert_eq!(store.reader.read(user, always).await.unwrap().counted.len(), 3);
}

async fn marks_are_of_the_versions_of_the_days_touched(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut today = WorkedDay::empty(DAY);
    let mut seen = Vec::new();
    for second in [0, 100, 200] {
        let write = grow(&mut today, &[piece("A", second, second + 5)]);
        seen.push((DAY, write.mark));
        store.write(user, [write]).await;
        assert_eq!(store.reader.marks(user, DAY.interval()).await.unwrap(), seen[seen.len() - 1..]);
    }
    let write = today.fold();
    let folded = (DAY, write.mark);
    store.write(user, [write]).await;
    let (tomorrow, later) = (UtcDay(DAY.0 + 1), UtcDay(DAY.0 + 5));
    let writes = [tomorrow, later].map(|day| an_hour_on(day, "B"));
    let [next, last] = [0, 1].map(|n: usize| (writes[n].day, writes[n].mark));
    store.write(user, writes).await;
    let until = |end: UtcMs| Interval::new(DAY.start().plus(7), end).unwrap();
    for (interval, expected) in [
        (until(tomorrow.start()), vec![folded]),
        (until(tomorrow.start().plus(1)), vec![folded, next]),
        (until(later.start().plus(1)), vec![folded, next, last]),
        (UtcDay(DAY.0 + 3).interval(), vec![]),
    ] {
        assert_eq!(store.reader.marks(user, interval).await.unwrap(), expected);
        assert_eq!(store.reader.read(user, interval).await.unwrap().marks, expected);
        assert_eq!(store.reader.read_sums(user, interval, Vec::new()).await.unwrap().marks, expected);
    }
}

async fn a_mark_is_kept_to_the_last_bit(store: StorePorts) {
    let user = store.register(1).await.id;
    for (version, mark) in (0..).zip([0, u64::MAX, 1 << 63, (1 << 63) - 1, 0x0123_4567_89AB_CDEF]) {
        let write = DayWrite { mark: Mark(mark), ..by_hand(version, added([]), None) };
        store.write(user, [write]).await;
        assert_eq!(store.reader.marks(user, DAY.interval()).await.unwrap(), [(DAY, Mark(mark))]);
    }
}

async fn days_that_changed_are_known_from_their_instant_on(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let mut first_day = WorkedDay::empty(DAY);
    let second_day = UtcDay(DAY.0 + 1);
    let steps = [
        (10, vec![(user, record(&mut first_day, &[piece("A", 0, 5)])), (other, an_hour_on(DAY, "B"))]),
        (20, vec![(user, an_hour_on(second_day, "A"))]),
        (30, vec![(user, grow(&mut first_day, &[piece("A", 10, 15)]))]),
    ];
    for (at, days) in steps {
        let step = LedgerCommit { days, at: UtcMs(at), ..commit(0, 0) };
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

async fn a_reader_gives_the_days_that_the_writer_loads(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    let mut today = WorkedDay::empty(DAY);
    store.write(user, [record(&mut today, &[piece("A", 0, 50), piece("B", 10, 20)])]).await;
    store.write(user, [grow(&mut today, &[piece("C", 60, 70)])]).await;
    store.write(user, [an_hour_on(UtcDay(DAY.0 + 1), "A")]).await;
    store.write(other, [an_hour_on(DAY, "B")]).await;
    let stranger = person(3).id;
    for user in [user, other, stranger] {
        let days = [1, 0, -1, 1, 5].map(|n| UtcDay(DAY.0 + n)).to_vec();
        let keys = days.iter().map(|&day| DayKey { user, day }).collect();
        let loaded = store.writer.load(keys).await.unwrap();
        let read = store.reader.days(user, days.clone()).await.unwrap();
        assert_eq!(read.len(), days.len());
        for ((loaded, read), day) in loaded.into_iter().zip(read).zip(days) {
            if user == stranger {
                assert!(matches!((loaded, read), (LoadedDay::NoSuchUser, LoadedDay::NoSuchUser)));
                continue;
            }
            let (loaded, read) = (in_order(loaded), in_order(read));
            assert_eq!((&loaded, loaded.day), (&read, day));
        }
    }
    assert!(store.reader.days(user, Vec::new()).await.unwrap().is_empty());
}

async fn devices_are_known_with_the_end_of_what_counts_last(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert_eq!(store.reader.devices(ada).await.unwrap(), []);
    let on = |device: &str, start, end| Piece {
        source: Source::new(device, "Code", None).unwrap(),
        interval: seconds(start, end),
    };
    let tail = Some(on("phone", 90, 100));
    let today = by_hand(0, added([on("pc", 0, 10), on("phone", 10, 20), on("laptop", 20, 30)]), tail);
    store.write(ada, [today, an_hour_on(UtcDay(DAY.0 + 1), "A"), an_hour_on(UtcDay(DAY.0 - 400), "A")]).await;
    store.write(bob, [by_hand(0, added([on("bob's", 0, 5)]), None)]).await;
    let known =
        |id: &str, last: UtcMs| KnownDevice { id: DeviceId::new(id).unwrap(), last_counted: Some(last) };
    let at = |s: i64| DAY.start().plus(1_000 * s);
    let tomorrow = UtcDay(DAY.0 + 1).start().plus(3_600_000);
    let expected =
        [known("d", tomorrow), known("laptop", at(30)), known("pc", at(10)), known("phone", at(100))];
    assert_eq!(store.reader.devices(ada).await.unwrap(), expected);
    assert_eq!(store.reader.devices(bob).await.unwrap(), [known("bob's", at(5))]);
    assert_eq!(store.reader.devices(person(3).id).await.unwrap(), []);
    // A device on which nobody was ever seen to do something is known too.
    let away = Subject { device: DeviceId::new("Tablet").unwrap(), seen: Seen::Away };
    let away = Observation::new(Arc::new(away), seconds(0, 60));
    let mut today = WorkedDay::of(&store.day(bob, DAY).await);
    store.write(bob, today.record(Form::Growing, &[away])).await;
    let tablet = KnownDevice { id: DeviceId::new("Tablet").unwrap(), last_counted: None };
    for _ in 0..2 {
        let devices = store.reader.devices(bob).await.unwrap();
        assert_eq!(devices.iter().find(|known| known.id == tablet.id), Some(&tablet));
        store.write(bob, [today.fold()]).await;
    }
}

async fn people_do_not_see_each_other(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.apply(vec![(ada, first(&[piece("A", 0, 60), piece("B", 10, 20)]))]).await.unwrap();
    store.apply(vec![(bob, first(&[piece("C", 0, 60), piece("D", 10, 20)]))]).await.unwrap();
    for (user, apps) in [(ada, ["A", "B"]), (bob, ["C", "D"])] {
        let view = store.reader.read(user, DAY.interval()).await.unwrap();
        assert_eq!(view.counted.len(), 3);
        assert!(view.counted.iter().all(|piece| apps.contains(&piece.source.activity.app.as_str())));
        let day = store.day(user, DAY).await;
        assert_eq!(day.observations.len(), 2);
        let mut seen = day.observations.iter().filter_map(|observation| observation.subject().seen.app());
        assert!(seen.all(|app| apps.contains(&app.as_str())));
    }
}

async fn times_before_1970_are_as_good_as_any(store: StorePorts) {
    let user = store.register(1).await.id;
    for day in [-1, -20_000, 0] {
        let mut stored = WorkedDay::empty(UtcDay(day));
        let end = stored.day.day().interval().end();
        let whole_day = [(end.plus(-86_400_000), end.plus(-1)), (end.plus(-1), end)];
        let pings = whole_day.map(|(start, end)| Piece {
            source: app(&format!("App {}", start.0)),
            interval: Interval::new(start, end).unwrap(),
        });
        store.write(user, [grow(&mut stored, &pings)]).await;
        stored.assert_is(&store.day(user, UtcDay(day)).await);
        store.write(user, [stored.fold()]).await;
        stored.assert_is(&store.day(user, UtcDay(day)).await);
        let last_ms = Interval::new(end.plus(-1), end).unwrap();
        assert_eq!(store.reader.read(user, last_ms).await.unwrap().counted.len(), 1);
    }
}

/// One piece grows by a second with each version, now as the tail and now folded: a read that mixes
/// two moments would show another length, or a mark of another version.
async fn a_read_sees_one_moment(store: StorePorts) {
    let user = store.register(1).await.id;
    let done = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> =
        (0..3).map(|_| tokio::spawn(read_until(store.clone(), user, Arc::clone(&done)))).collect();
    let mut day = WorkedDay::empty(DAY);
    for version in 1..=200 {
        let form = if version % 3 == 0 { Form::Folded } else { Form::Growing };
        let write = day.record(form, &[as_use(&piece("A", 0, version))]).unwrap();
        let days = vec![(user, DayWrite { mark: Mark(version as u64), ..write })];
        let step = LedgerCommit { days, ..commit(0, 0) };
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
    let of_version = |view: &LedgerView| view.marks.first().map_or(0, |(_, mark)| 1_000 * mark.0 as i64);
    while !done.load(Ordering::Relaxed) || reads == 0 {
        let view = store.reader.read(user, DAY.interval()).await.unwrap();
        let length: i64 = view.counted.iter().map(|piece| piece.interval.ms()).sum();
        assert_eq!(length, of_version(&view));
        let view = store.reader.read_sums(user, DAY.interval(), Vec::new()).await.unwrap();
        let apps = report::by_app(view.as_counted(), DAY.interval());
        assert_eq!(apps.iter().map(|(_, ms)| ms).sum::<i64>(), of_version(&view));
        let day = in_order(store.reader.days(user, vec![DAY]).await.unwrap().remove(0));
        let lengths = |intervals: Vec<Interval>| intervals.into_iter().map(Interval::ms).max().unwrap_or(0);
        let observed = lengths(day.observations.iter().map(Observation::interval).collect());
        let counted = lengths(day.counted.iter().map(|piece| piece.interval).collect());
        assert_eq!((observed, counted), (1_000 * day.version as i64, 1_000 * day.version as i64));
        reads += 1;
        tokio::task::yield_now().await;
    }
    reads
}
