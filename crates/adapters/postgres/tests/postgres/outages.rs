//! Servers that are stopped, killed, cut off or silent: nothing is lost, nothing is applied twice,
//! nobody waits forever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dayline_app::ports::{
    Accounts, LedgerCommit, LedgerWriter, Partition, PortError, Position, ProfileChange, UpdateProfile,
};
use dayline_app::tracking::worker::Worker;
use dayline_domain::UtcMs;
use dayline_postgres::{PgConfig, PgStore};
use dayline_testkit::length;
use tokio::net::TcpListener;

use crate::database::{Database, Via};
use crate::test_postgres::TestPostgres;
use crate::world::{Dice, World, assert_by_the_rule, day, register};

/// Works as the program would, whatever fails, until told that no more is coming and all is done.
/// Gives how often the store was not available.
async fn work_through(mut worker: Worker, no_more: Arc<AtomicBool>) -> u32 {
    let mut failures = 0;
    loop {
        let last = no_more.load(Ordering::SeqCst);
        match worker.step().await {
            Ok(step) if step.entries == 0 && !step.stale => {
                if last {
                    return failures;
                }
                worker.wait().await;
            }
            Ok(_) => {}
            Err(PortError::Unavailable(_)) => {
                failures += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_stopped_and_killed_under_load_loses_and_doubles_nothing() {
    let mut server = TestPostgres::start();
    let store = Arc::new(server.migrated().await);
    let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
    let rounds = length(4, 8, 20);
    let pings = Dice(11).pings(rounds as usize * 500, first, 2);
    let world = World::over(store.clone());
    let no_more = Arc::new(AtomicBool::new(false));
    let working: Vec<_> =
        (0..2).map(|_| tokio::spawn(work_through(world.worker(3_000), no_more.clone()))).collect();
    for (round, pings) in pings.chunks(500).enumerate() {
        // Some before, some while it is away.
        world.track(user, &pings[..250], 5).await;
        if round % 2 == 0 {
            server.stop();
        } else {
            server.crash();
        }
        world.track(user, &pings[250..], 5).await;
        server.start_again();
    }
    no_more.store(true, Ordering::SeqCst);
    let mut failures = 0;
    for worker in working {
        failures += worker.await.unwrap();
    }
    assert!(failures > 0, "nobody noticed");
    assert_by_the_rule(&store, user, first, 3, &pings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_at_any_moment_lose_and_double_nothing() {
    for via in [Via::Direct, Via::PgBouncer] {
        let database = Database::migrated().await;
        let store = database.store(via);
        let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
        let rounds = length(40, 120, 400) as usize;
        let pings = Dice(12).pings(rounds * 50, first, 2);
        let world = World::over(store.clone());
        let no_more = Arc::new(AtomicBool::new(false));
        let working = tokio::spawn(work_through(world.worker(1_500), no_more.clone()));
        let cutter = database.client().await;
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let (mut cuts, mut dice) = (0, Dice(13));
        for pings in pings.chunks(50) {
            world.track(user, pings, 5).await;
            tokio::time::sleep(Duration::from_micros(dice.below(60_000))).await;
            cuts += cutter.query_one(cut, &[]).await.unwrap().get::<_, i64>(0);
        }
        no_more.store(true, Ordering::SeqCst);
        let failures = working.await.unwrap();
        assert!(cuts > 5 && failures > 0, "{cuts} cuts, {failures} failures");
        // A pooled connection that was cut while idle may fail once more.
        while store.position(world.partition).await.is_err() {}
        assert_by_the_rule(&store, user, first, 3, &pings).await;
    }
}

fn empty_commit() -> Arc<LedgerCommit> {
    Arc::new(LedgerCommit {
        partition: Partition(0),
        from: Position::START,
        to: Position { major: 1, minor: 0 },
        days: Vec::new(),
        corrections: Vec::new(),
        dead: Vec::new(),
        at: UtcMs(0),
    })
}

async fn assert_unavailable_soon(store: &PgStore) {
    let started = Instant::now();
    let outcome = store.apply(empty_commit()).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_or_silent_is_given_up_on() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut config = PgConfig::new(&format!("postgres://dayline@127.0.0.1:{port}/postgres")).unwrap();
    config.connect_timeout = Duration::from_millis(300);
    assert_unavailable_soon(&PgStore::open(&config).unwrap()).await;
    drop(silent);
    assert_unavailable_soon(&PgStore::open(&config).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_lock_or_a_connection_gives_up_in_time() {
    for via in [Via::Direct, Via::PgBouncer] {
        let database = Database::migrated().await;
        let mut config = database.config(via);
        config.max_connections = 1;
        config.connect_timeout = Duration::from_millis(300);
        config.statement_timeout = Duration::from_millis(600);
        let store = PgStore::open(&config).unwrap();
        store.check().await.unwrap();
        let mut blocker = database.client().await;
        let held = blocker.transaction().await.unwrap();
        held.batch_execute("LOCK TABLE log_positions").await.unwrap();
        // One waits for the lock, the other for the connection that the first one has.
        tokio::join!(assert_unavailable_soon(&store), assert_unavailable_soon(&store));
        held.rollback().await.unwrap();
        assert_eq!(store.position(Partition(0)).await, Ok(Position::START));
        assert_eq!(store.apply(empty_commit()).await, Ok(dayline_app::ports::Applied::Done));
    }
}

/// A process that is stopped inside a transaction keeps its locks only for so long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_idles_is_ended_by_the_server() {
    let database = Database::migrated().await;
    let mut config = database.config(Via::PgBouncer);
    config.statement_timeout = Duration::from_millis(500);
    let store = PgStore::open(&config).unwrap();
    let user = register(&store, 1).await;
    // `delete` begins, then is not polled any more: as if its process had been paused.
    let mut paused = Box::pin(store.change_password(
        user,
        None,
        dayline_app::ports::PasswordHash("new".into()),
        dayline_app::ports::SignOut { keep: None, api_keys: false, at: UtcMs(0) },
    ));
    let client = database.client().await;
    let mut blocker = database.client().await;
    // It gets as far as its second statement, which waits for this lock.
    let held = blocker.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE sessions").await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let pause = tokio::time::sleep(Duration::from_millis(5));
        tokio::select! { done = &mut paused => panic!("{done:?}"), () = pause => {} }
        if client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 1 {
            break;
        }
    }
    held.rollback().await.unwrap();
    // Nobody takes its answer; the person's row is free again all the same.
    let other = PgStore::open(&database.config(Via::Direct)).unwrap();
    let started = Instant::now();
    let moved = ProfileChange { timezone: Some("UTC".into()), ..ProfileChange::default() };
    let renamed = other.update_profile(user, moved, UtcMs(1)).await.unwrap();
    assert!(matches!(renamed, UpdateProfile::Updated(_)) && started.elapsed() < Duration::from_secs(5));
    assert!(matches!(paused.await, Err(PortError::Unavailable(_))));
    assert_eq!(other.password_of(user).await.unwrap().unwrap().0, "hash");
}
