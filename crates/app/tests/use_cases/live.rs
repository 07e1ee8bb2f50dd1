//! Watching one's own days.

use dayline_app::AppError;
use dayline_app::ports::{LiveEvent, Partition};
use dayline_app::tracking::live::{MAX_MISSED, Missed, watch};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DAY_MS, Interval, Observation, Scopes, UserId};

use super::{send, used, with_ada};

async fn change_days(world: &FakeApp, user: UserId, days: usize) {
    let now = world.app.clock.now();
    let ping = |day: i64| {
        let start = now.plus(-day * DAY_MS);
        used("Code", None, Interval::new(start, start.plus(5_000)).unwrap())
    };
    let pings: Vec<Observation> = (0..days as i64).map(ping).collect();
    send(world, user, &pings).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

#[tokio::test]
async fn a_watcher_hears_what_changes_and_what_changed_meanwhile() {
    let (world, ada) = with_ada().await;
    let mut first = watch(&world.app, &ada, None).await.unwrap();
    assert_eq!(first.missed, Missed::Days(Vec::new()));
    world.clock.advance(60_000);
    change_days(&world, ada.user, 1).await;
    let day = world.app.clock.now().day();
    assert!(matches!(first.events.next().await, LiveEvent::Changed(change) if change.day == day));
    let second = watch(&world.app, &ada, Some(first.began_at)).await.unwrap();
    assert_eq!(second.missed, Missed::Days(vec![(day, 1)]));
    let third = watch(&world.app, &ada, Some(world.app.clock.now().plus(5_001))).await.unwrap();
    assert_eq!(third.missed, Missed::Much, "nobody has seen the future");
}

#[tokio::test]
async fn who_missed_too_many_days_is_told_so_instead_of_all_of_them() {
    let (world, ada) = with_ada().await;
    change_days(&world, ada.user, MAX_MISSED).await;
    let seen = Some(world.app.clock.now());
    assert!(
        matches!(watch(&world.app, &ada, seen).await.unwrap().missed, Missed::Days(days) if days.len() == MAX_MISSED)
    );
    change_days(&world, ada.user, MAX_MISSED + 1).await;
    assert_eq!(watch(&world.app, &ada, seen).await.unwrap().missed, Missed::Much);
}

#[tokio::test]
async fn watching_needs_the_scope_to_read() {
    let (world, mut ada) = with_ada().await;
    ada.scopes = Scopes::NONE.with(dayline_domain::Scope::Track);
    assert_eq!(
        watch(&world.app, &ada, None).await.err(),
        Some(AppError::MissingScope(dayline_domain::Scope::Read))
    );
}
