//! The worker's side: entries after a position, what is lost before them, and waiting for them.
//! Not here: appending (the senders), where the ledger stands (the settler), and how much waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dayline_app::ports::{LogRead, Partition, PortError, Position};
use rdkafka::error::RDKafkaErrorCode as Code;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::cursor::{Cursor, Filled};
use super::entry;
use super::heard::Heard;
use super::positions::{self, How};
use super::sizes::Sizes;
use crate::cluster::Cluster;
use crate::error::to_port;
use crate::native::{Fetch, FetchedTopic, TopicId};

/// How often a read starts anew because the topic was replaced meanwhile.
const TRIES: usize = 3;
/// How long a reader waits at most for an append it is not told of.
const WAIT: Duration = Duration::from_millis(900);
/// How long it waits if it can't be told.
const PAUSE: Duration = Duration::from_millis(50);
/// A partition that nobody reads for so long is not fetched any more.
const IDLE: Duration = Duration::from_secs(30);

pub(super) struct Reader {
    cluster: Cluster,
    fetched: Arc<FetchedTopic>,
    partitions: Vec<Read>,
    sizes: Arc<Sizes>,
}

/// What is known about reading a partition.
struct Read {
    cursor: Mutex<Option<Cursor>>,
    heard: Arc<Heard>,
    /// The major part under which it was last read; 0: never.
    major: AtomicU64,
}

impl Reader {
    pub(super) fn new(
        cluster: Cluster,
        fetched: Arc<FetchedTopic>,
        heard: Vec<Arc<Heard>>,
        sizes: Arc<Sizes>,
    ) -> Self {
        let of = |heard| Read { cursor: Mutex::default(), heard, major: AtomicU64::new(0) };
        let partitions = heard.into_iter().map(of).collect();
        Self { cluster, fetched, partitions, sizes }
    }

    /// The major part under which a partition was last read here, if it was.
    pub(super) fn major(&self, Partition(number): Partition) -> Option<u64> {
        match self.partitions[number as usize].major.load(Ordering::Relaxed) {
            0 => None,
            major => Some(major),
        }
    }

    pub(super) async fn read_after(
        &self,
        Partition(number): Partition,
        after: Position,
        max_bytes: usize,
    ) -> Result<LogRead, PortError> {
        let read = &self.partitions[number as usize];
        let mut slot = read.cursor.lock().await;
        let mut rewritten = false;
        for _ in 0..TRIES {
            // Taken out, so that a read that fails or is given up leaves none behind whose state
            // nobody knows.
            let cursor = slot.take().filter(|cursor| cursor.stands_at(after));
            let mut cursor = match cursor {
                Some(cursor) => cursor,
                None => self.open(number, after, rewritten).await?,
            };
            match cursor.fill(&self.cluster, &read.heard, max_bytes).await? {
                Filled::Moved { rewritten: is_rewritten } => rewritten |= is_rewritten,
                Filled::Read(given) if given.entries.is_empty() => {
                    *slot = Some(cursor);
                    return Ok(given);
                }
                // An id never comes back. So what was fetched between two looks that find the same
                // one is of that topic.
                Filled::Read(given) => {
                    if self.topic_id().await? == cursor.topic() {
                        for entry in &given.entries {
                            self.sizes.saw(entry::len(entry));
                        }
                        *slot = Some(cursor);
                        return Ok(given);
                    }
                }
            }
        }
        Err(PortError::Unavailable("the kafka topic changes while it is read".to_owned()))
    }

    async fn topic_id(&self) -> Result<TopicId, PortError> {
        self.cluster.topic_id().await.map_err(to_port)
    }

    /// Starts to fetch what comes after a position.
    async fn open(&self, number: u32, after: Position, rewritten: bool) -> Result<Cursor, PortError> {
        let read = &self.partitions[number as usize];
        let topic = self.topic_id().await?;
        let believed = read.heard.end();
        let bounds = self.cluster.bounds(number as i32).await.map_err(to_port)?;
        read.heard.correct(believed, bounds.end);
        let start = positions::find(after, topic, bounds, rewritten)?;
        match start.how {
            How::WasBeyond => {
                tracing::warn!(partition = number, %after, "the kafka topic was behind its reader: it is read again");
            }
            // As after moving to another log and back; unless the database went back further than that.
            How::Fresh if start.offset > 0 => tracing::warn!(
                partition = number, %after, offset = start.offset,
                "what the kafka topic began with is gone, and the database comes from another log"
            ),
            How::Fresh | How::GoesOn | How::Lost(_) => {}
        }
        read.major.store(start.major, Ordering::Relaxed);
        let (fetched, teller) = (Arc::clone(&self.fetched), read.heard.teller());
        let offset = start.offset;
        let fetch = tokio::task::spawn_blocking(move || Fetch::start(fetched, number as i32, offset, teller));
        let fetch = fetch.await.unwrap_or(Err(Code::Fail)).map_err(to_port)?;
        Ok(Cursor::new(fetch, topic, &start, after, bounds.end))
    }

    pub(super) async fn wait_beyond(&self, Partition(number): Partition, after: Position) {
        let read = &self.partitions[number as usize];
        let mut grown = read.heard.listen();
        let mut slot = read.cursor.lock().await;
        let more = slot.as_mut().filter(|cursor| cursor.stands_at(after)).map(|c| c.has_more(&read.heard));
        drop(slot);
        match more {
            Some(true) => {}
            Some(false) => {
                let _ = timeout(WAIT, grown.changed()).await;
            }
            // The next read finds out.
            None => sleep(PAUSE).await,
        }
    }

    /// Ends what nobody uses.
    pub(super) fn end_idle(&self) {
        let now = Instant::now();
        for read in &self.partitions {
            if let Ok(mut slot) = read.cursor.try_lock() {
                slot.take_if(|cursor| now.duration_since(cursor.used()) > IDLE);
            }
        }
        self.fetched.serve_events();
    }
}
