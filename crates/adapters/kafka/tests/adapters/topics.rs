//! Topics for tests: how they are made, spoilt, and opened as logs.

use std::sync::atomic::{AtomicUsize, Ordering};

use dayline_kafka::{KafkaServer, PingLogOptions, Security, TopicOptions, create_topic};
use dayline_testkit::Kafka;

const PARTITIONS: u32 = 3;

/// A topic of a name that no other test has; not made yet.
pub(crate) fn fresh(kafka: &Kafka) -> KafkaServer {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let name = format!("pings-{}", MADE.fetch_add(1, Ordering::Relaxed));
    KafkaServer::new(&kafka.brokers(), &name, Security::default()).unwrap()
}

pub(crate) fn options() -> PingLogOptions {
    PingLogOptions { partitions: PARTITIONS, ..PingLogOptions::default() }
}

/// Makes the topic, on so many machines.
pub(crate) async fn make(server: &KafkaServer, replicas: u32) {
    let made = create_topic(server, TopicOptions { partitions: PARTITIONS, replicas }).await.unwrap();
    assert!(made);
}
