//! The made-up day: it goes as it came.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{Limit, Partition};
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_app::tracking::corrections::{Change, Draft, EntryDraft, apply, list};
use dayline_app::tracking::sample::{DEVICE, add, is_there, remove};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::local_day;
use dayline_domain::{AppName, DAY_MS, LocalDate, Piece, Zone};

use super::{send, used, with_ada};

async fn work(world: &FakeApp) {
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

/// What counts on a date.
async fn counted(world: &FakeApp, ada: &Caller, zone: &dyn Zone, date: LocalDate) -> Vec<Piece> {
    let day = local_day(zone, date);
    let mut pieces = timeline(&world.app, ada, day, Beside::default()).await.unwrap().answer.counted;
    let mut all = Vec::new();
    while let Some(more) = pieces.next().await.unwrap() {
        all.extend(more);
    }
    all
}

#[tokio::test]
async fn a_made_up_day_goes_as_it_came() {
    let (world, ada) = with_ada().await;
    // The day of 25 hours, and the one after it.
    let zone = world.app.zones.find("America/New_York").unwrap();
    let dates = ["2026-11-01", "2026-11-02"].map(|date| date.parse::<LocalDate>().unwrap());
    let noon = zone.start_of(dates[0]).plus(13 * 3_600_000);
    let real = used("Editor", None, dayline_domain::Interval::new(noon, noon.plus(7_200_000)).unwrap());
    send(&world, ada.user, &[real]).await;
    work(&world).await;
    let before = counted(&world, &ada, &*zone, dates[0]).await;
    assert!(!is_there(&world.app, &ada).await.unwrap());
    for date in [dates[0], dates[1], dates[0]] {
        // Twice makes no difference.
        add(&world.app, &ada, &*zone, date).await.unwrap();
        add(&world.app, &ada, &*zone, date).await.unwrap();
        work(&world).await;
        assert!(is_there(&world.app, &ada).await.unwrap());
        let made: Vec<_> = counted(&world, &ada, &*zone, date)
            .await
            .into_iter()
            .filter(|piece| piece.source.device.as_str() == DEVICE)
            .collect();
        assert!(made.len() > 10);
        let morning =
            made[0].interval.start().0 + i64::from(zone.offset_s_at(made[0].interval.start())) * 1_000;
        assert_eq!(morning.rem_euclid(DAY_MS), 506 * 60_000, "by the clock on the wall");
        remove(&world.app, &ada).await.unwrap();
        work(&world).await;
        assert_eq!(counted(&world, &ada, &*zone, dates[0]).await, before);
        assert_eq!(counted(&world, &ada, &*zone, dates[1]).await, []);
        assert_eq!(list(&world.app, &ada, None).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_made_up_day_that_is_removed_before_it_is_there_never_comes() {
    let (world, ada) = with_ada().await;
    let zone = world.app.zones.find("UTC").unwrap();
    let date = zone.date_at(world.app.clock.now()).plus_days(-1);
    add(&world.app, &ada, &*zone, date).await.unwrap();
    assert_eq!(remove(&world.app, &ada).await.unwrap(), None, "not seen yet");
    work(&world).await;
    assert_eq!(counted(&world, &ada, &*zone, date).await, []);
    assert_eq!(list(&world.app, &ada, None).await.unwrap(), []);
}

#[tokio::test]
async fn what_a_person_said_themselves_stays() {
    let (world, ada) = with_ada().await;
    let zone = world.app.zones.find("UTC").unwrap();
    let now = world.app.clock.now();
    let entry = EntryDraft { app: AppName::new("Tea").unwrap(), domain: None, project: None, device: None };
    let draft = Draft { start: now.plus(-60_000), end: now, entry: Some(entry) };
    apply(&world.app, &ada, Change::New(draft)).await.unwrap();
    add(&world.app, &ada, &*zone, zone.date_at(now).plus_days(-1)).await.unwrap();
    work(&world).await;
    remove(&world.app, &ada).await.unwrap();
    work(&world).await;
    assert_eq!(list(&world.app, &ada, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_made_up_day_is_one_change_of_the_account() {
    let (world, ada) = with_ada().await;
    let zone = world.app.zones.find("UTC").unwrap();
    world.limits.allow(Limit::AccountWritePerUser, 1);
    let date = zone.date_at(world.app.clock.now());
    add(&world.app, &ada, &*zone, date).await.unwrap();
    work(&world).await;
    assert!(matches!(remove(&world.app, &ada).await, Err(AppError::TooMany(_))));
    assert!(is_there(&world.app, &ada).await.unwrap());
}
