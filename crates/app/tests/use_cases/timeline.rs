//! The timeline, read page by page.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{LedgerReader, LoadedDay, Partition, PortError, StoredDay};
use dayline_app::reporting::reports::read_version;
use dayline_app::reporting::timeline::{Beside, Pieces, stretch, timeline};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::{clip, join_at_midnight};
use dayline_domain::{
    DAY_MS, DeviceId, Interval, LedgerDay, Observation, Piece, Seen, Source, Subject, UtcDay, UtcMs,
};

use super::{send, with_ada};

const HOUR: i64 = 3_600_000;
const ALL: Beside = Beside { outranked: true, away: true };

/// What was outranked, as the days themselves say.
async fn outranked_by_day(world: &FakeApp, ada: &Caller, window: Interval) -> Vec<Piece> {
    let days = (window.start().day().0..=window.end().plus(-1).day().0).map(UtcDay).collect();
    let mut outranked = Vec::new();
    for day in LedgerReader::days(&*world.store, ada.user, days).await.unwrap() {
        let LoadedDay::Day(stored) = day else { panic!("no day") };
        let StoredDay { day, version, settled_by, observations, .. } = *stored;
        outranked.extend(LedgerDay::restore(day, version, settled_by, observations, []).outranked());
    }
    outranked
}

/// All pieces.
pub(super) async fn all(mut pieces: Pieces) -> Vec<Piece> {
    let mut all = Vec::new();
    while let Some(more) = pieces.next().await.unwrap() {
        all.extend(more);
    }
    all
}

