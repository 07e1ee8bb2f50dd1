//! Events of foreign trackers as they came, and what their pages remember.

use std::sync::Arc;

use dayline_app::AppError;
use dayline_app::clean_up::{CleanUp, clean_up};
use dayline_app::identity::caller::Caller;
use dayline_app::ports::{EventsAsked, Limit, PortError, RawEvents};
use dayline_app::reporting::export::{Page, open as open_export};
use dayline_app::tracking::preferences::prefer;
use dayline_app::tracking::{buckets, raw_events, tracker_settings};
use dayline_contract::fakes::FakeApp;
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::raw_event::{EventData, EventRange, RawEvent, StoredRawEvent};
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{DAY_MS, Preferences, RawEventDays, Scope, Scopes};

use super::{caller, login, register, with_ada};

fn id() -> BucketId {
    BucketId::new("window").unwrap()
}

/// Ada, who keeps events for a week and has a bucket.
async fn world() -> (Arc<FakeApp>, Caller) {
    let (world, ada) = with_ada().await;
    open(&world, &ada).await;
    keep_for(&world, &ada, 7).await;
    (world, ada)
}

async fn open(world: &FakeApp, of: &Caller) {
    let said = |text: &str| BucketWord::new(text).unwrap();
    let bucket = Bucket { id: id(), kind: said("currentwindow"), client: said("w"), host: said("pc") };
    assert_eq!(buckets::open(&world.app, of, bucket).await, Ok(true));
}

async fn keep_for(world: &FakeApp, of: &Caller, days: u16) {
    let raw_event_days = RawEventDays::new(days).unwrap();
    prefer(&world.app, of, Preferences { raw_event_days, ..Preferences::default() }).await.unwrap();
}

