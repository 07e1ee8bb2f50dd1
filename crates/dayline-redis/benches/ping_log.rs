//! How many appends per second the ping log in Redis makes durable, beside what the disk itself does in the same run.
//! `cargo bench -p dayline-redis --bench ping_log`; the rounds are interleaved, so that a busy moment of the machine hits
//! all cases alike. Redis runs beside, on the same processors, with every write synced; its share is told apart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench panics if it can't measure"
)]
#![allow(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, reason = "the tests' server can do more than is needed here")]

#[path = "../tests/adapters/server.rs"]
mod server;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dayline_app::ports::{Partition, PingLog, Position};
use dayline_redis::{PingLogOptions, RedisPingLog};
use server::TestRedis;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_500);
/// About what one ping takes as a record, and what a hundred of a tracker that catches up take.
const SINGLE: usize = 90;
const HUNDRED: usize = 1_400;

struct Case {
    name: &'static str,
    appenders: u32,
    record: usize,
    pings: u64,
    lanes: usize,
}

const CASES: [Case; 8] = [
    Case { name: "1 appender", appenders: 1, record: SINGLE, pings: 1, lanes: 2 },
    Case { name: "16 appenders", appenders: 16, record: SINGLE, pings: 1, lanes: 2 },
    Case { name: "64 appenders", appenders: 64, record: SINGLE, pings: 1, lanes: 2 },
    Case { name: "64 appenders, 1 lane", appenders: 64, record: SINGLE, pings: 1, lanes: 1 },
    Case { name: "64 appenders, 4 lanes", appenders: 64, record: SINGLE, pings: 1, lanes: 4 },
    Case { name: "256 appenders", appenders: 256, record: SINGLE, pings: 1, lanes: 2 },
    Case { name: "1024 appenders", appenders: 1024, record: SINGLE, pings: 1, lanes: 2 },
    Case { name: "64 appenders of 100 pings", appenders: 64, record: HUNDRED, pings: 100, lanes: 2 },
];

/// What one round of a case showed.
#[derive(Clone, Copy)]
struct Measured {
    appends_per_s: f64,
    entries_per_s: f64,
    own_us_per_append: f64,
    redis_us_per_append: f64,
    slowest_ms: f64,
}

fn main() {
    // `cargo bench … -- 64` measures only the cases with that in their name; cargo itself adds `--bench`.
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let cases: Vec<_> = CASES.iter().filter(|case| case.name.contains(&wanted)).collect();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut raw = Vec::new();
    let mut measured = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        raw.push(raw_rate(folder.path()));
        for (case, measured) in cases.iter().zip(&mut measured) {
            measured.push(runtime.block_on(run(case)));
        }
    }
    let raw = median(raw);
    println!("4 KiB append + fdatasync: {raw:.0}/s");
    println!("medians of {ROUNDS} rounds of {ROUND:?}, 16 readers that trim beside, one thread and Redis's:");
    for (case, measured) in cases.iter().zip(&measured) {
        let of = |what: fn(&Measured) -> f64| median(measured.iter().map(what).collect());
        let appends = of(|m| m.appends_per_s);
        println!(
            "{:26} {appends:7.0} appends/s  {:9.0} pings/s  {:6.0} entries/s  {:5.1} + {:4.1} us CPU/append (own + redis)  {:6.1} ms slowest  {:5.1} x raw",
            case.name,
            appends * case.pings as f64,
            of(|m| m.entries_per_s),
            of(|m| m.own_us_per_append),
            of(|m| m.redis_us_per_append),
            of(|m| m.slowest_ms),
            appends / raw,
        );
    }
}

fn raw_rate(folder: &Path) -> f64 {
    let path = folder.join("raw");
    let mut file = File::create(&path).unwrap();
    let (start, mut writes) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        writes += 1;
    }
    let rate = f64::from(writes) / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    rate
}

async fn run(case: &Case) -> Measured {
    let redis = TestRedis::start().await;
    let options = PingLogOptions { lanes: case.lanes, ..PingLogOptions::default() };
    let log: Arc<dyn PingLog> = Arc::new(RedisPingLog::open(&redis.server(), &options).await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let slowest = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..log.partitions())
        .map(|n| tokio::spawn(drain(Arc::clone(&log), Partition(n), Arc::clone(&stop))))
        .collect();
    let (start, own, redis_cpu) = (Instant::now(), cpu_time(std::process::id()), cpu_time(redis.pid()));
    let appenders: Vec<_> = (0..case.appenders)
        .map(|n| {
            let partition = Partition(n % log.partitions());
            let (log, stop, slowest) = (Arc::clone(&log), Arc::clone(&stop), Arc::clone(&slowest));
            tokio::spawn(append(log, partition, case.record, stop, slowest))
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    let mut appends = 0;
    for appender in appenders {
        appends += appender.await.unwrap();
    }
    let (own, redis_cpu) = (cpu_time(std::process::id()) - own, cpu_time(redis.pid()) - redis_cpu);
    let seconds = start.elapsed().as_secs_f64();
    let mut entries = 0;
    for reader in readers {
        entries += reader.await.unwrap();
    }
    Measured {
        appends_per_s: f64::from(appends) / seconds,
        entries_per_s: entries as f64 / seconds,
        own_us_per_append: own * 1e6 / f64::from(appends),
        redis_us_per_append: redis_cpu * 1e6 / f64::from(appends),
        slowest_ms: slowest.load(Ordering::Relaxed) as f64 / 1e3,
    }
}

async fn append(
    log: Arc<dyn PingLog>,
    partition: Partition,
    size: usize,
    stop: Arc<AtomicBool>,
    slowest: Arc<AtomicU64>,
) -> u32 {
    let mut appends = 0;
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        log.append(partition, vec![7; size]).await.unwrap();
        slowest.fetch_max(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        appends += 1;
    }
    appends
}

/// Reads and trims as a worker does under load, some ten times a second; returns the number of entries.
async fn drain(log: Arc<dyn PingLog>, partition: Partition, stop: Arc<AtomicBool>) -> usize {
    let (mut count, mut after) = (0, Position::START);
    while !stop.load(Ordering::Relaxed) {
        log.wait_beyond(partition, after).await;
        let entries = log.read_after(partition, after, 4 << 20).await.unwrap();
        count += entries.len();
        after = entries.last().map_or(after, |entry| entry.position);
        log.trim(partition, after).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    count
}

/// Seconds of processor time a process has used, in user code and in the system; 0 where it can't be told.
fn cpu_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    // Fields 14 and 15 of all, in hundredths of a second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>()
        / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
