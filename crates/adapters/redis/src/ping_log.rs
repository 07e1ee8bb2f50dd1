//! The ping log in Redis: one stream for each partition, an entry for whatever gathered during a
//! round trip. With `appendfsync always` Redis answers after the fsync, so that an append is
//! durable when it returns. Not here: consumer groups and the reader's position (the ledger keeps
//! that).

mod entry;
mod eraser;
mod fullness;
mod gather;
mod guard;
mod head;
mod options;
mod reader;
mod room;
mod scripts;
mod sender;
mod settled;

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{
    AppendError, BoxFuture, Erased, LogDepth, LogRead, Partition, PingLog, PortError, PortFuture, Position,
};
use dayline_app::tracking::watermarks::Watermarks;
use tokio::task::JoinSet;

use crate::config::RedisConfig;
use crate::error::SetupError;
use eraser::Eraser;
use fullness::Fullness;
use gather::Gather;
use guard::guard;
use head::Head;
pub use options::PingLogOptions;
use options::RETRY_FULL_S;
use reader::Reader;
use room::check_room;
use sender::Sender;
use settled::Settler;

/// How often a full log is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A [`PingLog`] in Redis Streams, shared by all processes of an installation.
pub struct RedisPingLog {
    head: Arc<Head>,
    gather: Arc<Gather>,
    fullness: Arc<Fullness>,
    reader: Arc<Reader>,
    settler: Settler,
    eraser: Eraser,
    /// Ended when the log is dropped.
    _tasks: JoinSet<()>,
}

impl RedisPingLog {
    /// Opens the log, or makes one, in a Redis that may use as much memory as the log may need and
    /// that keeps what it acknowledges ([`crate::check_durability`] says more about it). As soon as
    /// it is seen not to, nothing is appended any more; who accepted less is not asked. Must be called
    /// in a tokio runtime, which keeps the connections.
    pub async fn open(config: &RedisConfig, options: &PingLogOptions) -> Result<Self, SetupError> {
        let partitions = options.partitions.max(1);
        let mut connection = config.connect().await?;
        check_room(&mut connection, options.memory()).await?;
        let head = Arc::new(Head::new(config.clone(), partitions, !options.accept_less));
        let gather = Arc::new(Gather::new(partitions, options.max_pending_bytes));
        let fullness = Arc::new(Fullness::new(Watermarks::new(options.high_bytes, options.low_bytes)));
        let reader = Arc::new(Reader::new(Arc::clone(&head)));
        let settler = Settler::new(Arc::clone(&head), options.keep);
        let eraser = Eraser::new(Arc::clone(&head), Arc::clone(&gather));
        let mut tasks = JoinSet::new();
        for _ in 0..options.senders.max(1) {
            let connection = head.connect().await?;
            gather.sender_connected();
            let sender = Sender {
                head: Arc::clone(&head),
                gather: Arc::clone(&gather),
                fullness: Arc::clone(&fullness),
            };
            tasks.spawn(sender.run(connection));
        }
        let depth = reader.depth().await.map_err(SetupError::Redis)?;
        fullness.note(depth.bytes as i64);
        tasks.spawn(watch(Arc::clone(&fullness), Arc::clone(&reader)));
        if !options.accept_less {
            tasks.spawn(guard(config.clone(), Arc::clone(&gather)));
        }
        Ok(Self { head, gather, fullness, reader, settler, eraser, _tasks: tasks })
    }

    async fn append_record(&self, partition: Partition, record: Vec<u8>) -> Result<(), AppendError> {
        if !self.head.has(partition) {
            return Err(AppendError::Unavailable(self.no_partition(partition)));
        }
        if self.fullness.is_full() {
            return Err(AppendError::Full { retry_after_s: RETRY_FULL_S });
        }
        // Nothing to keep, and an entry without bytes would have the id of the one before.
        if record.is_empty() {
            return Ok(());
        }
        self.gather.add(partition, record)?.finished().await
    }

    async fn check_append(&self) -> Result<(), PortError> {
        if let Some(why) = self.gather.refusal() {
            return Err(PortError::Unavailable(why));
        }
        if self.fullness.is_full() {
            return Err(PortError::Unavailable("the ping log in redis is full".to_owned()));
        }
        self.head.check_write().await
    }

    fn check_partition(&self, partition: Partition) -> Result<(), PortError> {
        if self.head.has(partition) { Ok(()) } else { Err(PortError::Rejected(self.no_partition(partition))) }
    }

    fn no_partition(&self, Partition(number): Partition) -> String {
        format!("this ping log has {} partitions, none of them {number}", self.head.partitions())
    }
}

/// While the log is full nothing is appended, and so nothing tells how much waits.
async fn watch(fullness: Arc<Fullness>, reader: Arc<Reader>) {
    loop {
        fullness.filled().await;
        tokio::time::sleep(LOOK_AGAIN).await;
        if let Ok(depth) = reader.depth().await {
            fullness.note(depth.bytes as i64);
        }
    }
}

impl PingLog for RedisPingLog {
    fn partitions(&self) -> u32 {
        self.head.partitions()
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
            self.fullness.note(self.settler.settle(partition, up_to).await?);
            Ok(())
        })
    }

    fn erase(&self, partition: Partition, erased: Erased) -> PortFuture<'_, ()> {
        Box::pin(async move {
            self.check_partition(partition)?;
            self.eraser.erase(partition, &erased).await
        })
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(self.reader.depth())
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(self.check_append())
    }
}