/// An event that ended so many milliseconds from now, after a second.
fn event(world: &FakeApp, from_now: i64) -> RawEvent {
    let end = world.app.clock.now().plus(from_now);
    RawEvent::new(end.plus(-1_000), end, EventData::new(r#"{"app":"Code"}"#).unwrap())
}

async fn beat(world: &FakeApp, of: &Caller, from_now: i64) -> Option<StoredRawEvent> {
    raw_events::keep_beat(&world.app, of, &id(), &event(world, from_now), 1_000).await.unwrap()
}

async fn count(world: &FakeApp, of: &Caller) -> u64 {
    raw_events::count(&world.app, of, id(), EventRange::ALL).await.unwrap()
}

#[tokio::test]
async fn events_are_kept_for_who_chose_it_and_read_by_nobody_else() {
    let (world, ada) = world().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    open(&world, &bob).await;
    let kept = beat(&world, &ada, 0).await.unwrap();
    assert_eq!(beat(&world, &bob, 0).await, None);
    let asked = EventsAsked { bucket: id(), range: EventRange::ALL, after: None, at_most: 9 };
    assert_eq!(raw_events::list(&world.app, &ada, asked.clone()).await, Ok(vec![kept.clone()]));
    assert_eq!(raw_events::list(&world.app, &bob, asked.clone()).await, Ok(vec![]));
    keep_for(&world, &bob, 7).await;
    assert_eq!(raw_events::list(&world.app, &bob, asked).await, Ok(vec![]));
    assert_eq!(raw_events::show(&world.app, &bob, id(), kept.number).await, Err(AppError::NotFound));
    raw_events::delete(&world.app, &bob, id(), kept.number).await.unwrap();
    assert_eq!(raw_events::show(&world.app, &ada, id(), kept.number).await, Ok(kept));
}

#[tokio::test]
async fn what_ends_in_more_than_a_year_is_not_kept() {
    let (world, ada) = world().await;
    let year = 366 * DAY_MS;
    assert_eq!(beat(&world, &ada, year + 1).await, None);
    let events = [year + 1, year].map(|from_now| (None, event(&world, from_now)));
    let kept = raw_events::keep_events(&world.app, &ada, &id(), events.to_vec()).await.unwrap();
    assert_eq!(kept.len(), 1);
}

#[tokio::test]
async fn nothing_is_shown_whose_days_are_over_whether_it_is_deleted_yet_or_not() {
    let (world, ada) = world().await;
    let kept = beat(&world, &ada, 0).await.unwrap();
    world.clock.advance(7 * DAY_MS);
    assert_eq!(count(&world, &ada).await, 1);
    world.clock.advance(1);
    assert_eq!(count(&world, &ada).await, 0);
    assert_eq!(raw_events::show(&world.app, &ada, id(), kept.number).await, Err(AppError::NotFound));
    assert_eq!(raw_events::extents(&world.app, &ada).await, Ok(vec![]));
    world.clock.advance(-1);
    keep_for(&world, &ada, 0).await;
    assert_eq!(count(&world, &ada).await, 0);
    assert_eq!(world.store.count_raw_events(ada.user, id(), EventRange::ALL).await, Ok(1));
}

#[tokio::test]
async fn what_nobody_wants_kept_is_deleted_a_bounded_part_at_a_time() {
    let (world, ada) = world().await;
    for batch in 0..21_i64 {
        let events = (0..500).map(|n| (None, event(&world, -(500 * batch + n)))).collect();
        raw_events::keep_events(&world.app, &ada, &id(), events).await.unwrap();
    }
    // So that the clock is believed.
    world.clock.advance(1);
    login(&world, "ada@example.org", "phone").await;
    keep_for(&world, &ada, 0).await;
    let mut became = Vec::new();
    for _ in 0..2 {
        became.push(clean_up(&world.app, 30 * DAY_MS).await.unwrap());
    }
    assert_eq!(became, [CleanUp::Partly, CleanUp::Done]);
    assert_eq!(world.store.count_raw_events(ada.user, id(), EventRange::ALL).await, Ok(0));
}

#[tokio::test]
async fn a_bucket_takes_its_events_along_and_an_export_has_them_before() {
    let (world, ada) = world().await;
    let events = (0..1_200).map(|n| (None, event(&world, -10 * n))).collect();
    raw_events::keep_events(&world.app, &ada, &id(), events).await.unwrap();
    let mut export = open_export(&world.app, &ada).unwrap();
    let mut exported = 0;
    while let Some(page) = export.page().await.unwrap() {
        exported += if let Page::RawEvents(page) = page { page.len() } else { 0 };
    }
    assert_eq!(exported, 1_200);
    assert_eq!(buckets::delete(&world.app, &ada, id()).await, Ok(()));
    assert_eq!(world.store.count_raw_events(ada.user, id(), EventRange::ALL).await, Ok(0));
}

#[tokio::test]
async fn each_call_asks_for_its_scope() {
    let (world, ada) = world().await;
    let kept = beat(&world, &ada, 0).await.unwrap();
    let with = |scope| Caller { scopes: Scopes::NONE.with(scope), ..ada.clone() };
    let (tracks, reads) = (with(Scope::Track), with(Scope::Read));
    let app = &world.app;
    let asked = EventsAsked { bucket: id(), range: EventRange::ALL, after: None, at_most: 9 };
    let no_read = AppError::MissingScope(Scope::Read);
    assert_eq!(raw_events::list(app, &tracks, asked).await.err(), Some(no_read.clone()));
    assert_eq!(raw_events::count(app, &tracks, id(), EventRange::ALL).await.err(), Some(no_read.clone()));
    assert_eq!(raw_events::show(app, &tracks, id(), kept.number).await.err(), Some(no_read.clone()));
    assert_eq!(raw_events::extents(app, &tracks).await.err(), Some(no_read.clone()));
    assert_eq!(tracker_settings::list(app, &tracks).await.err(), Some(no_read.clone()));
    let name = SettingName::new("theme").unwrap();
    assert_eq!(tracker_settings::show(app, &tracks, name.clone()).await.err(), Some(no_read));
    let no_track = AppError::MissingScope(Scope::Track);
    let again = event(&world, 0);
    assert_eq!(raw_events::keep_beat(app, &reads, &id(), &again, 0).await.err(), Some(no_track.clone()));
    let events = vec![(None, again)];
    assert_eq!(raw_events::keep_events(app, &reads, &id(), events).await.err(), Some(no_track.clone()));
    assert_eq!(raw_events::delete(app, &reads, id(), kept.number).await.err(), Some(no_track.clone()));
    let value = SettingValue::new("1").unwrap();
    assert_eq!(tracker_settings::set(app, &reads, name.clone(), value).await.err(), Some(no_track.clone()));
    assert_eq!(tracker_settings::delete(app, &reads, name).await.err(), Some(no_track));
}

#[tokio::test]
async fn settings_are_bounded_in_number_and_in_how_often_they_change() {
    let (world, ada) = with_ada().await;
    let set = async |n: usize| {
        let name = SettingName::new(&format!("setting-{n}")).unwrap();
        tracker_settings::set(&world.app, &ada, name, SettingValue::new("1").unwrap()).await
    };
    for n in 0..tracker_settings::MAX_SETTINGS {
        world.clock.advance(60_000);
        assert_eq!(set(n).await, Ok(()));
    }
    assert_eq!(set(0).await, Ok(()));
    assert_eq!(set(100).await, Err(AppError::TooManyTrackerSettings));
    world.limits.allow(Limit::AccountWritePerUser, 0);
    assert!(matches!(set(0).await, Err(AppError::TooMany(_))));
}

#[tokio::test]
async fn a_heartbeat_is_not_answered_before_its_event_is_stored() {
    let (world, ada) = world().await;
    world.store.fail(Some(PortError::Unavailable("away".into())));
    let outcome = raw_events::keep_beat(&world.app, &ada, &id(), &event(&world, 0), 0).await;
    assert!(matches!(outcome, Err(AppError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn in_maintenance_nothing_is_kept_and_nothing_deleted() {
    let (mut world, ada) = world().await;
    let kept = beat(&world, &ada, -10_000).await.unwrap();
    Arc::get_mut(&mut world).unwrap().app.rules.maintenance = true;
    assert_eq!(beat(&world, &ada, 0).await, None);
    let deleted = raw_events::delete(&world.app, &ada, id(), kept.number).await;
    assert_eq!(deleted, Err(AppError::Maintenance));
    assert_eq!(count(&world, &ada).await, 1);
}
