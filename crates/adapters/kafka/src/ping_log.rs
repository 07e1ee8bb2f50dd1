//! The ping log in Kafka: one topic, whose partitions are those of the log; a record for whatever
//! gathered during a round trip. Kafka answers when the required number of machines has it, so that
//! an append is durable when it returns.
//! Not here: consumer groups and the reader's position (the ledger keeps that).

mod backlog;
mod cursor;
mod entry;
mod gather;
mod guard;
mod heard;
mod positions;
mod reader;
mod sender;
mod settler;
mod sizes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dayline_app::ports::{
    AppendError, BoxFuture, Erased, LedgerWriter, LogDepth, LogRead, Partition, PingLog, PortError,
    PortFuture, Position,
};
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::watermarks::Watermarks;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::cluster::Cluster;
use crate::config::{ANSWER, KafkaConfig};
use crate::durability::{find_unready, look};
use crate::error::{SetupError, to_port};
use crate::events::Events;
use crate::native::FetchedTopic;
use backlog::Backlog;
use gather::{Gather, Pending};
use guard::guard;
use heard::Heard;
use reader::Reader;
use sender::Sender;
use settler::Settler;
use sizes::Sizes;

/// What a client is told to wait while the backlog is above the watermark: workers drain some
/// hundred megabytes in this time.
const RETRY_FULL_S: u32 = 5;
/// What a client is told to wait while brokers slow this process down.
const RETRY_THROTTLED_S: u32 = 2;
/// How often it is looked how much waits.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What bounds a ping log.
#[derive(Debug, Clone)]
pub struct PingLogOptions {
    /// Partitions, at least 1: as many as the topic has, since they decide in which partition a
    /// person is.
    pub partitions: u32,
    /// Backlog of all partitions, in bytes of payload as far as can be told, from which on appends
    /// are refused as full.
    pub high_bytes: u64,
    /// Backlog, in bytes of payload, below which they are accepted again. At most `high_bytes`.
    pub low_bytes: u64,
    /// How much of what is settled is kept, in bytes as far as can be told.
    pub keep: Keep,
    /// Bytes that may gather in memory or be on their way; what does not fit is refused as full.
    pub max_pending_bytes: usize,
    /// Connections to each broker for appends, at least 1. A broker works on one request of a
    /// connection at a time.
    pub connections: usize,
}

impl Default for PingLogOptions {
    fn default() -> Self {
        Self {
            partitions: 16,
            high_bytes: 8 << 30,
            low_bytes: 6 << 30,
            keep: Keep::NOTHING,
            max_pending_bytes: 16 << 20,
            connections: 4,
        }
    }
}

/// A [`PingLog`] in a Kafka topic, shared by all processes of an installation.
pub struct KafkaPingLog {
    cluster: Cluster,
    /// On how many machines a record must be before it is acknowledged.
    min_in_sync: Arc<AtomicUsize>,
    gathers: Vec<Arc<Gather>>,
    events: Events,
    reader: Arc<Reader>,
    settler: Arc<Settler>,
    backlog: Arc<Backlog>,
    /// Ended when the log is dropped.
    _tasks: JoinSet<()>,
}

impl KafkaPingLog {
    /// Opens the log in a topic that is there ([`crate::create_topic`]). Whether it is durable
    /// enough is to be asked before ([`crate::check_durability`]). If it is, nothing is appended
    /// any more as soon as it is seen not to be; who accepted less is not asked again. `ledger` tells
    /// where it stands in partitions that other processes work on; without it all of them waits that
    /// is not deleted. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// If Kafka can't be reached, or the topic has another number of partitions.
    pub async fn open(
        config: &KafkaConfig,
        options: &PingLogOptions,
        ledger: Option<Arc<dyn LedgerWriter>>,
    ) -> Result<Self, SetupError> {
        let partitions = options.partitions.max(1);
        let cluster = Cluster::connect(config)?;
        let found = look(&cluster).await?;
        if found.partitions != partitions {
            let (topic, stored) = (config.topic().to_owned(), found.partitions);
            return Err(SetupError::Partitions { topic, stored, configured: partitions });
        }
        let events = Events::default();
        let heard: Vec<_> = (0..partitions).map(|_| Arc::new(Heard::new())).collect();
        let sizes = Arc::new(Sizes::default());
        let fetched = FetchedTopic::new(Arc::new(config.consumer(Events::default())?), config.topic())?;
        let reader = Arc::new(Reader::new(cluster.clone(), fetched, heard.clone(), Arc::clone(&sizes)));
        let pending = Pending::new(options.max_pending_bytes);
        let gathers: Vec<_> = (0..partitions).map(|_| Arc::new(Gather::new(Arc::clone(&pending)))).collect();
        let watermarks = Watermarks::new(options.high_bytes, options.low_bytes);
        let backlog = Arc::new(Backlog::new(cluster.clone(), partitions, Arc::clone(&sizes), watermarks));
        let keeps = (partitions, options.keep);
        let settler = Settler::new(
            cluster.clone(),
            Arc::clone(&reader),
            Arc::clone(&backlog),
            Arc::clone(&sizes),
            keeps,
        );
        let settler = Arc::new(settler);
        if let Some(ledger) = &ledger {
            // One that does not answer now is asked again.
            let _ = timeout(ANSWER, settler.learn(&**ledger)).await;
        }
        backlog.depth().await.map_err(SetupError::Kafka)?;

        let mut producers = Vec::new();
        for _ in 0..options.connections.clamp(1, partitions as usize) {
            producers.push(config.producer(options.max_pending_bytes, events.clone())?);
        }
        let mut tasks = JoinSet::new();
        for (number, (gather, heard)) in gathers.iter().zip(&heard).enumerate() {
            let sender = Sender {
                producer: producers[number % producers.len()].clone(),
                events: events.clone(),
                topic: config.topic().into(),
                partition: number as i32,
                gather: Arc::clone(gather),
                heard: Arc::clone(heard),
                sizes: Arc::clone(&sizes),
            };
            tasks.spawn(sender.run());
        }
        if let Some(ledger) = ledger {
            tasks.spawn(Arc::clone(&settler).follow(ledger));
        }
        tasks.spawn(watch(Arc::clone(&backlog), Arc::clone(&reader)));
        let min_in_sync = Arc::new(AtomicUsize::new(found.min_in_sync));
        let stays_durable = found.objections.is_empty();
        tasks.spawn(guard(cluster.clone(), gathers.clone(), Arc::clone(&min_in_sync), stays_durable));
        Ok(Self { cluster, min_in_sync, gathers, events, reader, settler, backlog, _tasks: tasks })
    }

