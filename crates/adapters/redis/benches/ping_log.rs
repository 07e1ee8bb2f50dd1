//! How many appends per second the ping log in Redis makes durable, beside what the disk itself
//! does in the same run. `cargo bench -p dayline-redis --bench ping_log`; the rounds are
//! interleaved, so that a busy moment of the machine hits all cases alike. Redis runs alongside, on
//! the same processors, with every write synced; its share is shown separately.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench panics if it can't measure"
)]
#![allow(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, reason = "the tests' server can do more than is needed here")]

#[path = "../tests/adapters/test_redis.rs"]
mod test_redis;

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::PingLog;
use dayline_contract::measures::median;
use dayline_contract::measures::ping_log::{
    HUNDRED, Load, Measured, ROUND, SINGLE, processor_time, raw_rate, round,
};
use dayline_redis::{PingLogOptions, RedisPingLog};
use test_redis::TestRedis;

const ROUNDS: usize = 5;

struct Case {
    name: &'static str,
    appenders: u32,
    record: usize,
    pings: u64,
    senders: usize,
}

const CASES: [Case; 8] = [
    Case { name: "1 appender", appenders: 1, record: SINGLE, pings: 1, senders: 2 },
    Case { name: "16 appenders", appenders: 16, record: SINGLE, pings: 1, senders: 2 },
    Case { name: "64 appenders", appenders: 64, record: SINGLE, pings: 1, senders: 2 },
    Case { name: "64 appenders, 1 sender", appenders: 64, record: SINGLE, pings: 1, senders: 1 },
    Case { name: "64 appenders, 4 senders", appenders: 64, record: SINGLE, pings: 1, senders: 4 },
    Case { name: "256 appenders", appenders: 256, record: SINGLE, pings: 1, senders: 2 },
    Case { name: "1024 appenders", appenders: 1024, record: SINGLE, pings: 1, senders: 2 },
    Case { name: "64 appenders of 100 pings", appenders: 64, record: HUNDRED, pings: 100, senders: 2 },
];

/// What one round of a case showed.
#[derive(Clone, Copy)]
struct Shown {
    measured: Measured,
    own_us_per_append: f64,
    redis_us_per_append: f64,
}

fn main() {
    // `cargo bench … -- 64` measures only the cases with that in their name; cargo itself adds
    // `--bench`.
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
    println!(
        "medians of {ROUNDS} rounds of {ROUND:?}, 16 readers that trim alongside, one thread and Redis's:"
    );
    for (case, measured) in cases.iter().zip(&measured) {
        let of = |what: fn(&Shown) -> f64| median(measured.iter().map(what).collect());
        let appends = of(|shown| shown.measured.appends_per_s);
        println!(
            "{:26} {appends:7.0} appends/s  {:9.0} pings/s  {:6.0} entries/s  {:5.1} + {:4.1} us CPU/append (own + redis)  {:6.1} ms slowest  {:5.1} x raw",
            case.name,
            appends * case.pings as f64,
            of(|shown| shown.measured.entries_per_s),
            of(|shown| shown.own_us_per_append),
            of(|shown| shown.redis_us_per_append),
            of(|shown| shown.measured.slowest_ms),
            appends / raw,
        );
    }
}

async fn run(case: &Case) -> Shown {
    let redis = TestRedis::start();
    let options = PingLogOptions { senders: case.senders, ..PingLogOptions::default() };
    let log: Arc<dyn PingLog> = Arc::new(RedisPingLog::open(&redis.server(), &options).await.unwrap());
    let (appenders, record) = (case.appenders, case.record);
    // Readers look as often as workers under load do.
    let load = Load { appenders, record, work: Duration::ZERO, reader_pause: Duration::from_millis(100) };
    let used = || [std::process::id(), redis.pid()].map(processor_time);
    let before = used();
    let measured = round(log, load).await;
    let after = used();
    let [own_us_per_append, redis_us_per_append] =
        [0, 1].map(|n| (after[n] - before[n]) * 1e6 / measured.appends as f64);
    Shown { measured, own_us_per_append, redis_us_per_append }
}
