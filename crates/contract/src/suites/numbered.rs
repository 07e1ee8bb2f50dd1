//! Records whose content is a number, and what the suites of the ping log do with them.

use std::time::Duration;

use dayline_app::ports::{LogDepth, LogEntry, Partition, Payload, PingLog, Position};
use dayline_app::tracking::record;

pub(super) const FIRST: Partition = Partition(0);

/// Appends records whose contents are these numbers.
pub(super) async fn append(log: &dyn PingLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        log.append(FIRST, numbered(number)).await.unwrap();
    }
}

/// All that is there after a position.
pub(super) async fn read_all(log: &dyn PingLog, after: Position) -> Vec<LogEntry> {
    log.read_after(FIRST, after, usize::MAX).await.unwrap().entries
}

/// Bounds what should not take long; far above what a busy machine needs.
pub(super) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("takes too long")
}

/// A record whose content is a number.
pub(super) fn numbered(number: u64) -> Vec<u8> {
    framed(&number.to_le_bytes())
}

/// A record as a log sees it: a length and that many bytes.
pub(super) fn framed(content: &[u8]) -> Vec<u8> {
    let mut record = (content.len() as u32).to_le_bytes().to_vec();
    record.extend_from_slice(content);
    record
}

pub(super) fn numbers(entries: &[LogEntry]) -> Vec<u64> {
    records(entries).iter().map(|record| u64::from_le_bytes(record[4..].try_into().unwrap())).collect()
}

pub(super) fn records(entries: &[LogEntry]) -> Vec<Vec<u8>> {
    entries.iter().flat_map(|entry| record::split(payload(entry))).map(|r| r.unwrap().to_vec()).collect()
}

pub(super) fn payload(entry: &LogEntry) -> &[u8] {
    match &entry.payload {
        Payload::Records(bytes) => bytes,
        Payload::Damaged { reason, .. } => panic!("damaged: {reason}"),
    }
}

pub(super) fn size(entry: &LogEntry) -> usize {
    payload(entry).len()
}

pub(super) fn depth_of(entries: &[LogEntry]) -> LogDepth {
    LogDepth { entries: entries.len() as u64, bytes: entries.iter().map(|entry| size(entry) as u64).sum() }
}
