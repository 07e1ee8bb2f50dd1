//! How many appends per second the ping log in Kafka makes durable, beside what the disk itself
//! does in the same run: on one broker that writes each record to the disk, and on three. `cargo
//! bench -p dayline-kafka --features kafka --bench ping_log`; the rounds are interleaved, so that a
//! busy moment of the machine hits all cases alike. Kafka runs alongside, on the same processors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench panics if it can't measure"
)]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::PingLog;
use dayline_contract::measures::median;
use dayline_contract::measures::ping_log::{HUNDRED, Load, Measured, ROUND, SINGLE, raw_rate, round};
use dayline_kafka::{KafkaConfig, KafkaPingLog, PingLogOptions, Security, TopicOptions, create_topic};
use dayline_testkit::Kafka;

const ROUNDS: usize = 5;

struct Case {
    name: &'static str,
    appenders: u32,
    record: usize,
    pings: u64,
}

const CASES: [Case; 5] = [
    Case { name: "1 appender", appenders: 1, record: SINGLE, pings: 1 },
    Case { name: "16 appenders", appenders: 16, record: SINGLE, pings: 1 },
    Case { name: "64 appenders", appenders: 64, record: SINGLE, pings: 1 },
    Case { name: "256 appenders", appenders: 256, record: SINGLE, pings: 1 },
    Case { name: "64 appenders of 100 pings", appenders: 64, record: HUNDRED, pings: 100 },
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (Some(one), Some(three)) = (Kafka::start(1), Kafka::start(3)) else { return };
    let logs = [("one broker", one, 1), ("three brokers", three, 3)]
        .map(|(name, kafka, replicas)| (name, runtime.block_on(open(&kafka, replicas)), kafka));
    let mut raw = Vec::new();
    let mut measured = vec![Vec::new(); logs.len() * CASES.len()];
    for _ in 0..ROUNDS {
        raw.push(raw_rate(folder.path()));
        let cases = logs.iter().flat_map(|(_, log, _)| CASES.iter().map(move |case| (log, case)));
        for ((log, case), measured) in cases.zip(&mut measured) {
            measured.push(runtime.block_on(run(Arc::clone(log), case)));
        }
    }
    println!("4 KiB append + fdatasync: {:.0}/s", median(raw));
    println!(
        "medians of {ROUNDS} rounds of {ROUND:?}, 16 readers that trim alongside, one thread and Kafka's:"
    );
    let names = logs.iter().flat_map(|(name, ..)| CASES.iter().map(move |case| (name, case)));
    for ((name, case), measured) in names.zip(&measured) {
        let of = |what: fn(&Measured) -> f64| median(measured.iter().map(what).collect());
        let appends = of(|measured| measured.appends_per_s);
        println!(
            "{name:14} {:26} {appends:7.0} appends/s  {:9.0} pings/s  {:6.0} entries/s  {:6.1} ms slowest",
            case.name,
            appends * case.pings as f64,
            of(|measured| measured.entries_per_s),
            of(|measured| measured.slowest_ms),
        );
    }
}

async fn open(kafka: &Kafka, replicas: u32) -> Arc<dyn PingLog> {
    let server = KafkaConfig::new(&kafka.brokers(), "pings", Security::default()).unwrap();
    create_topic(&server, TopicOptions { partitions: 16, replicas }).await.unwrap();
    Arc::new(KafkaPingLog::open(&server, &PingLogOptions::default(), None).await.unwrap())
}

async fn run(log: Arc<dyn PingLog>, case: &Case) -> Measured {
    let (appenders, record) = (case.appenders, case.record);
    // Readers look as often as workers under load do.
    round(log, Load { appenders, record, work: Duration::ZERO, reader_pause: Duration::from_millis(100) })
        .await
}
