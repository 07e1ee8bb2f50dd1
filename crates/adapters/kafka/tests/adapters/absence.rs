//! A broker that is gone, stands still, or is ended again and again: bounded times, and nothing
//! acknowledged is lost.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{AppendError, PingLog, PortError, Position};
use dayline_contract::load::Load;
use dayline_kafka::{KafkaPingLog, PingLogOptions};
use dayline_testkit::{Kafka, length};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::topics::{FIRST, PARTITIONS, append, open_fresh, read_all, text};
use crate::until;

/// How often a broker is ended.
fn rounds() -> u64 {
    length(3, 4, 20)
}

#[tokio::test]
async fn without_kafka_appends_fail_in_time_then_at_once_and_with_it_they_work_again() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (_, log) = open_fresh(&kafka.brokers(), 1).await;
    append(&log, "before ").await;
    kafka.kill(0);
    let begin = Instant::now();
    assert!(matches!(log.append(FIRST, b"meanwhile ".to_vec()).await, Err(AppendError::Unavailable(_))));
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    until("they fail at once", async || {
        let begin = Instant::now();
        let refused = log.append(FIRST, b"meanwhile ".to_vec()).await.unwrap_err();
        assert!(
            matches!(&refused, AppendError::Unavailable(why) if !why.contains("127.0.0.1")),
            "{refused:?}"
        );
        begin.elapsed() < Duration::from_millis(100)
    })
    .await;
    let begin = Instant::now();
    assert!(matches!(log.read_after(FIRST, Position::START, 1).await, Err(PortError::Unavailable(_))));
    assert!(matches!(log.depth().await, Err(PortError::Unavailable(_))));
    assert!(matches!(log.settle(FIRST, Position::START).await, Err(PortError::Unavailable(_))));
    log.wait_beyond(FIRST, Position::START).await;
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    kafka.start_again(0);
    until("appends work again", async || log.append(FIRST, b"after".to_vec()).await.is_ok()).await;
    until("reads work again", async || log.read_after(FIRST, Position::START, 1).await.is_ok()).await;
    let text = text(&read_all(&log, Position::START).await);
    assert!(text.starts_with("before ") && text.ends_with("after"), "{text}");
}

#[tokio::test]
async fn a_broker_that_stands_still_refuses_in_bounded_time_and_gathers_bounded_memory() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (server, log) = open_fresh(&kafka.brokers(), 1).await;
    append(&log, "before ").await;
    drop(log);
    let options =
        PingLogOptions { partitions: PARTITIONS, max_pending_bytes: 100_000, ..PingLogOptions::default() };
    let log = Arc::new(KafkaPingLog::open(&server, &options, None).await.unwrap());
    kafka.pause(0);
    let begin = Instant::now();
    let mut appends = JoinSet::new();
    for _ in 0..1_000 {
        let log = Arc::clone(&log);
        appends.spawn(async move { log.append(FIRST, vec![7; 1_000]).await });
    }
    let mut full = 0;
    while let Some(outcome) = appends.join_next().await {
        match outcome.unwrap() {
            Err(AppendError::Unavailable(_)) => {}
            Err(AppendError::Full { .. }) => full += 1,
            Ok(()) => panic!("acknowledged by nobody"),
        }
    }
    assert!(full >= 880, "only {full} were turned away");
    assert!(matches!(log.read_after(FIRST, Position::START, 1).await, Err(PortError::Unavailable(_))));
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    kafka.resume(0);
    until("appends work again", async || log.append(FIRST, b"after".to_vec()).await.is_ok()).await;
    until("reads work again", async || log.read_after(FIRST, Position::START, 1).await.is_ok()).await;
    let text = text(&read_all(&log, Position::START).await);
    assert!(text.starts_with("before ") && text.contains("after"));
}

async fn survives(end: fn(&Kafka, usize), settles: bool) {
    let Some(kafka) = Kafka::start(1) else { return };
    let (_, log) = open_fresh(&kafka.brokers(), 1).await;
    let load = Load::start(log, settles);
    for round in 0..rounds() {
        load.goes_on(100 + 37 * (round % 7)).await;
        end(&kafka, 0);
        kafka.start_again(0);
    }
    load.goes_on(100).await;
    println!("{} rounds, {} acknowledged, 0 lost", rounds(), load.end().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_broker_is_killed_again_and_again_under_load() {
    survives(Kafka::kill, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_broker_is_restarted_again_and_again_while_a_worker_settles() {
    survives(Kafka::stop, true).await;
}
