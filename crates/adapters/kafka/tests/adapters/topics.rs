//! Topics for tests: how they are made, changed behind the log's back, and opened as logs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dayline_app::ports::{LogEntry, Partition, Payload, PingLog, Position};
use dayline_kafka::{KafkaConfig, KafkaPingLog, PingLogOptions, Security, TopicOptions, create_topic};
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::until;

pub(crate) const FIRST: Partition = Partition(0);
pub(crate) const PARTITIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(20);

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

/// An operator, who does things to topics that the log does not hear of.
pub(crate) struct Operator {
    admin: AdminClient<DefaultClientContext>,
    topic: String,
}

impl Operator {
    pub(crate) fn of(brokers: &str, server: &KafkaConfig) -> Self {
        let admin = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        Self { admin, topic: server.topic().to_owned() }
    }

    pub(crate) async fn set(&self, settings: &[(&str, &str)]) {
        // This call sets all that are not named to their defaults.
        let defaults = [
            ("cleanup.policy", "delete"),
            ("flush.messages", "1"),
            ("max.message.bytes", "4194304"),
            ("message.timestamp.type", "LogAppendTime"),
            ("min.insync.replicas", "1"),
            ("retention.bytes", "-1"),
            ("retention.ms", "-1"),
            ("unclean.leader.election.enable", "false"),
        ];
        let all: BTreeMap<_, _> = defaults.into_iter().chain(settings.iter().copied()).collect();
        let mut config = AlterConfig::new(ResourceSpecifier::Topic(&self.topic));
        for (name, value) in all {
            config = config.set(name, value);
        }
        let altered = self.admin.alter_configs([&config], &within()).await.unwrap();
        for topic in altered {
            topic.unwrap();
        }
    }

    /// Makes the topic with so many partitions and these settings.
    pub(crate) async fn make(&self, partitions: u32, replicas: i32, settings: &[(&str, &str)]) {
        let mut topic = NewTopic::new(&self.topic, partitions as i32, TopicReplication::Fixed(replicas));
        for &(name, value) in settings {
            topic = topic.set(name, value);
        }
        let made = self.admin.create_topics([&topic], &within()).await.unwrap();
        for topic in made {
            topic.unwrap();
        }
        until("the topic is there", async || self.partitions() == partitions as usize).await;
    }

    /// Sets how many machines must have a record, and nothing else but what a topic on three has.
    pub(crate) async fn require(&self, machines: u32) {
        self.set(&[
            ("min.insync.replicas", &machines.to_string()),
            ("flush.messages", "9223372036854775807"),
        ])
        .await;
    }

    /// Deletes the topic.
    pub(crate) async fn delete(&self) {
        let deleted = self.admin.delete_topics(&[&self.topic], &within()).await.unwrap();
        for topic in deleted {
            topic.unwrap();
        }
        until("the topic is gone", async || self.partitions() == 0).await;
    }

    /// Deletes the first partition's records before an offset.
    pub(crate) async fn delete_before(&self, offset: i64) {
        let mut records = TopicPartitionList::new();
        records.add_partition_offset(&self.topic, 0, Offset::Offset(offset)).unwrap();
        self.admin.delete_records(&records, &within()).await.unwrap();
    }

    /// The first partition's first offset and the one after its last.
    pub(crate) fn bounds(&self) -> (i64, i64) {
        self.admin.inner().fetch_watermarks(&self.topic, 0, PATIENCE).unwrap()
    }

    /// The broker that leads the first partition, counted from 0.
    pub(crate) fn leader(&self) -> Option<usize> {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.topic), PATIENCE).ok()?;
        let leader = metadata.topics().first()?.partitions().first()?.leader();
        usize::try_from(leader - 1).ok()
    }

    /// How many machines have all of the first partition.
    pub(crate) fn in_sync(&self) -> usize {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.topic), PATIENCE).unwrap();
        metadata.topics()[0].partitions()[0].isr().len()
    }

    fn partitions(&self) -> usize {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.topic), PATIENCE).unwrap();
        metadata.topics().first().map_or(0, |topic| topic.partitions().len())
    }
}

fn within() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}
