//! The watermarks, over all processes, by an estimate of the bytes that wait; and brokers that slow
//! a process down.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{
    AppendError, Applied, LedgerCommit, LedgerWriter, LogDepth, Partition, PingLog, Position,
};
use dayline_contract::fakes::FakeStore;
use dayline_domain::UtcMs;
use dayline_kafka::{KafkaPingLog, PingLogOptions};
use dayline_testkit::{Kafka, shared_kafka};

use crate::topics::{FIRST, PARTITIONS, open_fresh, options, read_all};
use crate::until;

async fn is_full(log: &KafkaPingLog) -> bool {
    match log.append(Partition(1), vec![7; 1_000]).await {
        Ok(()) => false,
        Err(AppendError::Full { retry_after_s }) => {
            assert!(retry_after_s >= 1);
            true
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn full_from_the_high_watermark_until_below_the_low_one_for_every_process() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, first) = open_fresh(&brokers, 1).await;
    let options = PingLogOptions {
        partitions: PARTITIONS,
        high_bytes: 20_000,
        low_bytes: 10_000,
        ..PingLogOptions::default()
    };
    let log = KafkaPingLog::open(&server, &options, None).await.unwrap();
    for _ in 0..20 {
        first.append(FIRST, vec![7; 1_000]).await.unwrap();
    }
    until("it hears of what others appended", async || is_full(&log).await).await;
    let late = KafkaPingLog::open(&server, &options, None).await.unwrap();
    assert!(is_full(&late).await, "a new process knows at once");
    assert!(!is_full(&first).await, "another one has other watermarks");
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[3].position).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert!(is_full(&log).await, "above the low watermark still");
    for partition in [FIRST, Partition(1)] {
        log.settle(partition, Position { major: u64::MAX, minor: 0 }).await.unwrap();
    }
    until("there is room again", async || !is_full(&log).await && !is_full(&late).await).await;
}

#[tokio::test]
async fn the_depth_is_exact_in_entries_and_nothing_if_and_only_if_nothing_waits() {
    let Some(brokers) = shared_kafka() else { return };
    let (_, log) = open_fresh(&brokers, 1).await;
    for length in [1, 10, 1_000] {
        log.append(FIRST, vec![7; length]).await.unwrap();
    }
    let depth = log.depth().await.unwrap();
    assert_eq!(depth, LogDepth { entries: 3, bytes: 1_011 });
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[1].position).await.unwrap();
    let depth = log.depth().await.unwrap();
    assert!(depth.entries == 1 && depth.bytes > 0, "{depth:?}");
    log.settle(FIRST, entries[2].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

/// The ledger stands at `to` from now on.
async fn commit(ledger: &FakeStore, from: Position, to: Position) {
    let (days, corrections, dead) = (Vec::new(), Vec::new(), Vec::new());
    let commit = LedgerCommit { partition: FIRST, from, to, days, corrections, dead, at: UtcMs(0) };
    assert_eq!(ledger.apply(Arc::new(commit)).await, Ok(Applied::Done));
}

#[tokio::test]
async fn a_process_that_settles_nothing_counts_from_where_the_ledger_stands() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    for _ in 0..3 {
        log.append(FIRST, vec![7; 100]).await.unwrap();
    }
    let entries = read_all(&log, Position::START).await;
    let ledger = Arc::new(FakeStore::default());
    commit(&ledger, Position::START, entries[1].position).await;
    let other = KafkaPingLog::open(&server, &options(), Some(ledger.clone())).await.unwrap();
    assert_eq!(other.depth().await.unwrap().entries, 1);
    commit(&ledger, entries[1].position, entries[2].position).await;
    until("it hears that the ledger went on", async || other.depth().await == Ok(LogDepth::default())).await;
    ledger.forget_positions();
    until("it hears that the ledger went back", async || other.depth().await.unwrap().entries == 3).await;
}

#[tokio::test]
async fn who_sends_more_than_a_quota_allows_is_full_until_it_is_slow_enough_again() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (_, log) = open_fresh(&kafka.brokers(), 1).await;
    log.append(FIRST, vec![7; 50_000]).await.unwrap();
    assert_eq!(log.throttled(), Duration::ZERO);
    kafka.limit_producer("dayline", 10_000.0);
    until("it is full, and told for how long", async || match log.append(FIRST, vec![7; 50_000]).await {
        Err(AppendError::Full { retry_after_s }) => {
            assert_eq!((retry_after_s, log.check().await.is_err()), (2, true));
            true
        }
        // What is on its way when a broker falls silent comes too late.
        Ok(()) | Err(AppendError::Unavailable(_)) => false,
    })
    .await;
    assert!(log.throttled() >= Duration::from_secs(1), "{:?}", log.throttled());
    until("it takes records again", async || log.append(FIRST, vec![7]).await.is_ok()).await;
}
