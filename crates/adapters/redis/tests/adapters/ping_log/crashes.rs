//! A server that is killed and restarted under load loses nothing that was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use dayline_app::ports::{LogDepth, Partition, Payload, PingLog, Position};
use dayline_redis::RedisPingLog;
use dayline_testkit::Redis;

use super::{open, read_all_of, text};
use crate::server::TestRedis;
use crate::until;

const PARTITIONS: u32 = 4;
const APPENDERS: u64 = 16;
const RECORD: usize = 100;

/// How often Redis is ended: many times where there is time for them.
fn rounds() -> u64 {
    let long = ["CI", "DAYLINE_TEST_LONG"].iter().any(|name| std::env::var_os(name).is_some());
    if long { 20 } else { 5 }
}

/// What one appender tried, one after another, and which of it was acknowledged.
#[derive(Default)]
struct Tried {
    attempts: u64,
    acknowledged: Vec<u64>,
}

/// A record that says whose it is, which one, and is recognised when a byte of it is not as it was.
fn record(appender: u64, number: u64) -> Vec<u8> {
    let mut bytes = vec![(appender * 31 + number) as u8; RECORD];
    bytes[..8].copy_from_slice(&appender.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn partition_of(appender: u64) -> Partition {
    Partition((appender % 4) as u32)
}

async fn appender(
    log: Arc<RedisPingLog>,
    me: u64,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
) -> Tried {
    let mut tried = Tried::default();
    while !stop.load(Ordering::Relaxed) {
        let number = tried.attempts;
        tried.attempts += 1;
        match log.append(partition_of(me), record(me, number)).await {
            Ok(()) => {
                tried.acknowledged.push(number);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
    tried
}

/// Follows a partition as a worker does, until it has all there is after `stop`. A worker trims, an
/// onlooker does not.
async fn reader(
    log: Arc<RedisPingLog>,
    partition: Partition,
    stop: Arc<AtomicBool>,
    trims: bool,
) -> Vec<(Position, Vec<u8>)> {
    let (mut seen, mut after) = (Vec::new(), Position::START);
    loop {
        let last_look = stop.load(Ordering::SeqCst);
        match log.read_after(partition, after, 2_000).await {
            Ok(entries) if entries.is_empty() && last_look => return seen,
            Ok(entries) if entries.is_empty() => log.wait_beyond(partition, after).await,
            Ok(entries) => {
                for entry in entries {
                    assert!(entry.position > after);
                    after = entry.position;
                    let Payload::Records(bytes) = entry.payload else { panic!("{:?}", entry.payload) };
                    seen.push((after, bytes));
                }
                if trims {
                    // What is not trimmed now is trimmed the next time.
                    let _ = log.trim(partition, after).await;
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

/// Every appender's records in the order of their first appearance.
fn by_appender(seen: &[(Position, Vec<u8>)]) -> BTreeMap<u64, Vec<u64>> {
    let (mut found, mut known) = (BTreeMap::<u64, Vec<u64>>::new(), BTreeSet::new());
    for (_, entry) in seen {
        assert_eq!(entry.len() % RECORD, 0);
        for bytes in entry.chunks(RECORD) {
            let appender = u64::from_le_bytes(bytes[..8].try_into().unwrap());
            let number = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
            assert_eq!(bytes, record(appender, number));
            if known.insert((appender, number)) {
                found.entry(appender).or_default().push(number);
            }
        }
    }
    found
}

impl Tried {
    /// What was acknowledged is there, in order. Of what was refused anything may be there,
    /// anywhere.
    fn assert_nothing_is_lost(&self, found: &[u64]) {
        assert!(found.iter().all(|&number| number < self.attempts), "found what nobody tried");
        let mut promised = found.iter().filter(|number| self.acknowledged.binary_search(number).is_ok());
        let lost: Vec<_> =
            self.acknowledged.iter().filter(|&number| promised.next() != Some(number)).collect();
        assert!(
            lost.is_empty(),
            "lost or out of order: {lost:?} of {} acknowledged",
            self.acknowledged.len()
        );
        assert!(!self.acknowledged.is_empty());
    }
}

async fn survives(end: fn(&Redis), trims: bool) {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let appenders: Vec<_> = (0..APPENDERS)
        .map(|me| tokio::spawn(appender(Arc::clone(&log), me, Arc::clone(&stop), Arc::clone(&acknowledged))))
        .collect();
    let no_more = Arc::new(AtomicBool::new(false));
    let follow = |n, trims| tokio::spawn(reader(Arc::clone(&log), Partition(n), Arc::clone(&no_more), trims));
    let readers: Vec<_> = (0..PARTITIONS).map(|n| follow(n, trims)).collect();
    for round in 0..rounds() {
        let enough = acknowledged.load(Ordering::Relaxed) + 100 + 37 * (round % 7);
        until("appends go on", async || acknowledged.load(Ordering::Relaxed) >= enough).await;
        end(&redis);
        redis.start_again().await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut tried = Vec::new();
    for appender in appenders {
        tried.push(appender.await.unwrap());
    }
    no_more.store(true, Ordering::SeqCst);
    let (mut followed, mut later) = (BTreeMap::new(), BTreeMap::new());
    for (n, reader) in (0..).zip(readers) {
        followed.extend(by_appender(&reader.await.unwrap()));
        later.extend(by_appender(&follow(n, true).await.unwrap()));
    }
    for (me, tried) in (0..).zip(&tried) {
        tried.assert_nothing_is_lost(&followed.remove(&me).unwrap());
        // Who comes later sees it, too, unless it was trimmed.
        if !trims {
            tried.assert_nothing_is_lost(&later.remove(&me).unwrap());
        }
    }
    assert!(followed.is_empty());
    until("all is trimmed, and the count of bytes is exact", async || {
        log.depth().await == Ok(LogDepth::default())
    })
    .await;
    let kept: usize = tried.iter().map(|tried| tried.acknowledged.len()).sum();
    println!("{} rounds, {kept} acknowledged, 0 lost", rounds());
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
async fn a_batch_torn_by_a_crash_anywhere_takes_nothing_with_it_that_was_acknowledged_later() {
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
        log.trim(partition, entries.last().unwrap().position).await.unwrap();
    }
    assert_eq!(log.depth().await, Ok(LogDepth::default()));
}

/// In one batch.
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
