//! What a cluster is asked about the topic, and told about it. Each question is one round trip or
//! two, off the threads that serve requests where the client blocks.
//! Not here: records, both ways.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::{Instant, sleep};

use crate::config::{ANSWER, KafkaConfig};
use crate::error::{SetupError, code_of, is_away};
use crate::events::Events;
use crate::native::{self, TopicId};

/// How long the controller may take to make a topic.
const MAKE: Duration = Duration::from_secs(10);
/// How long a leader waits for its followers to have deleted, too: not at all. What it has itself
/// is shorter before it waits, and they follow.
const DELETE: Duration = Duration::from_millis(1);

/// Between two tries to find a leader.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection to the cluster, and the topic's name. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    admin: Arc<AdminClient<Events>>,
    topic: Arc<str>,
}

/// Where a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Machines that are to hold it.
    pub(crate) replicas: usize,
    /// Machines that hold all of it now.
    pub(crate) in_sync: usize,
    /// Whether one of them takes appends.
    pub(crate) led: bool,
}

/// The offset of a partition's first record, and the one that its next record gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Cluster {
    pub(crate) fn connect(config: &KafkaConfig) -> Result<Self, SetupError> {
        Ok(Self { admin: Arc::new(config.admin()?), topic: config.topic().into() })
    }

    pub(crate) fn topic(&self) -> &str {
        &self.topic
    }

    /// Where the topic's partitions are, in their order; `None` if there is no such topic.
    pub(crate) async fn layout(&self) -> Result<Option<Vec<Placed>>, Code> {
        self.ask(|cluster| {
            let metadata =
                cluster.admin.inner().fetch_metadata(Some(cluster.topic()), ANSWER).map_err(|e| code(&e))?;
            let Some(topic) = metadata.topics().first() else { return Ok(None) };
            match topic.error().map(Code::from) {
                Some(Code::UnknownTopicOrPartition) => return Ok(None),
                Some(error) => return Err(error),
                None => {}
            }
            let placed = topic.partitions().iter().map(|partition| Placed {
                replicas: partition.replicas().len(),
                in_sync: partition.isr().len(),
                led: partition.leader() >= 0,
            });
            Ok(Some(placed.collect()))
        })
        .await
    }

    /// The topic's settings as they are in effect, by name.
    pub(crate) async fn settings(&self) -> Result<HashMap<String, String>, Code> {
        let topics = [ResourceSpecifier::Topic(self.topic())];
        let described = self.admin.describe_configs(&topics, &within(ANSWER)).await.map_err(|e| code(&e))?;
        let topic = described.into_iter().next().ok_or(Code::BadMessage)??;
        // What is refused for one topic comes back as no error, but without a single setting.
        if topic.entries.is_empty() {
            return Err(Code::TopicAuthorizationFailed);
        }
        let settings = topic.entries.into_iter();
        Ok(settings.filter_map(|setting| Some((setting.name, setting.value?))).collect())
    }

    /// Makes the topic.
    pub(crate) async fn create(&self, topic: &NewTopic<'_>) -> Result<(), Code> {
        let options = within(MAKE).operation_timeout(Some(MAKE));
        let made = self.admin.create_topics([topic], &options).await.map_err(|e| code(&e))?;
        made.into_iter().next().ok_or(Code::BadMessage)?.map(drop).map_err(|(_, code)| code)
    }

    /// The topic's id, as a broker knows it now.
    pub(crate) async fn topic_id(&self) -> Result<TopicId, Code> {
        self.ask(|cluster| native::topic_id(cluster.admin.inner(), cluster.topic(), ANSWER)).await
    }

    /// The bounds of a partition, as its leader knows them now.
    ///
    /// Not by `fetch_watermarks`: of its two questions librdkafka 2 forgets that the first one failed if the second is
    /// answered in the same moment, as by a leader that has just come back. It gives the end as the start then, and all
    /// that waits would count as gone.
    pub(crate) async fn bounds(&self, partition: i32) -> Result<Bounds, Code> {
        let found = self.ask(move |cluster| cluster.find_bounds(partition..partition + 1)).await?;
        found.into_iter().next().ok_or(Code::BadMessage)
    }

    /// The bounds of all partitions, in their order.
    pub(crate) async fn all_bounds(&self, partitions: u32) -> Result<Vec<Bounds>, Code> {
        let deadline = Instant::now() + ANSWER;
        loop {
            match self.ask(move |cluster| cluster.find_bounds(0..partitions as i32)).await {
                // A new leader learns that it is one a moment after others did.
                Err(code) if is_away(code) && Instant::now() < deadline => sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    fn find_bounds(&self, partitions: Range<i32>) -> Result<Vec<Bounds>, Code> {
        // In this order, so that no start is found beyond its end.
        let starts = self.offsets(partitions.clone(), Offset::Beginning)?;
        let ends = self.offsets(partitions, Offset::End)?;
        Ok(starts.into_iter().zip(ends).map(|(start, end)| Bounds { start, end }).collect())
    }

    fn offsets(&self, partitions: Range<i32>, which: Offset) -> Result<Vec<i64>, Code> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition_offset(self.topic(), partition, which).map_err(|e| code(&e))?;
        }
        native::find_offsets(self.admin.inner(), &list, ANSWER)?;
        let found =
            list.elements().into_iter().map(|partition| match (partition.error(), partition.offset()) {
                (Err(error), _) => Err(code(&error)),
                (Ok(()), Offset::Offset(offset)) => Ok(offset),
                // Its leader did not answer.
                (Ok(()), _) => Err(Code::LeaderNotAvailable),
            });
        found.collect()
    }

    /// Forgets a partition's records before an offset. That a follower is slow to do the same is no
    /// error.
    pub(crate) async fn delete_before(&self, partition: i32, offset: i64) -> Result<(), Code> {
        let mut records = TopicPartitionList::new();
        let offset = Offset::Offset(offset);
        records.add_partition_offset(self.topic(), partition, offset).map_err(|e| code(&e))?;
        let options = within(ANSWER).operation_timeout(Some(DELETE));
        let deleted = self.admin.delete_records(&records, &options).await.map_err(|e| code(&e))?;
        let elements = deleted.elements();
        let outcome = elements.first().ok_or(Code::BadMessage)?.error();
        match outcome.map_err(|e| code(&e)) {
            Err(Code::RequestTimedOut) => Ok(()),
            outcome => outcome,
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(Self) -> Result<T, Code> + Send + 'static,
    ) -> Result<T, Code> {
        let cluster = self.clone();
        tokio::task::spawn_blocking(move || question(cluster)).await.unwrap_or(Err(Code::Fail))
    }
}

fn within(time: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(time))
}

fn code(error: &KafkaError) -> Code {
    code_of(error).unwrap_or(Code::Fail)
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

    use super::*;
    use crate::config::Security;

    #[tokio::test]
    async fn of_a_leader_that_fails_to_name_the_start_the_end_is_not_taken_for_it() {
        let broker = MockCluster::new(1).unwrap();
        broker.create_topic("pings", 1, 1).unwrap();
        let addresses = broker.bootstrap_servers();
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &addresses).create().unwrap();
        for _ in 0..3 {
            let record = BaseRecord::<(), str>::to("pings").partition(0).payload("a ping");
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(ANSWER).unwrap();

        let config = KafkaConfig::new(&addresses, "pings", Security::default()).unwrap();
        let cluster = Cluster::connect(&config).unwrap();
        let all = Bounds { start: 0, end: 3 };
        assert_eq!(cluster.bounds(0).await, Ok(all));
        for _ in 0..50 {
            let fails = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
            broker.request_errors(RDKafkaApiKey::ListOffsets, &[fails]);
            let found = cluster.bounds(0).await;
            assert!(found.is_err() || found == Ok(all), "{found:?}");
        }
    }
}
