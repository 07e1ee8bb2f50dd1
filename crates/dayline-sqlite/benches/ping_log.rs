//! How many appends per second the ping log makes durable, beside what the disk itself does in the same run.
//! `cargo bench -p dayline-sqlite --bench ping_log`; the rounds are interleaved, so that a busy moment of the machine hits
//! all cases alike. The folder of the file is the current one: a temporary folder may be in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench panics if it can't measure, and prints"
)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dayline_app::ports::{Partition, PingLog, Position};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1_500);
/// About what one ping takes as a record, and what a hundred of a tracker that catches up take.
const SINGLE: usize = 90;
const HUNDRED: usize = 1_400;

struct Case {
    name: &'static str,
    appenders: usize,
    record: usize,
    pings: u64,
    threads: usize,
    /// What an appender does between two appends, as a request's handler and its client would.
    work: Duration,
}

const IDLE: Duration = Duration::ZERO;
const CASES: [Case; 8] = [
    Case { name: "1 appender", appenders: 1, record: SINGLE, pings: 1, threads: 1, work: IDLE },
    Case { name: "16 appenders", appenders: 16, record: SINGLE, pings: 1, threads: 1, work: IDLE },
    Case { name: "64 appenders", appenders: 64, record: SINGLE, pings: 1, threads: 1, work: IDLE },
    Case { name: "64 appenders, 2 threads", appenders: 64, record: SINGLE, pings: 1, threads: 2, work: IDLE },
    Case {
        name: "64 appenders, 2 busy",
        appenders: 64,
        record: SINGLE,
        pings: 1,
        threads: 2,
        work: Duration::from_micros(25),
    },
    Case { name: "256 appenders", appenders: 256, record: SINGLE, pings: 1, threads: 1, work: IDLE },
    Case {
        name: "16 appenders of 100 pings",
        appenders: 16,
        record: HUNDRED,
        pings: 100,
        threads: 1,
        work: IDLE,
    },
    Case {
        name: "64 appenders of 100 pings",
        appenders: 64,
        record: HUNDRED,
        pings: 100,
        threads: 1,
        work: IDLE,
    },
];

const WARM_UP: usize = 6;

/// What one round of a case showed.
#[derive(Clone, Copy)]
struct Measured {
    appends_per_s: f64,
    entries_per_s: f64,
    cpu_us_per_append: f64,
    slowest_ms: f64,
}

fn main() {
    // `cargo bench … -- 64` measures only the cases with that in their name; cargo itself adds `--bench`.
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let cases: Vec<_> = CASES.iter().filter(|case| case.name.contains(&wanted)).collect();
    let folder = tempfile::tempdir_in(".").unwrap();
    let log: Arc<dyn PingLog> =
        Arc::new(SqlitePingLog::open(folder.path(), &PingLogOptions::default(), |_| {}).unwrap());
    // A log that has just been made is slower until its write-ahead log has its full length.
    for _ in 0..2 {
        run(&log, &CASES[WARM_UP]);
    }
    let mut raw = Vec::new();
    let mut measured = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        raw.push(raw_rate(folder.path()));
        for (case, measured) in cases.iter().zip(&mut measured) {
            measured.push(run(&log, case));
        }
    }
    for file in ["ping-log.db", "ping-log.db-wal"] {
        println!("{file}: {} MiB", std::fs::metadata(folder.path().join(file)).unwrap().len() >> 20);
    }
    let raw = median(raw);
    println!("4 KiB append + fdatasync: {raw:.0}/s");
    println!("medians of {ROUNDS} rounds of {ROUND:?}, a reader that trims beside:");
    for (case, measured) in cases.iter().zip(&measured) {
        let of = |what: fn(&Measured) -> f64| median(measured.iter().map(what).collect());
        let appends = of(|m| m.appends_per_s);
        println!(
            "{:26} {appends:7.0} appends/s  {:9.0} pings/s  {:5.0} commits/s  {:5.1} us CPU/append  {:6.1} ms slowest  {:5.1} x raw",
            case.name,
            appends * case.pings as f64,
            of(|m| m.entries_per_s),
            of(|m| m.cpu_us_per_append),
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

fn run(log: &Arc<dyn PingLog>, case: &Case) -> Measured {
    let runtime = if case.threads == 1 {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    } else {
        tokio::runtime::Builder::new_multi_thread().worker_threads(case.threads).enable_all().build().unwrap()
    };
    runtime.block_on(measure(Arc::clone(log), case))
}

async fn measure(log: Arc<dyn PingLog>, case: &Case) -> Measured {
    let stop = Arc::new(AtomicBool::new(false));
    let slowest = Arc::new(AtomicU64::new(0));
    let reader = tokio::spawn(drain(Arc::clone(&log), Arc::clone(&stop)));
    let (start, cpu) = (Instant::now(), cpu_time());
    let appenders: Vec<_> = (0..case.appenders)
        .map(|_| {
            tokio::spawn(append(
                Arc::clone(&log),
                case.record,
                case.work,
                Arc::clone(&stop),
                Arc::clone(&slowest),
            ))
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    let mut appends = 0;
    for appender in appenders {
        appends += appender.await.unwrap();
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_time() - cpu);
    // Wakes the reader from its wait.
    log.append(Partition(0), vec![7; case.record]).await.unwrap();
    let entries = reader.await.unwrap();
    Measured {
        appends_per_s: f64::from(appends) / seconds,
        entries_per_s: entries as f64 / seconds,
        cpu_us_per_append: cpu * 1e6 / f64::from(appends),
        slowest_ms: slowest.load(Ordering::Relaxed) as f64 / 1e3,
    }
}

async fn append(
    log: Arc<dyn PingLog>,
    size: usize,
    work: Duration,
    stop: Arc<AtomicBool>,
    slowest: Arc<AtomicU64>,
) -> u32 {
    let mut appends = 0;
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        log.append(Partition(0), vec![7; size]).await.unwrap();
        slowest.fetch_max(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        appends += 1;
        let start = Instant::now();
        while start.elapsed() < work {
            std::hint::spin_loop();
        }
    }
    appends
}

/// Reads and trims as a worker does, a hundred times a second; returns the number of entries.
async fn drain(log: Arc<dyn PingLog>, stop: Arc<AtomicBool>) -> usize {
    let (mut count, mut after) = (0, Position::START);
    while !stop.load(Ordering::Relaxed) {
        log.wait_beyond(Partition(0), after).await;
        let entries = log.read_after(Partition(0), after, 4 << 20).await.unwrap();
        count += entries.len();
        after = entries.last().map_or(after, |entry| entry.position);
        log.trim(Partition(0), after).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    count
}

/// Seconds of processor time this process has used, in user code and in the system; 0 where it can't be told.
fn cpu_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    // Fields 14 and 15 of all, in hundredths of a second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>()
        / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