    async fn append_record(&self, partition: Partition, record: Vec<u8>) -> Result<(), AppendError> {
        let Some(gather) = self.gathers.get(partition.0 as usize) else {
            return Err(AppendError::Unavailable(self.no_partition(partition)));
        };
        if self.backlog.is_full() {
            return Err(AppendError::Full { retry_after_s: RETRY_FULL_S });
        }
        if self.events.is_throttled() {
            return Err(AppendError::Full { retry_after_s: RETRY_THROTTLED_S });
        }
        // Nothing to keep.
        if record.is_empty() {
            return Ok(());
        }
        let wait = gather.add(record)?;
        match timeout(ANSWER, wait.finished()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(AppendError::Unavailable("kafka did not answer in time".to_owned())),
        }
    }

    /// No entry can be written that is none, so that this asks all that an append would be refused
    /// for: whether the brokers answer, each partition has a leader, and enough machines have it.
    async fn check_append(&self) -> Result<(), PortError> {
        if let Some(why) = self.gathers.iter().find_map(|gather| gather.refusal()) {
            return Err(PortError::Unavailable(why));
        }
        if self.events.is_throttled() {
            return Err(PortError::Unavailable("kafka's quota slows this process down".to_owned()));
        }
        self.backlog.depth().await?;
        if self.backlog.is_full() {
            return Err(PortError::Unavailable("the ping log in kafka is full".to_owned()));
        }
        let placed = self.cluster.layout().await.map_err(to_port)?.unwrap_or_default();
        let unready = find_unready(&placed, self.min_in_sync.load(Ordering::Relaxed));
        unready.map_or(Ok(()), |why| Err(PortError::Unavailable(why)))
    }

    fn check_partition(&self, partition: Partition) -> Result<(), PortError> {
        if (partition.0 as usize) < self.gathers.len() {
            return Ok(());
        }
        Err(PortError::Rejected(self.no_partition(partition)))
    }

    fn no_partition(&self, Partition(number): Partition) -> String {
        format!("this ping log has {} partitions, none of them {number}", self.gathers.len())
    }
}

/// Looks again and again how much waits, since others append, too.
async fn watch(backlog: Arc<Backlog>, reader: Arc<Reader>) {
    loop {
        sleep(LOOK_AGAIN).await;
        // What is not known now is as it was.
        let _ = backlog.depth().await;
        reader.end_idle();
    }
}

impl PingLog for KafkaPingLog {
    fn partitions(&self) -> u32 {
        self.gathers.len() as u32
    }

    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(self.append_record(partition, record))
    }

    fn read_after(&self, partition: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead> {
        Box::pin(async move {
            self.check_partition(partition)?;
            self.reader.read_after(partition, after, max_bytes).await
        })
    }

    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.check_partition(partition).is_ok() {
                self.reader.wait_beyond(partition, after).await;
            }
        })
    }

    fn settle(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(async move {
            self.check_partition(partition)?;
            self.settler.settle(partition, up_to).await
        })
    }

    /// A topic's records can't be changed.
    fn erase(&self, _: Partition, _: Erased) -> PortFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(self.backlog.depth())
    }

    fn throttled(&self) -> Duration {
        self.events.throttled()
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(self.check_append())
    }
}
