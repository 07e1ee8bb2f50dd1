//! What people prefer, where a store, the log or a limit is in the way.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{AppendError, Limit, Partition, PortError, Settling};
use dayline_app::tracking::preferences::{prefer, preferences};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{BeatHold, Choices, Interval, Preferences, Scope, Scopes};

use super::{send, used, with_ada};

/// Five minutes instead of fifteen.
fn five_minutes() -> Preferences {
    let beat_hold = BeatHold::from_minutes(5).unwrap();
    Preferences { choices: Choices { beat_hold, ..Choices::default() }, ..Preferences::default() }
}

async fn work(world: &FakeApp) {
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

/// Ada, of whom one day is known.
async fn with_a_day() -> (Arc<FakeApp>, Caller) {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    send(&world, ada.user, &[used("Code", None, Interval::new(now.plus(-5_000), now).unwrap())]).await;
    work(&world).await;
    (world, ada)
}

#[tokio::test]
async fn what_could_not_be_ordered_is_ordered_by_the_same_again() {
    let (world, ada) = with_a_day().await;
    world.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let refused = prefer(&world.app, &ada, five_minutes()).await;
    assert_eq!(refused, Err(AppError::LogFull { retry_after_s: 3 }));
    let told = preferences(&world.app, &ada).await.unwrap();
    assert_eq!((told.preferences, told.settling), (five_minutes(), Settling { days: 1, left: 1 }));
    world.log.refuse(None);
    work(&world).await;
    assert_eq!(preferences(&world.app, &ada).await.unwrap().settling.left, 1, "nothing was ordered");
    prefer(&world.app, &ada, five_minutes()).await.unwrap();
    work(&world).await;
    assert_eq!(preferences(&world.app, &ada).await.unwrap().settling, Settling { days: 1, left: 0 });
}

#[tokio::test]
async fn the_days_of_an_order_are_counted_against_the_persons_pings() {
    let (world, ada) = with_a_day().await;
    // Yesterday, today and tomorrow.
    world.limits.allow_pings(2);
    assert!(matches!(prefer(&world.app, &ada, five_minutes()).await, Err(AppError::TooMany(_))));
    world.limits.allow_pings(3);
    prefer(&world.app, &ada, five_minutes()).await.unwrap();
    let others = Preferences { week_start: dayline_domain::Weekday::Sunday, ..five_minutes() };
    work(&world).await;
    prefer(&world.app, &ada, others).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_sets_nothing() {
    let (world, ada) = with_a_day().await;
    world.store.fail(Some(PortError::Unavailable("gone".into())));
    let refused = prefer(&world.app, &ada, five_minutes()).await;
    assert!(matches!(refused, Err(AppError::Unavailable(_))));
    world.store.fail(None);
    assert_eq!(preferences(&world.app, &ada).await.unwrap().preferences, Preferences::default());
}

#[tokio::test]
async fn only_who_is_signed_in_sees_and_sets_them() {
    let (world, ada) = with_ada().await;
    let key = Caller { scopes: Scopes::NONE.with(Scope::Track).with(Scope::Read), ..ada };
    assert_eq!(preferences(&world.app, &key).await, Err(AppError::MissingScope(Scope::Account)));
    assert_eq!(prefer(&world.app, &key, five_minutes()).await, Err(AppError::MissingScope(Scope::Account)));
}

#[tokio::test]
async fn setting_them_counts_against_the_limit_of_changes() {
    let (world, ada) = with_ada().await;
    world.limits.allow(Limit::AccountWritePerUser, 1);
    prefer(&world.app, &ada, Preferences::default()).await.unwrap();
    let refused = prefer(&world.app, &ada, Preferences::default()).await;
    assert!(matches!(refused, Err(AppError::TooMany(_))));
    assert!(preferences(&world.app, &ada).await.is_ok());
}
