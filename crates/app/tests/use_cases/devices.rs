//! What a person says about their devices, where a limit, a scope or a store is in the way.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{AppendError, Limit, Partition, PortError, Settling};
use dayline_app::reporting::devices::{list, names};
use dayline_app::tracking::devices::{Merged, merge, rename};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DeviceId, DeviceName, Interval, Observation, Scope, Scopes, Subject};

use super::{send, used, with_ada};

/// Ada, of whom one device is known, and that device.
async fn with_a_device() -> (Arc<FakeApp>, Caller, DeviceId) {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    let seen = used("Code", None, Interval::new(now.plus(-5_000), now).unwrap());
    let device = seen.subject().device.clone();
    send(&world, ada.user, &[seen]).await;
    work(&world).await;
    (world, ada, device)
}

async fn work(world: &FakeApp) {
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

fn mine() -> DeviceName {
    DeviceName::new("Mine").unwrap()
}

async fn name(world: &FakeApp, ada: &Caller) -> Option<Box<str>> {
    list(&world.app, ada).await.unwrap().remove(0).name
}

#[tokio::test]
async fn naming_a_device_counts_against_the_limit_of_changes() {
    let (world, ada, device) = with_a_device().await;
    world.limits.allow(Limit::AccountWritePerUser, 1);
    rename(&world.app, &ada, device.clone(), mine()).await.unwrap();
    let another = DeviceName::new("Another").unwrap();
    let refused = rename(&world.app, &ada, device, another).await;
    assert!(matches!(refused, Err(AppError::TooMany(_))), "{refused:?}");
    assert_eq!(name(&world, &ada).await.as_deref(), Some("Mine"));
}

#[tokio::test]
async fn only_who_is_signed_in_names_a_device() {
    let (world, ada, device) = with_a_device().await;
    let key = Caller { scopes: Scopes::NONE.with(Scope::Track).with(Scope::Read), ..ada.clone() };
    assert_eq!(rename(&world.app, &key, device, mine()).await, Err(AppError::MissingScope(Scope::Account)));
    assert_eq!(name(&world, &ada).await, None);
}

#[tokio::test]
async fn while_the_store_is_away_no_device_is_named() {
    let (world, ada, device) = with_a_device().await;
    world.store.fail(Some(PortError::Unavailable("gone".into())));
    let refused = rename(&world.app, &ada, device, mine()).await;
    assert!(matches!(refused, Err(AppError::Unavailable(_))), "{refused:?}");
    world.store.fail(None);
    assert_eq!(name(&world, &ada).await, None);
}

fn old() -> DeviceId {
    DeviceId::new("old").unwrap()
}

/// Ada, of whom two devices are known; the one that is not [`old`].
async fn with_two_devices() -> (Arc<FakeApp>, Caller, DeviceId) {
    let (world, ada, device) = with_a_device().await;
    let now = world.app.clock.now();
    let seen = used("Mail", None, Interval::new(now.plus(-20_000), now.plus(-15_000)).unwrap());
    let subject = Subject { device: old(), seen: seen.subject().seen.clone() };
    send(&world, ada.user, &[Observation::new(Arc::new(subject), seen.interval())]).await;
    work(&world).await;
    (world, ada, device)
}

async fn left(world: &FakeApp, ada: &Caller) -> u64 {
    world.app.ledger.settling(ada.user).await.unwrap().left
}

#[tokio::test]
async fn days_that_could_not_be_ordered_are_ordered_by_the_same_merge_again() {
    let (world, ada, device) = with_two_devices().await;
    world.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let refused = merge(&world.app, &ada, old(), device.clone()).await;
    assert_eq!(refused, Err(AppError::LogFull { retry_after_s: 3 }));
    world.log.refuse(None);
    work(&world).await;
    assert_eq!(left(&world, &ada).await, 1, "it is merged, but nothing was ordered");
    let merged = merge(&world.app, &ada, old(), device.clone()).await;
    assert_eq!(merged, Ok(Merged { device, settling: Settling { days: 1, left: 1 } }));
    work(&world).await;
    assert_eq!(left(&world, &ada).await, 0);
}

#[tokio::test]
async fn a_device_that_the_ledger_has_forgotten_may_still_be_the_end_of_a_merge() {
    let (world, ada, device) = with_two_devices().await;
    merge(&world.app, &ada, old(), device.clone()).await.unwrap();
    work(&world).await;
    let seen = used(
        "Code",
        None,
        Interval::new(world.app.clock.now().plus(-60_000), world.app.clock.now()).unwrap(),
    );
    let third = DeviceId::new("third").unwrap();
    let subject = Subject { device: third.clone(), seen: seen.subject().seen.clone() };
    send(&world, ada.user, &[Observation::new(Arc::new(subject), seen.interval())]).await;
    work(&world).await;
    let merged = merge(&world.app, &ada, third, old()).await.unwrap();
    assert_eq!(merged.device, device);
}

#[tokio::test]
async fn merging_devices_counts_against_the_limit_of_changes() {
    let (world, ada, device) = with_two_devices().await;
    world.limits.allow(Limit::AccountWritePerUser, 0);
    let refused = merge(&world.app, &ada, old(), device).await;
    assert!(matches!(refused, Err(AppError::TooMany(_))), "{refused:?}");
    assert_eq!(list(&world.app, &ada).await.unwrap().len(), 2);
}

#[tokio::test]
async fn only_who_is_signed_in_merges_devices() {
    let (world, ada, device) = with_two_devices().await;
    let key = Caller { scopes: Scopes::NONE.with(Scope::Track).with(Scope::Read), ..ada.clone() };
    assert_eq!(merge(&world.app, &key, old(), device).await, Err(AppError::MissingScope(Scope::Account)));
    assert_eq!(list(&world.app, &ada).await.unwrap().len(), 2);
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_merged() {
    let (world, ada, device) = with_two_devices().await;
    world.store.fail(Some(PortError::Unavailable("gone".into())));
    let refused = merge(&world.app, &ada, old(), device).await;
    assert!(matches!(refused, Err(AppError::Unavailable(_))), "{refused:?}");
    world.store.fail(None);
    assert_eq!(list(&world.app, &ada).await.unwrap().len(), 2);
}

#[tokio::test]
async fn names_are_those_that_the_person_gave_and_devices_without_one_have_none() {
    let (world, ada, device) = with_a_device().await;
    assert_eq!(names(&world.app, &ada).await.unwrap().get(&device), None);
    rename(&world.app, &ada, device.clone(), mine()).await.unwrap();
    assert_eq!(names(&world.app, &ada).await.unwrap()[&device].as_ref(), "Mine");
}
