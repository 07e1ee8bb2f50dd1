//! How many appends per second the ping log makes durable, beside what the disk itself does in the
//! same run. `cargo bench -p dayline-sqlite --bench ping_log`; the rounds are interleaved, so that
//! a busy moment of the machine hits all cases alike. The folder of the file is the current one: a
//! temporary folder may be in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench panics if it can't measure, and prints"
)]

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::PingLog;
use dayline_contract::measures::median;
use dayline_contract::measures::ping_log::{
    HUNDRED, Load, Measured, ROUND, SINGLE, processor_time, raw_rate, round,
};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};

const ROUNDS: usize = 7;

struct Case {
    name: &'static str,
    appenders: u32,
    record: usize,
    pings: u64,
    threads: usize,
    /// As in [`Load`].
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
struct Shown {
    measured: Measured,
    cpu_us_per_append: f64,
}

fn main() {
    // `cargo bench … -- 64` measures only the cases with that in their name; cargo itself adds
    // `--bench`.
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
    println!("medians of {ROUNDS} rounds of {ROUND:?}, a reader that trims alongside:");
    for (case, measured) in cases.iter().zip(&measured) {
        let of = |what: fn(&Shown) -> f64| median(measured.iter().map(what).collect());
        let appends = of(|shown| shown.measured.appends_per_s);
        println!(
            "{:26} {appends:7.0} appends/s  {:9.0} pings/s  {:5.0} commits/s  {:5.1} us CPU/append  {:6.1} ms slowest  {:5.1} x raw",
            case.name,
            appends * case.pings as f64,
            of(|shown| shown.measured.entries_per_s),
            of(|shown| shown.cpu_us_per_append),
            of(|shown| shown.measured.slowest_ms),
            appends / raw,
        );
    }
}

fn run(log: &Arc<dyn PingLog>, case: &Case) -> Shown {
    let runtime = if case.threads == 1 {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    } else {
        tokio::runtime::Builder::new_multi_thread().worker_threads(case.threads).enable_all().build().unwrap()
    };
    runtime.block_on(measure(Arc::clone(log), case))
}

async fn measure(log: Arc<dyn PingLog>, case: &Case) -> Shown {
    let (appenders, record, work) = (case.appenders, case.record, case.work);
    let load = Load { appenders, record, work, reader_pause: Duration::from_millis(10) };
    let before = processor_time(std::process::id());
    let measured = round(log, load).await;
    let used = processor_time(std::process::id()) - before;
    Shown { measured, cpu_us_per_append: used * 1e6 / measured.appends as f64 }
}
