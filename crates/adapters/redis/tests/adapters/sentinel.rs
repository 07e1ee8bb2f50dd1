//! The primary that sentinels name: followed when it changes, and not believed where a replica must have it, too.

use std::cell::Cell;
use std::fs::{self, File};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{AppendError, BoxFuture, Partition, Payload, PingLog, Position};
use dayline_contract::fakes::FakeLive;
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::prove;
use dayline_redis::{NotDurable, PingLogOptions, RedisConfig, RedisLive, RedisPingLog, check_durability};
use dayline_testkit::{Redis, Sentinels};

use crate::names::Names;
use crate::test_redis::run;
use crate::until;

const FIRST: Partition = Partition(0);

async fn open(server: &RedisConfig, options: PingLogOptions) -> Arc<RedisPingLog> {
    Arc::new(RedisPingLog::open(server, &options).await.unwrap())
}

fn servers() -> (Redis, Sentinels, RedisConfig) {
    let (primary, sentinels) = Sentinels::start();
    let server = RedisConfig::new(&sentinels.url()).unwrap();
    (primary, sentinels, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_at_a_primary_found_by_sentinels_keeps_the_facts_of_every_ping_log() {
    let (_primary, _sentinels, server) = servers();
    assert_eq!(check_durability(&server, false).await.unwrap(), Vec::<String>::new());
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let server = server.clone().with_prefix(&format!("log{}", made.get()));
        let log = open(&server, PingLogOptions::default()).await;
        let reopen = Box::new(move || -> BoxFuture<'static, Arc<dyn PingLog>> {
            let server = server.clone();
            Box::pin(async move { open(&server, PingLogOptions::default()).await as Arc<dyn PingLog> })
        });
        Subject { log, reopen: Some(reopen) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_replica_that_has_it_nothing_is_acknowledged_unless_less_is_accepted() {
    let (primary, sentinels, server) = servers();
    let lossy = PingLogOptions { accept_less: true, ..PingLogOptions::default() };
    let lossy = open(&server.clone().with_prefix("lossy"), lossy).await;
    let log = open(&server, PingLogOptions::default()).await;
    log.append(FIRST, b"both ".to_vec()).await.unwrap();
    // Then nobody but the log looks whether there is a replica.
    primary.tell("CONFIG SET min-replicas-to-write 0");

    // As if the way between them were cut: it is connected, and confirms nothing.
    sentinels.replica.pause();
    let begin = Instant::now();
    match log.append(FIRST, b"one ".to_vec()).await {
        Err(AppendError::Unavailable(why)) => assert!(why.contains("no replica"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    until("less is accepted", async || lossy.append(FIRST, b"one".to_vec()).await.is_ok()).await;

    sentinels.replica.kill();
    until("it has no replica", async || check_durability(&server, false).await.is_err()).await;
    let refused = check_durability(&server, false).await.unwrap_err();
    assert!(matches!(&refused, NotDurable::Objections(why) if why[0].contains("no replica")), "{refused}");
    assert!(log.append(FIRST, b"one".to_vec()).await.is_err());
    sentinels.replica.start_again();
    until("appends are accepted again", async || log.append(FIRST, b"both".to_vec()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_primary_that_goes_on_answering_is_left_by_writers_readers_and_subscribers() {
    let (old, sentinels, server) = servers();
    let new = &sentinels.replica;
    for redis in [&old, new] {
        // Then neither of them objects to being alone.
        redis.tell("CONFIG SET min-replicas-to-write 0");
    }
    let log = open(&server, PingLogOptions { accept_less: true, ..PingLogOptions::default() }).await;
    let _live = RedisLive::start(&server, Arc::new(FakeLive::default()), &Names);
    log.append(FIRST, b"before ".to_vec()).await.unwrap();
    log.wait_beyond(FIRST, Position::START).await;
    sentinels.let_the_replica_lead();

    let entries = async |redis: &Redis| run::<u64>(redis, "XLEN dayline:log:0").await;
    until("writers are at the other", async || {
        log.append(FIRST, b"meanwhile ".to_vec()).await.is_ok() && entries(new).await > 1
    })
    .await;
    let left_behind = entries(&old).await;
    log.append(FIRST, b"after".to_vec()).await.unwrap();
    assert_eq!(entries(&old).await, left_behind);
    let read = log.read_after(FIRST, Position::START, usize::MAX).await.unwrap().entries;
    let last = read.last().unwrap();
    assert_eq!(last.payload, Payload::Records(b"after".to_vec()));
    assert_eq!(read.len() as u64, entries(new).await);
    until("subscribers are there", async || {
        run::<(String, u64)>(new, "PUBSUB NUMSUB dayline:live").await.1 == 1
    })
    .await;
}

#[tokio::test]
async fn what_was_read_before_a_replica_had_it_and_is_gone_with_the_primary_is_told_as_harmless() {
    let (old, sentinels, server) = servers();
    for redis in [&old, &sentinels.replica] {
        redis.tell("CONFIG SET min-replicas-to-write 0");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let writer = Arc::new(File::create(&file).unwrap());
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
    let _told = tracing::subscriber::set_default(subscriber);

    let log = open(&server, PingLogOptions::default()).await;
    log.append(FIRST, b"both ".to_vec()).await.unwrap();
    sentinels.replica.kill();
    assert!(log.append(FIRST, b"one ".to_vec()).await.is_err());
    let read = log.read_after(FIRST, Position::START, usize::MAX).await.unwrap().entries;
    assert_eq!(read.last().unwrap().payload, Payload::Records(b"one ".to_vec()));
    let after = read.last().unwrap().position;
    sentinels.replica.start_again_with(&[("replicaof", "no one")]);
    sentinels.let_the_replica_lead();

    let said = || fs::read_to_string(&file).unwrap();
    until("it is told", async || {
        let _ = log.read_after(FIRST, after, usize::MAX).await;
        said().contains("redis lacks pings that were processed: harmless after a failover")
    })
    .await;
    assert!(!said().contains("redis has lost its ping log"), "{}", said());
}
