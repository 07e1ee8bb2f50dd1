//! A server that is killed and restarted under load loses nothing that was acknowledged.

use std::future::poll_fn;
use std::task::Poll;

use dayline_app::ports::{LogDepth, Partition, PingLog, Position};
use dayline_contract::load::Load;
use dayline_redis::RedisPingLog;
use dayline_testkit::{Redis, length};

use super::{open, read_all_of, text};
use crate::test_redis::TestRedis;

const PARTITIONS: u32 = 4;

/// How often Redis is ended.
fn rounds() -> u64 {
    length(5, 10, 20)
}

async fn survives(end: fn(&Redis), trims: bool) {
    let redis = TestRedis::start();
    let load = Load::start(open(&redis).await, trims);
    for round in 0..rounds() {
        load.goes_on(100 + 37 * (round % 7)).await;
        end(&redis);
        redis.start_again().await;
    }
    println!("{} rounds, {} acknowledged, 0 lost", rounds(), load.end().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_redis_is_killed_again_and_again_under_load() {
    survives(Redis::kill, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_redis_is_killed_again_and_again_while_a_worker_trims() {
    survives(Redis::kill, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_redis_is_restarted_again_and_again_under_load() {
    survives(Redis::stop, true).await;
}

/// Redis drops only the torn command of a torn transaction, and plays the others back the next
/// time: before what was acknowledged after it. What is played back must not stand in the way of
/// that.
#[tokio::test]
async fn a_transaction_torn_by_a_crash_anywhere_takes_nothing_with_it_that_was_acknowledged_later() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let (mut expected, mut cut) = (String::new(), 1);
    loop {
        let whole = redis.append_only_file_len();
        append_to_all(&log, "torn ").await;
        redis.kill();
        if whole + cut >= redis.append_only_file_len() {
            break;
        }
        redis.cut_append_only_file(whole + cut);
        redis.start_again().await;
        let kept = format!("{cut} ");
        append_to_all(&log, &kept).await;
        expected += &kept;
        redis.kill();
        redis.start_again().await;
        cut += 23;
    }
    redis.start_again().await;
    for partition in (0..PARTITIONS).map(Partition) {
        let entries = read_all_of(&log, partition, Position::START).await;
        assert_eq!(text(&entries).replace("torn ", ""), expected, "in partition {}", partition.0);
        log.settle(partition, entries.last().unwrap().position).await.unwrap();
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

/// In one transaction.
async fn append_to_all(log: &RedisPingLog, text: &str) {
    let mut appends: Vec<_> =
        (0..PARTITIONS).map(|n| log.append(Partition(n), text.as_bytes().to_vec())).collect();
    let first = poll_fn(|cx| {
        Poll::Ready(appends.iter_mut().map(|append| append.as_mut().poll(cx)).collect::<Vec<_>>())
    })
    .await;
    assert!(first.iter().all(Poll::is_pending));
    for append in appends {
        append.await.unwrap();
    }
}
