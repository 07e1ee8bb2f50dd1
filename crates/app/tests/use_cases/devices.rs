//! What a person says about their devices, where a limit, a scope or a store is in the way.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{Limit, Partition, PortError};
use dayline_app::reporting::devices::list;
use dayline_app::tracking::devices::rename;
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::{DeviceId, DeviceName, Interval, Scope, Scopes};

use super::{send, used, with_ada};

/// Ada, of whom one device is known, and that device.
async fn with_a_device() -> (std::sync::Arc<FakeApp>, Caller, DeviceId) {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    let seen = used("Code", None, Interval::new(now.plus(-5_000), now).unwrap());
    let device = seen.subject().device.clone();
    send(&world, ada.user, &[seen]).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
    (world, ada, device)
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
    assert_eq!(rename(&world.app, &key, device, mine()).await, Err(AppError::MissingScope));
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
