//! The ping log: what every ping log keeps, and what only a server beyond a network can break.

mod absence;
mod contract;
mod crashes;
mod epochs;
mod foreign;
mod fullness;
mod kept;
mod lost_past;
mod unsafe_redis;

use std::sync::Arc;

use dayline_app::ports::{LogEntry, Partition, Payload, PingLog, Position};
use dayline_redis::{PingLogOptions, RedisPingLog};

use crate::test_redis::TestRedis;

const FIRST: Partition = Partition(0);

/// A log of four partitions.
async fn open(redis: &TestRedis) -> Arc<RedisPingLog> {
    open_with(redis, PingLogOptions::default()).await
}

async fn open_with(redis: &TestRedis, options: PingLogOptions) -> Arc<RedisPingLog> {
    let options = PingLogOptions { partitions: 4, ..options };
    Arc::new(RedisPingLog::open(&redis.server(), &options).await.unwrap())
}

async fn append(log: &RedisPingLog, text: &str) {
    log.append(FIRST, text.as_bytes().to_vec()).await.unwrap();
}

/// All there is, read after read.
async fn read_all(log: &RedisPingLog, after: Position) -> Vec<LogEntry> {
    read_all_of(log, FIRST, after).await
}

async fn read_all_of(log: &RedisPingLog, partition: Partition, mut after: Position) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    loop {
        let more = log.read_after(partition, after, usize::MAX).await.unwrap().entries;
        let Some(last) = more.last() else { return entries };
        after = last.position;
        entries.extend(more);
    }
}

/// All records one after another; what is damaged between angle brackets.
fn text(entries: &[LogEntry]) -> String {
    entries
        .iter()
        .map(|entry| match &entry.payload {
            Payload::Records(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            Payload::Damaged { bytes, .. } => format!("<{}>", String::from_utf8_lossy(bytes)),
        })
        .collect()
}
