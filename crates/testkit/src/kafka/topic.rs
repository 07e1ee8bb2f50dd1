//! A topic as an operator sees and changes it, past the program under test. All calls block.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::patience::until;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a topic has that is safe on one broker.
const SAFE_ON_ONE: [(&str, &str); 8] = [
    ("cleanup.policy", "delete"),
    ("flush.messages", "1"),
    ("max.message.bytes", "4194304"),
    ("message.timestamp.type", "LogAppendTime"),
    ("min.insync.replicas", "1"),
    ("retention.bytes", "-1"),
    ("retention.ms", "-1"),
    ("unclean.leader.election.enable", "false"),
];

/// A topic, whether it is there or not.
pub struct KafkaTopic {
    admin: AdminClient<DefaultClientContext>,
    reader: BaseConsumer,
    name: String,
}

impl fmt::Debug for KafkaTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaTopic").field("name", &self.name).finish_non_exhaustive()
    }
}

impl KafkaTopic {
    /// The topic of that name at these brokers.
    pub fn at(brokers: &str, name: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers);
        Self { admin: config.create().unwrap(), reader: config.create().unwrap(), name: name.to_owned() }
    }

    /// Makes it with so many partitions on so many machines, and these settings.
    pub fn make(&self, partitions: usize, replicas: usize, settings: &[(&str, &str)]) {
        let mut topic =
            NewTopic::new(&self.name, partitions as i32, TopicReplication::Fixed(replicas as i32));
        for &(name, value) in settings {
            topic = topic.set(name, value);
        }
        let made = block(async || self.admin.create_topics([&topic], &within()).await.unwrap());
        made.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        until("the topic is there", PATIENCE, || self.partitions() == partitions);
    }

    /// Deletes it.
    pub fn delete(&self) {
        let deleted = block(async || self.admin.delete_topics(&[&self.name], &within()).await.unwrap());
        deleted.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        until("the topic is gone", PATIENCE, || self.partitions() == 0);
    }

    /// Gives it these settings, and of all others those that are safe on one broker; returns when they are in effect.
    pub fn set(&self, settings: &[(&str, &str)]) {
        let all: BTreeMap<_, _> = SAFE_ON_ONE.into_iter().chain(settings.iter().copied()).collect();
        let mut config = AlterConfig::new(ResourceSpecifier::Topic(&self.name));
        for (name, value) in &all {
            config = config.set(name, value);
        }
        let altered = block(async || self.admin.alter_configs([&config], &within()).await.unwrap());
        altered.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        until("the settings are in effect", PATIENCE, || {
            let now = self.settings();
            all.iter().all(|(name, value)| now.get(*name).is_some_and(|now| now == value))
        });
    }

    fn settings(&self) -> BTreeMap<String, String> {
        let topics = [ResourceSpecifier::Topic(&self.name)];
        let mut described = block(async || self.admin.describe_configs(&topics, &within()).await.unwrap());
        let settings = described.remove(0).unwrap().entries.into_iter();
        settings.filter_map(|setting| Some((setting.name, setting.value?))).collect()
    }

    /// Sets how many machines must have a record before it is acknowledged, written to the disk or
    /// not.
    pub fn require(&self, machines: usize) {
        self.set(&[
            ("min.insync.replicas", &machines.to_string()),
            ("flush.messages", "9223372036854775807"),
        ]);
    }

    /// Deletes the first partition's records before an offset.
    pub fn delete_before(&self, offset: i64) {
        let mut records = TopicPartitionList::new();
        records.add_partition_offset(&self.name, 0, Offset::Offset(offset)).unwrap();
        block(async || self.admin.delete_records(&records, &within()).await.unwrap());
    }

    /// Of each partition the first offset and the one after the last.
    ///
    /// Not by `fetch_watermarks`, which may give the end as the start while a broker comes back.
    pub fn bounds(&self) -> Vec<(i64, i64)> {
        let (starts, ends) = (self.offsets(Offset::Beginning), self.offsets(Offset::End));
        starts.into_iter().zip(ends).collect()
    }

    fn offsets(&self, which: Offset) -> Vec<i64> {
        let found = OnceCell::new();
        until("all leaders tell their offsets", PATIENCE, || {
            self.find_offsets(which).is_some_and(|offsets| found.set(offsets).is_ok())
        });
        found.into_inner().unwrap()
    }

    fn find_offsets(&self, which: Offset) -> Option<Vec<i64>> {
        let mut partitions = TopicPartitionList::new();
        for partition in 0..self.partitions() as i32 {
            partitions.add_partition_offset(&self.name, partition, which).unwrap();
        }
        let found = self.reader.offsets_for_times(partitions, PATIENCE).ok()?;
        let found =
            found.elements().into_iter().map(|partition| match (partition.error(), partition.offset()) {
                (Ok(()), Offset::Offset(offset)) => Some(offset),
                _ => None,
            });
        found.collect()
    }

    /// The broker that leads the first partition, counted from 0.
    pub fn leader(&self) -> Option<usize> {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.name), PATIENCE).ok()?;
        let leader = metadata.topics().first()?.partitions().first()?.leader();
        usize::try_from(leader - 1).ok()
    }

    /// Of each partition, how many machines have all of it.
    pub fn in_sync(&self) -> Vec<usize> {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.name), PATIENCE).unwrap();
        metadata.topics()[0].partitions().iter().map(|partition| partition.isr().len()).collect()
    }

    fn partitions(&self) -> usize {
        let metadata = self.admin.inner().fetch_metadata(Some(&self.name), PATIENCE).unwrap();
        metadata.topics().first().map_or(0, |topic| topic.partitions().len())
    }
}

fn within() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}

/// On a thread of its own: tests with a runtime and without one call it.
fn block<T: Send>(ask: impl AsyncFnOnce() -> T + Send) -> T {
    let asking = || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ask());
    std::thread::scope(|scope| scope.spawn(asking).join().unwrap())
}
