//! Topics for tests: how they are made, and opened as logs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dayline_app::ports::{LogEntry, Partition, Payload, PingLog, Position};
use dayline_kafka::{KafkaConfig, KafkaPingLog, PingLogOptions, Security, TopicOptions, create_topic};
use dayline_testkit::KafkaTopic;

pub(crate) const FIRST: Partition = Partition(0);
pub(crate) const PARTITIONS: u32 = 3;

/// A topic of a name that no other test has; not made yet.
pub(crate) fn fresh(brokers: &str) -> KafkaConfig {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let name = format!("pings-{}", MADE.fetch_add(1, Ordering::Relaxed));
    KafkaConfig::new(brokers, &name, Security::default()).unwrap()
}

pub(crate) fn options() -> PingLogOptions {
    PingLogOptions { partitions: PARTITIONS, ..PingLogOptions::default() }
}

/// Makes the topic, on so many machines.
pub(crate) async fn make(server: &KafkaConfig, replicas: u32) {
    let made = create_topic(server, TopicOptions { partitions: PARTITIONS, replicas }).await.unwrap();
    assert!(made);
}

/// A log in a fresh topic on so many machines.
pub(crate) async fn open_fresh(brokers: &str, replicas: u32) -> (KafkaConfig, Arc<KafkaPingLog>) {
    let server = fresh(brokers);
    make(&server, replicas).await;
    let log = open(&server).await;
    (server, log)
}

pub(crate) async fn open(server: &KafkaConfig) -> Arc<KafkaPingLog> {
    Arc::new(KafkaPingLog::open(server, &options(), None).await.unwrap())
}

pub(crate) async fn append(log: &KafkaPingLog, text: &str) {
    log.append(FIRST, text.as_bytes().to_vec()).await.unwrap();
}

pub(crate) async fn read_all(log: &KafkaPingLog, after: Position) -> Vec<LogEntry> {
    log.read_after(FIRST, after, usize::MAX).await.unwrap().entries
}

/// All records one after another; what is damaged between angle brackets.
pub(crate) fn text(entries: &[LogEntry]) -> String {
    entries
        .iter()
        .map(|entry| match &entry.payload {
            Payload::Records(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Payload::Damaged { bytes, .. } => format!("<{}>", String::from_utf8_lossy(bytes)),
        })
        .collect()
}

/// The log's topic as an operator sees it, who does things that the log does not hear of.
pub(crate) fn operated(brokers: &str, server: &KafkaConfig) -> KafkaTopic {
    KafkaTopic::at(brokers, server.topic())
}
