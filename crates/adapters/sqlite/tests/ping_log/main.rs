//! The ping log in SQLite: what every ping log keeps, and what only a file can break.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod commits;
mod contract;
mod crash;
mod damage;
mod erasure;
mod opening;
mod watermarks;

use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{LogEntry, Partition, Payload, PingLog, Position};
use dayline_app::tracking::record;
use dayline_sqlite::{PingLogOptions, SqlitePingLog};
use rusqlite::Connection;

const FIRST: Partition = Partition(0);

fn open(folder: &Path) -> Arc<SqlitePingLog> {
    open_with(folder, &PingLogOptions::default())
}

fn open_with(folder: &Path, options: &PingLogOptions) -> Arc<SqlitePingLog> {
    Arc::new(SqlitePingLog::open(folder, options, |why| panic!("{why}")).unwrap())
}

/// The file itself, as somebody with SQLite at hand sees it.
fn file(folder: &Path) -> Connection {
    Connection::open(folder.join("ping-log.db")).unwrap()
}

async fn append(log: &SqlitePingLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        log.append(FIRST, numbered(number)).await.unwrap();
    }
}

async fn read_all(log: &SqlitePingLog) -> Vec<LogEntry> {
    log.read_after(FIRST, Position::START, usize::MAX).await.unwrap().entries
}

/// A record whose content is a number.
fn numbered(number: u64) -> Vec<u8> {
    [&8u32.to_le_bytes()[..], &number.to_le_bytes()].concat()
}

/// The numbers in entries that are whole.
fn numbers(entries: &[LogEntry]) -> Vec<u64> {
    let payloads = entries.iter().filter_map(|entry| match &entry.payload {
        Payload::Records(bytes) => Some(bytes),
        Payload::Damaged { .. } => None,
    });
    let records = payloads.flat_map(|bytes| record::split(bytes));
    records.map(|record| u64::from_le_bytes(record.unwrap()[4..].try_into().unwrap())).collect()
}