/// Lets the ledger hold what a device showed, from and to so many hours after now.
async fn observe(world: &FakeApp, ada: &Caller, device: &str, app: &str, hours: (i64, i64)) {
    let at = |h: i64| world.app.clock.now().plus(h * HOUR);
    let of = Arc::new(Subject::from(&*Source::new(device, app, None).unwrap()));
    // At most a day at a time, as trackers tell it.
    let starts = (hours.0..hours.1).step_by(20);
    let ping = |start: i64| {
        let interval = Interval::new(at(start), at((start + 20).min(hours.1))).unwrap();
        Observation::new(of.clone(), interval)
    };
    send(world, ada.user, &starts.map(ping).collect::<Vec<_>>()).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

#[tokio::test]
async fn the_timeline_is_clipped_and_joined_over_midnight() {
    let (world, ada) = with_ada().await;
    observe(&world, &ada, "laptop", "Firefox", (-20, -4)).await;
    let now = world.app.clock.now();
    let window = Interval::new(now.plus(-18 * HOUR), now).unwrap();
    let found = timeline(&world.app, &ada, Some(window), Beside::default()).await.unwrap();
    let counted = all(found.answer.counted).await;
    assert_eq!(counted.iter().map(|piece| piece.interval.ms()).collect::<Vec<_>>(), [14 * HOUR]);
    assert_eq!(found.version.days.len(), 2);
    assert!(found.answer.outranked.is_none());
}

#[tokio::test]
async fn a_long_timeline_is_the_same_page_by_page_as_at_once() {
    let (world, ada) = with_ada().await;
    // Days on end on one device, which a second outranks for some days, and a third in pieces.
    observe(&world, &ada, "laptop", "Code", (-40 * 24, -10 * 24)).await;
    observe(&world, &ada, "phone", "Player", (-38 * 24, -30 * 24 - 7)).await;
    for day in 12..39 {
        observe(&world, &ada, "tablet", "Mail", (-day * 24, -day * 24 + 9)).await;
    }
    let now = world.app.clock.now();
    for (from_h, to_h) in [(-40 * 24, 0), (-39 * 24 + 5, -11 * 24 + 1), (-36 * 24, -31 * 24)] {
        let window = Interval::new(now.plus(from_h * HOUR), now.plus(to_h * HOUR)).unwrap();
        let found = timeline(&world.app, &ada, Some(window), ALL).await.unwrap();
        assert_eq!(found.version, read_version(&world.app, &ada, Some(window)).await.unwrap());
        let view = LedgerReader::read(&*world.store, ada.user, window).await.unwrap();
        assert_eq!(all(found.answer.counted).await, join_at_midnight(clip(view.counted, window)));
        let days = outranked_by_day(&world, &ada, window).await;
        assert!(!days.is_empty());
        let outranked = all(found.answer.outranked.unwrap()).await;
        assert_eq!(outranked, join_at_midnight(clip(days, window)));
    }
}

#[tokio::test]
async fn no_page_of_a_timeline_has_more_than_two_days_of_it() {
    let (world, ada) = with_ada().await;
    for hour in 0..24 * 20 {
        observe(
            &world,
            &ada,
            "laptop",
            if hour % 2 == 0 { "Code" } else { "Mail" },
            (hour - 480, hour - 479),
        )
        .await;
    }
    let now = world.app.clock.now();
    let window = Interval::new(now.plus(-480 * HOUR), now).unwrap();
    let mut counted =
        timeline(&world.app, &ada, Some(window), Beside::default()).await.unwrap().answer.counted;
    let (mut pages, mut pieces) = (0, 0);
    while let Some(page) = counted.next().await.unwrap() {
        assert!(page.len() <= 48, "{}", page.len());
        (pages, pieces) = (pages + 1, pieces + page.len());
    }
    assert_eq!((pages, pieces), (12, 480));
    // What was not read yet can still fail.
    let mut counted =
        timeline(&world.app, &ada, Some(window), Beside::default()).await.unwrap().answer.counted;
    counted.next().await.unwrap();
    world.store.fail(Some(PortError::Unavailable("gone".into())));
    assert!(counted.next().await.is_err());
}

#[tokio::test]
async fn no_time_at_all_has_an_empty_timeline() {
    let (world, ada) = with_ada().await;
    let found = timeline(&world.app, &ada, None, ALL).await.unwrap();
    assert_eq!(all(found.answer.counted).await, []);
    assert_eq!(all(found.answer.outranked.unwrap()).await, []);
    assert_eq!(found.answer.away, Some(Vec::new()));
}

#[tokio::test]
async fn away_time_is_shown_on_request_and_is_one_over_midnight() {
    let (world, ada) = with_ada().await;
    observe(&world, &ada, "laptop", "Code", (-60, 0)).await;
    let now = world.app.clock.now();
    let interval = |from: i64, to: i64| Interval::new(now.plus(from * HOUR), now.plus(to * HOUR)).unwrap();
    let laptop = || DeviceId::new("laptop").unwrap();
    let away = Arc::new(Subject { device: laptop(), seen: Seen::Away });
    send(&world, ada.user, &[Observation::new(away, interval(-50, -10))]).await;
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default()).step().await.unwrap();
    for (from, to) in [(-60, 0), (-20, -5), (-49, -48)] {
        let found = timeline(&world.app, &ada, Some(interval(from, to)), ALL).await.unwrap();
        let expected = interval(from.max(-50), to.min(-10));
        assert_eq!(found.answer.away, Some(vec![(laptop(), expected)]), "{from}");
        let counted: i64 = all(found.answer.counted).await.iter().map(|piece| piece.interval.ms()).sum();
        assert_eq!(counted, interval(from, to).ms() - expected.ms());
    }
    let found = timeline(&world.app, &ada, Some(interval(-60, 0)), Beside::default()).await.unwrap();
    assert_eq!(found.answer.away, None);
}

#[tokio::test]
async fn a_stretch_ends_after_it_starts_and_within_31_days() {
    let (world, ada) = with_ada().await;
    let ends = async |from: i64, to: i64| {
        stretch(&world.app, &ada, (UtcMs(from), UtcMs(to)), Some("Asia/Tokyo")).await
    };
    assert!(ends(5, 5).await.is_err());
    assert!(ends(7, 7 + 31 * DAY_MS).await.is_ok());
    let Err(AppError::Invalid(errors)) = ends(7, 8 + 31 * DAY_MS).await else { panic!() };
    assert!(errors[0].field == "to" && errors[0].detail.contains("report/jobs"), "{errors:?}");
}
