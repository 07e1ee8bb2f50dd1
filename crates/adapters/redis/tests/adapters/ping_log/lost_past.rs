//! A Redis that was emptied or replaced by an older copy: no reader skips what comes, no position
//! is given twice.

use dayline_app::ports::{Partition, PingLog, PortError, Position};

use super::{FIRST, append, open, read_all, text};
use crate::test_redis::TestRedis;
use crate::until;

/// In the year 2100: whatever begins now is earlier.
const FUTURE: u64 = 4_102_444_800_000;

#[tokio::test]
async fn positions_of_a_trimmed_log_are_never_given_again_over_kill_and_rewrite() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let mut last = Position::START;
    for round in 0..4 {
        append(&log, "some text").await;
        let entries = read_all(&log, Position::START).await;
        assert_eq!(text(&entries), "some text");
        assert!(entries[0].position > last);
        last = entries[0].position;
        log.settle(FIRST, last).await.unwrap();
        if round == 2 {
            redis.run::<()>("BGREWRITEAOF").await;
            until("rewritten", async || {
                redis.run::<String>("INFO persistence").await.contains("aof_rewrite_in_progress:0")
            })
            .await;
        }
        redis.kill();
        redis.start_again().await;
    }
}

#[tokio::test]
async fn positions_grow_after_redis_was_emptied() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    append(&log, "a").await;
    let last = read_all(&log, Position::START).await[0].position;
    redis.run::<()>("FLUSHALL").await;
    append(&log, "b").await;
    let entries = read_all(&log, last).await;
    assert_eq!(text(&entries), "b");
    assert!(entries[0].position > last);
    assert_eq!(log.depth().await.unwrap().bytes, 1);
    // The partitions are known again, too.
    assert_eq!(redis.run::<u32>("HGET dayline:log partitions").await, 4);
}

#[tokio::test]
async fn a_reader_ahead_of_an_emptied_redis_still_gets_what_came_after() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    redis.run::<()>(&format!("HSET dayline:log epoch {FUTURE}")).await;
    append(&log, "before").await;
    let last = read_all(&log, Position::START).await[0].position;
    redis.run::<()>("FLUSHALL").await;
    // By the clock these are earlier than the reader.
    append(&log, "a").await;
    append(&log, "b").await;
    log.append(Partition(1), b"elsewhere".to_vec()).await.unwrap();
    until("the reader gets them", async || text(&read_all(&log, last).await) == "ab").await;
    append(&log, "c").await;
    let entries = read_all(&log, last).await;
    assert_eq!(text(&entries), "abc");
    assert_eq!(log.depth().await.unwrap().bytes, 12);
    log.settle(FIRST, entries[1].position).await.unwrap();
    assert_eq!(log.depth().await.unwrap().bytes, 10);
    // Once is enough: a second reader at the same place changes nothing.
    assert_eq!(read_all(&log, last).await, entries[2..]);
    let other = log.read_after(Partition(1), Position::START, usize::MAX).await.unwrap().entries;
    assert_eq!(text(&other), "elsewhere");
}

#[tokio::test]
async fn a_reader_ahead_of_an_empty_log_moves_the_log_past_it() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let ahead = Position { major: FUTURE, minor: 77 };
    assert_eq!(read_all(&log, ahead).await, []);
    append(&log, "a").await;
    assert_eq!(text(&read_all(&log, ahead).await), "a");
}

#[tokio::test]
async fn a_position_that_no_log_in_redis_gives_is_an_error() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let never = Position { major: u64::MAX, minor: 0 };
    assert!(matches!(log.read_after(FIRST, never, 1).await, Err(PortError::Corrupt(_))));
    append(&log, "a").await;
    assert_eq!(text(&read_all(&log, Position::START).await), "a");
}
