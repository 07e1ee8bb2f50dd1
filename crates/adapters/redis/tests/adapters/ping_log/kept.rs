//! What is settled and kept: over several processes, after an upgrade, when Redis went back, and
//! whether there is memory for it.

use std::time::Duration;

use dayline_app::ports::{LogDepth, Partition, PingLog, Position};
use dayline_app::tracking::keep::Keep;
use dayline_redis::{PingLogOptions, RedisPingLog, SetupError};

use super::{FIRST, append, open, open_with, read_all, text};
use crate::test_redis::TestRedis;

const KEEP: Keep = Keep { time: Duration::from_hours(1), bytes: 1 << 20 };

fn keeping() -> PingLogOptions {
    PingLogOptions { keep: KEEP, ..PingLogOptions::default() }
}

#[tokio::test]
async fn every_process_knows_what_waits_and_reads_what_is_kept() {
    let redis = TestRedis::start();
    let (log, other) = (open_with(&redis, keeping()).await, open_with(&redis, keeping()).await);
    for text in ["a", "b", "c"] {
        append(&log, text).await;
    }
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[1].position).await.unwrap();
    assert_eq!(other.depth().await, Ok(LogDepth { entries: 1, bytes: 1 }));
    let read = other.read_after(FIRST, Position::START, usize::MAX).await.unwrap();
    assert_eq!((text(&read.entries).as_str(), read.lost), ("abc", None));
    // One that keeps nothing forgets all that is settled, and who comes later is told.
    let careless = open(&redis).await;
    careless.settle(FIRST, entries[1].position).await.unwrap();
    let read = other.read_after(FIRST, Position::START, usize::MAX).await.unwrap();
    assert_eq!((text(&read.entries).as_str(), read.lost.map(|lost| lost.entries)), ("c", Some(2)));
}

#[tokio::test]
async fn a_log_of_a_release_that_kept_nothing_has_lost_nothing_and_keeps_from_now_on() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    for text in ["a", "b"] {
        append(&log, text).await;
    }
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[0].position).await.unwrap();
    drop(log);
    redis.run::<()>("HDEL dayline:log base:0 gone:0").await;
    let log = open_with(&redis, keeping()).await;
    assert_eq!(log.depth().await, Ok(LogDepth { entries: 1, bytes: 1 }));
    let read = log.read_after(FIRST, entries[0].position, usize::MAX).await.unwrap();
    assert_eq!((text(&read.entries).as_str(), read.lost), ("b", None));
    log.settle(FIRST, entries[1].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    assert_eq!(text(&read_all(&log, entries[0].position).await), "b");
}

#[tokio::test]
async fn a_redis_that_went_back_behind_its_reader_has_all_it_keeps_read_again() {
    let redis = TestRedis::start();
    let log = open_with(&redis, keeping()).await;
    for text in ["a", "b", "c"] {
        append(&log, text).await;
    }
    let entries = read_all(&log, Position::START).await;
    log.settle(FIRST, entries[1].position).await.unwrap();
    let ahead = Position { major: entries[2].position.major + 1_000_000, minor: 99 };
    // The first look finds nothing, and moves it all.
    assert_eq!(read_all(&log, ahead).await, []);
    let again = read_all(&log, ahead).await;
    assert_eq!(text(&again), "abc");
    assert!(again[0].position > ahead);
    assert_eq!(log.depth().await, Ok(LogDepth { entries: 3, bytes: 3 }));
    log.settle(FIRST, again[2].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
    log.append(Partition(1), b"d".to_vec()).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth { entries: 1, bytes: 1 }));
}

#[tokio::test]
async fn a_redis_with_less_memory_than_the_log_may_need_is_refused_with_the_cure() {
    let redis = TestRedis::start();
    let options = PingLogOptions {
        partitions: 4,
        high_bytes: 100 << 20,
        keep: Keep { bytes: 25 << 20, ..KEEP },
        ..PingLogOptions::default()
    };
    // 200 MiB, and half as much again.
    let needed: u64 = 300 << 20;
    redis.run::<()>(&format!("CONFIG SET maxmemory {}", needed - 1)).await;
    let refused = RedisPingLog::open(&redis.server(), &options).await.err().unwrap();
    assert!(matches!(refused, SetupError::Memory { limit, .. } if limit == needed - 1), "{refused}");
    let said = refused.to_string();
    for cure in [&format!("set maxmemory to more than {needed}"), "--log-high", "--log-keep-bytes"] {
        assert!(said.contains(cure), "{said}");
    }
    for enough in [needed, 0] {
        redis.run::<()>(&format!("CONFIG SET maxmemory {enough}")).await;
        RedisPingLog::open(&redis.server(), &options).await.unwrap();
    }
}
