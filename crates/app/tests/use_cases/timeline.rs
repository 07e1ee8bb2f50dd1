//! The timeline, read page by page.

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{LedgerReader, Partition, PingLog, PortError};
use dayline_app::reporting::reports::read_version;
use dayline_app::reporting::timeline::{Pieces, stretch, timeline};
use dayline_app::tracking::record;
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::{clip, join_at_midnight};
use dayline_domain::timeline::Piece;
use dayline_domain::{DAY_MS, Interval, Ping, Source, UtcMs};

use super::with_ada;

const HOUR: i64 = 3_600_000;

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
    let source = Source::new(device, app, None).unwrap();
    // At most a day at a time, as trackers tell it.
    let starts = (hours.0..hours.1).step_by(20);
    let ping = |start: i64| {
        let interval = Interval::new(at(start), at((start + 20).min(hours.1))).unwrap();
        Ping { source: source.clone(), interval }
    };
    let pings: Vec<Ping> = starts.map(ping).collect();
    world.log.append(Partition(0), record::encode(ada.user, &pings)).await.unwrap();
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

#[tokio::test]
async fn the_timeline_is_clipped_and_joined_over_midnight() {
    let (world, ada) = with_ada().await;
    observe(&world, &ada, "laptop", "Firefox", (-20, -4)).await;
    let now = world.app.clock.now();
    let window = stretch(now.plus(-18 * HOUR), now).unwrap();
    let found = timeline(&world.app, &ada, Some(window), false).await.unwrap();
    let counted = all(found.answer.counted).await;
    assert_eq!(counted.iter().map(|piece| piece.interval.ms()).collect::<Vec<_>>(), [14 * HOUR]);
    assert_eq!(found.version.0.len(), 2);
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
        let window = stretch(now.plus(from_h * HOUR), now.plus(to_h * HOUR)).unwrap();
        let found = timeline(&world.app, &ada, Some(window), true).await.unwrap();
        assert_eq!(found.version, read_version(&world.app, &ada, Some(window)).await.unwrap());
        let view = LedgerReader::read(&*world.store, ada.user, window, true).await.unwrap();
        assert!(!view.outranked.is_empty());
        assert_eq!(all(found.answer.counted).await, join_at_midnight(clip(view.counted, window)));
        let outranked = all(found.answer.outranked.unwrap()).await;
        assert_eq!(outranked, join_at_midnight(clip(view.outranked, window)));
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
    let window = stretch(now.plus(-480 * HOUR), now).unwrap();
    let mut counted = timeline(&world.app, &ada, Some(window), false).await.unwrap().answer.counted;
    let (mut pages, mut pieces) = (0, 0);
    while let Some(page) = counted.next().await.unwrap() {
        assert!(page.len() <= 48, "{}", page.len());
        (pages, pieces) = (pages + 1, pieces + page.len());
    }
    assert_eq!((pages, pieces), (12, 480));
    // What was not read yet can still fail.
    let mut counted = timeline(&world.app, &ada, Some(window), false).await.unwrap().answer.counted;
    counted.next().await.unwrap();
    world.store.fail(Some(PortError::Unavailable("gone".into())));
    assert!(counted.next().await.is_err());
}

#[tokio::test]
async fn no_time_at_all_has_an_empty_timeline() {
    let (world, ada) = with_ada().await;
    let found = timeline(&world.app, &ada, None, true).await.unwrap();
    assert_eq!(all(found.answer.counted).await, []);
    assert_eq!(all(found.answer.outranked.unwrap()).await, []);
}

#[test]
fn a_stretch_ends_after_it_starts_and_within_a_year() {
    assert!(stretch(UtcMs(5), UtcMs(5)).is_err());
    assert!(stretch(UtcMs(0), UtcMs(367 * DAY_MS)).is_ok());
    assert!(stretch(UtcMs(0), UtcMs(367 * DAY_MS + 1)).is_err());
}
