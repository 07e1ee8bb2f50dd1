//! Deleting what has expired, by clocks right and wrong.

use dayline_app::AppError;
use dayline_app::clean_up::{CleanUp, clean_up};
use dayline_app::identity::caller::Caller;
use dayline_app::identity::refresh::refresh;
use dayline_app::ports::{AuditLog, Partition, Sessions};
use dayline_app::tracking::ingest::{PingDraft, SeenDraft, Site, accept};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::DAY_MS;
use dayline_domain::plausible_clock::QUIET_MS;

use super::{login, with_ada};

const AUDIT_KEEP_MS: i64 = 30 * DAY_MS;
const YEAR: i64 = 365 * DAY_MS;

async fn clean(world: &FakeApp) -> CleanUp {
    clean_up(&world.app, AUDIT_KEEP_MS).await.unwrap()
}

/// Ada's sessions, and the entries of the audit log about her.
async fn kept(world: &FakeApp, ada: &Caller) -> (usize, usize) {
    let sessions = Sessions::list(&*world.store, ada.user).await.unwrap();
    (sessions.len(), AuditLog::list(&*world.store, ada.user, None, 100).await.unwrap().len())
}

/// A tracker with a right clock sends a ping that ends so many milliseconds from the server's now.
async fn ping(world: &FakeApp, ada: &Caller, from_now: i64) {
    let end = world.app.clock.now().plus(from_now);
    let seen = SeenDraft::Use { app_name: "Code".into(), site: Site::None, project: None };
    let draft = PingDraft { seen, start: end.plus(-5_000), end, device_id: None };
    assert_eq!(accept(&world.app, ada, [Ok(draft)]).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_clock_far_beyond_what_is_stored_deletes_nothing_until_a_ping_confirms_it() {
    let (world, ada) = with_ada().await;
    let all = kept(&world, &ada).await;
    world.clock.advance(YEAR);
    assert_eq!(clean(&world).await, CleanUp::ClockInDoubt);
    assert_eq!(kept(&world, &ada).await, all);
    // What the truth would be if the clock were wrong.
    ping(&world, &ada, -YEAR).await;
    assert_eq!(clean(&world).await, CleanUp::ClockInDoubt);
    assert_eq!(kept(&world, &ada).await, all);
    ping(&world, &ada, 0).await;
    assert_eq!(clean(&world).await, CleanUp::Done);
    assert_eq!(kept(&world, &ada).await, (0, 0));
}

#[tokio::test]
async fn what_servers_wrote_down_by_a_wrong_clock_does_not_confirm_it() {
    let (world, ada) = with_ada().await;
    ping(&world, &ada, 0).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    worker.step().await.unwrap();
    world.clock.advance(YEAR);
    login(&world, "ada@example.org", "phone").await;
    let all = kept(&world, &ada).await;
    assert_eq!(clean(&world).await, CleanUp::ClockInDoubt);
    assert_eq!(kept(&world, &ada).await, all);
}

#[tokio::test]
async fn after_a_long_weekend_what_has_expired_is_deleted_as_usual() {
    let (world, ada) = with_ada().await;
    ping(&world, &ada, 0).await;
    world.clock.advance(QUIET_MS);
    assert_eq!(clean_up(&world.app, DAY_MS).await, Ok(CleanUp::Done));
    assert_eq!(kept(&world, &ada).await, (1, 0));
}

#[tokio::test]
async fn a_session_that_a_doubtful_clock_takes_for_expired_is_good_again_when_the_clock_is() {
    let (world, ada) = with_ada().await;
    let tokens = login(&world, "ada@example.org", "phone").await;
    ping(&world, &ada, 0).await;
    world.clock.advance(YEAR);
    assert_eq!(refresh(&world.app, &tokens.refresh_token, None).await, Err(AppError::SessionRevoked));
    world.clock.advance(-YEAR);
    assert!(refresh(&world.app, &tokens.refresh_token, None).await.is_ok());
}
