//! The watermarks: over all processes, over restarts, and when Redis itself has no more memory.

use dayline_app::ports::{AppendError, LogDepth, Partition, PingLog, PortError, Position};
use dayline_app::tracking::keep::Keep;
use dayline_redis::{PingLogOptions, RedisPingLog};

use super::{FIRST, append, open_with, read_all};
use crate::test_redis::TestRedis;
use crate::until;

const SMALL: PingLogOptions = PingLogOptions {
    partitions: 4,
    high_bytes: 10_000,
    low_bytes: 5_000,
    max_pending_bytes: 1 << 20,
    senders: 2,
    keep: Keep::NOTHING,
    accept_less: false,
};

async fn is_full(log: &RedisPingLog) -> bool {
    match log.append(Partition(1), vec![7]).await {
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
    let redis = TestRedis::start();
    let (log, other) = (open_with(&redis, SMALL).await, open_with(&redis, SMALL).await);
    for _ in 0..10 {
        log.append(FIRST, vec![7; 1_000]).await.unwrap();
    }
    assert!(is_full(&log).await);
    assert_eq!(log.depth().await.unwrap().bytes, 10_000);
    // Another process hears of it with its next append, a new one at once.
    assert!(!is_full(&other).await && is_full(&other).await);
    let late = open_with(&redis, SMALL).await;
    assert!(is_full(&late).await && late.check().await.is_err());
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[4].position).await.unwrap();
    assert_eq!(log.depth().await.unwrap().bytes, 5_001);
    assert!(is_full(&log).await, "above the low watermark still");
    log.settle(FIRST, entries[5].position).await.unwrap();
    assert!(!is_full(&log).await);
    until("others hear of it", async || !is_full(&other).await && !is_full(&late).await).await;
}

#[tokio::test]
async fn a_full_log_is_full_after_a_restart_and_the_count_is_still_exact() {
    let redis = TestRedis::start();
    let log = open_with(&redis, SMALL).await;
    for partition in (0..4).cycle().take(12) {
        log.append(Partition(partition), vec![7; 900]).await.unwrap();
    }
    drop(log);
    redis.kill();
    redis.start_again().await;
    let log = open_with(&redis, SMALL).await;
    assert!(is_full(&log).await);
    for partition in (0..4).map(Partition) {
        let entries = log.read_after(partition, Position::START, usize::MAX).await.unwrap().entries;
        log.settle(partition, entries[1].position).await.unwrap();
    }
    let depth = log.depth().await.unwrap();
    assert_eq!((depth.entries, depth.bytes), (4, 3_600));
    assert!(!is_full(&log).await);
}

#[tokio::test]
async fn a_redis_without_memory_is_a_full_log() {
    let redis = TestRedis::start();
    let log = open_with(&redis, SMALL).await;
    append(&log, "a").await;
    assert_eq!(log.check().await, Ok(()));
    redis.run::<()>("CONFIG SET maxmemory 1").await;
    assert!(is_full(&log).await);
    let check = log.check().await;
    assert!(matches!(&check, Err(PortError::Unavailable(why)) if why.contains("OOM")), "{check:?}");
    // What waits can still be worked off, else it would stay full for ever.
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[0].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    redis.run::<()>("CONFIG SET maxmemory 0").await;
    assert_eq!(log.check().await, Ok(()));
    assert!(!is_full(&log).await);
    assert_eq!(log.depth().await.unwrap().bytes, 1);
}
