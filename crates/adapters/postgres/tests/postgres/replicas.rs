//! Reports from real replicas: used while they keep up, left alone when they lag, are cut off or
//! are no replicas.

use std::time::{Duration, Instant};

use dayline_app::ports::LedgerReader;
use dayline_domain::{Interval, UserId, UtcDay};
use dayline_postgres::PgStore;

use crate::test_postgres::TestPostgres;
use crate::world::{World, day, ping, register};

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let patience = Instant::now();
    while !holds().await {
        assert!(patience.elapsed() < Duration::from_secs(30), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn everything(first: UtcDay) -> Interval {
    Interval::new(first.start(), UtcDay(first.0 + 1).start()).unwrap()
}

async fn counted(store: &PgStore, user: UserId, first: UtcDay) -> usize {
    store.read(user, everything(first)).await.unwrap().counted.len()
}

/// How many statements a server has run in its database, as far as it has told.
async fn commits(server: &TestPostgres) -> i64 {
    let sql = "SELECT pg_stat_get_db_xact_commit(oid) FROM pg_database WHERE datname = current_database()";
    server.client().await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_come_from_replicas_that_keep_up_and_from_the_primary_otherwise() {
    let mut primary = TestPostgres::start();
    let writer = std::sync::Arc::new(primary.migrated().await);
    let (user, first) = (register(&writer, 1).await, day(2026, 11, 20));
    let world = World::over(writer.clone());
    world.track(user, &[ping("Code", first, 0, 5)], 1).await;
    world.drain().await;
    let mut replica = primary.replica();

    let mut config = primary.config();
    config.add_replica(&replica.url()).unwrap();
    config.replica_check_every = Duration::from_millis(100);
    config.max_replica_lag = Duration::from_millis(1_500);
    let store = PgStore::open(&config).unwrap();
    assert_eq!(counted(&store, user, first).await, 1, "before anything is known, the primary answers");

    // Used: it answers many reports of many.
    until("the replica is known to keep up", async || store.replica_usage().usable == 1).await;
    let usage = store.replica_usage();
    assert!(usage.all == 1 && usage.lag <= config.max_replica_lag, "{usage:?}");
    let before = commits(&replica).await;
    for _ in 0..50 {
        assert_eq!(counted(&store, user, first).await, 1);
    }
    until("the replica has told of its work", async || commits(&replica).await >= before + 40).await;

    // Its lag is respected: it stands still, then the primary answers, and knows more.
    let control = replica.client().await;
    control.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    world.track(user, &[ping("Mail", first, 100, 105)], 1).await;
    world.drain().await;
    until("the replica is too far behind", async || store.replica_usage().usable == 0).await;
    assert_eq!(counted(&store, user, first).await, 2);
    control.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    until("the replica has caught up", async || store.replica_usage().usable == 1).await;
    assert_eq!(counted(&store, user, first).await, 2);

    // Stopped: the report that finds out gets its answer all the same.
    drop(control);
    replica.stop();
    for _ in 0..10 {
        assert_eq!(counted(&store, user, first).await, 2);
    }
    assert_eq!(store.replica_usage().usable, 0);
    replica.start_again();
    until("the replica is back", async || store.replica_usage().usable == 1).await;

    // The primary is away: for as long as the replica may lag, reports go on.
    primary.stop();
    assert_eq!(counted(&store, user, first).await, 2);
    until("too long without the primary", async || store.replica_usage().usable == 0).await;
    assert!(store.read(user, everything(first)).await.is_err());
    primary.start_again();
    until("the primary is back", async || store.replica_usage().usable == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_take_turns_among_replicas_and_a_server_of_its_own_is_none() {
    let primary = TestPostgres::start();
    primary.migrated().await;
    let (one, two) = (primary.replica(), primary.replica());
    let stranger = TestPostgres::start();
    let mut config = primary.config();
    for replica in [&one, &stranger, &two] {
        config.add_replica(&replica.url()).unwrap();
    }
    config.replica_check_every = Duration::from_millis(100);
    let store = PgStore::open(&config).unwrap();
    until("both replicas are known", async || store.replica_usage().usable == 2).await;
    let before = [commits(&one).await, commits(&two).await];
    let nobody = UserId::from_bits(1);
    for _ in 0..60 {
        store.marks(nobody, everything(day(2026, 11, 20))).await.unwrap();
    }
    for (server, before) in [(&one, before[0]), (&two, before[1])] {
        until("each has answered its part", async || commits(server).await >= before + 15).await;
    }
}
