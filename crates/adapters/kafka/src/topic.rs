//! How the topic is made if it is not there.
//! Not here: judging its settings ([`crate::check_durability`]), and changing a topic that is
//! there.

use std::time::Duration;

use rdkafka::admin::{NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode as Code;
use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::config::KafkaConfig;
use crate::error::{SetupError, told};

/// How long brokers may take to hear of a new topic.
const HEAR: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How a topic is made.
#[derive(Debug, Clone, Copy)]
pub struct TopicOptions {
    /// Partitions, at least 1; never to be changed, since the number decides in which partition a
    /// person is.
    pub partitions: u32,
    /// Machines that hold each of them, at least 1. Where they are fewer than 3, each record is
    /// written to the disk before it is acknowledged.
    pub replicas: u32,
}

impl Default for TopicOptions {
    fn default() -> Self {
        Self { partitions: 16, replicas: 3 }
    }
}

/// Makes the topic if it is not there; tells whether it did.
///
/// # Errors
/// If Kafka can't be reached, or does not let a topic be made that is not there.
pub async fn create_topic(config: &KafkaConfig, options: TopicOptions) -> Result<bool, SetupError> {
    let cluster = Cluster::connect(config)?;
    if cluster.layout().await?.is_some() {
        return Ok(false);
    }
    let made = match cluster.create(&described(config.topic(), options)).await {
        Ok(()) => true,
        // Another process was quicker.
        Err(Code::TopicAlreadyExists) => false,
        Err(Code::InvalidReplicationFactor) => {
            return Err(refused(config, format!("there are fewer than {} brokers", options.replicas)));
        }
        Err(code) => return Err(refused(config, told(code))),
    };
    // Brokers hear of it one after another.
    let deadline = Instant::now() + HEAR;
    while Instant::now() < deadline {
        let layout = cluster.layout().await?;
        if layout.is_some_and(|placed| !placed.is_empty() && placed.iter().all(|partition| partition.led)) {
            return Ok(made);
        }
        sleep(LOOK_AGAIN).await;
    }
    Err(refused(config, "its partitions have no leaders".to_owned()))
}

fn refused(config: &KafkaConfig, why: String) -> SetupError {
    SetupError::NoTopic { topic: config.topic().to_owned(), why }
}

fn described(name: &str, options: TopicOptions) -> NewTopic<'_> {
    let (partitions, replicas) = (options.partitions.max(1), options.replicas.max(1));
    let topic = NewTopic::new(name, partitions as i32, TopicReplication::Fixed(replicas as i32))
        .set("unclean.leader.election.enable", "false")
        .set("cleanup.policy", "delete")
        .set("retention.ms", "-1")
        .set("retention.bytes", "-1")
        .set("max.message.bytes", "4194304")
        .set("message.timestamp.type", "LogAppendTime")
        .set("compression.type", "producer")
        // Space is given back by whole segments.
        .set("segment.bytes", "67108864");
    if replicas < 3 {
        return topic.set("min.insync.replicas", "1").set("flush.messages", "1");
    }
    topic.set("min.insync.replicas", "2")
}
