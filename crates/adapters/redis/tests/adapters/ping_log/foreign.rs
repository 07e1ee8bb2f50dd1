//! Logs of another shape, and what others have written into the streams.

use dayline_app::ports::{AppendError, LogDepth, Partition, Payload, PingLog, PortError, Position};
use dayline_redis::{PingLogOptions, RedisPingLog, SetupError};

use super::{FIRST, append, open, read_all, text};
use crate::test_redis::TestRedis;

#[tokio::test]
async fn another_number_of_partitions_is_refused_with_both_numbers() {
    let redis = TestRedis::start();
    drop(open(&redis).await);
    let options = PingLogOptions { partitions: 16, ..PingLogOptions::default() };
    let refused = RedisPingLog::open(&redis.server(), &options).await.err().unwrap();
    assert!(matches!(refused, SetupError::Partitions { stored: 4, configured: 16 }), "{refused}");
    assert!(RedisPingLog::open(&redis.server().with_prefix("dayline:other"), &options).await.is_ok());
}

#[tokio::test]
async fn a_log_of_a_later_version_is_refused() {
    let redis = TestRedis::start();
    drop(open(&redis).await);
    redis.run::<()>("HSET dayline:log format 2").await;
    let refused = RedisPingLog::open(&redis.server(), &PingLogOptions::default()).await.err().unwrap();
    assert!(matches!(refused, SetupError::Newer { found: 2, known: 1 }), "{refused}");
}

#[tokio::test]
async fn partitions_that_are_not_there_are_refused() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let none = Partition(4);
    assert!(matches!(log.append(none, vec![1]).await, Err(AppendError::Unavailable(_))));
    assert!(matches!(log.read_after(none, Position::START, 1).await, Err(PortError::Rejected(_))));
    assert!(matches!(log.settle(none, Position::START).await, Err(PortError::Rejected(_))));
    log.wait_beyond(none, Position::START).await;
}

#[tokio::test]
async fn damaged_entries_are_read_as_such_in_their_place_and_stop_nothing() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    append(&log, "a").await;
    let epoch: u64 = redis.run("HGET dayline:log epoch").await;
    // An entry too short for a checksum, one with a wrong one, and one with fields that are not
    // ours. The last id is later than all that the log would give next.
    redis.run::<()>(&format!("XADD dayline:log:0 {epoch}-100 e oops")).await;
    redis.run::<()>(&format!("XADD dayline:log:0 {epoch}-200 e damaged\u{1}")).await;
    redis.run::<()>(&format!("XADD dayline:log:0 {}-5 x y z w", epoch + 100_000)).await;
    append(&log, "b").await;
    append(&log, "c").await;
    let entries = read_all(&log, Position::START).await;
    assert_eq!(text(&entries), "a<oops><damaged\u{1}><xyzw>bc");
    for entry in &entries {
        if let Payload::Damaged { reason, .. } = &entry.payload {
            assert!(reason.contains(&entry.position.to_string()), "{reason}");
        }
    }
    log.settle(FIRST, entries[3].position).await.unwrap();
    assert_eq!(text(&read_all(&log, Position::START).await), "bc");
    log.settle(FIRST, entries[5].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

#[tokio::test]
async fn a_stream_deleted_by_hand_is_a_shorter_log_not_a_broken_one() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    append(&log, "aaa").await;
    let last = read_all(&log, Position::START).await[0].position;
    redis.run::<()>("DEL dayline:log:0").await;
    append(&log, "bb").await;
    let entries = read_all(&log, last).await;
    assert_eq!(text(&entries), "bb");
    log.settle(FIRST, entries[0].position).await.unwrap();
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

#[tokio::test]
async fn a_key_of_another_kind_in_the_stream_s_place_refuses_appends_and_spares_other_partitions_count() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    redis.run::<()>("SET dayline:log:0 something").await;
    assert!(matches!(log.append(FIRST, vec![1; 10]).await, Err(AppendError::Unavailable(_))));
    log.append(Partition(1), vec![1; 10]).await.unwrap();
    redis.run::<()>("DEL dayline:log:0").await;
    append(&log, "a").await;
    for partition in (0..4).map(Partition) {
        log.settle(partition, Position { major: u64::MAX, minor: 0 }).await.unwrap();
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

#[tokio::test]
async fn two_readers_read_and_trim_each_at_their_own_pace() {
    let redis = TestRedis::start();
    let (log, other) = (open(&redis).await, open(&redis).await);
    for text in ["a", "b", "c", "d"] {
        append(&log, text).await;
    }
    let entries = read_all(&log, Position::START).await;
    assert_eq!(read_all(&other, Position::START).await, entries);
    assert_eq!(text(&read_all(&other, entries[0].position).await), "bcd");
    log.settle(FIRST, entries[2].position).await.unwrap();
    // The slower one has missed what was trimmed and goes on with what is there.
    assert_eq!(text(&read_all(&other, entries[0].position).await), "d");
    other.settle(FIRST, entries[0].position).await.unwrap();
    assert_eq!(text(&read_all(&log, Position::START).await), "d");
    // What was trimmed in between counts for nothing: the limit is one of what is there.
    append(&log, "e").await;
    assert_eq!(text(&log.read_after(FIRST, entries[0].position, 2).await.unwrap().entries), "de");
}
