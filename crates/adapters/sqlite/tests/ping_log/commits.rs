//! What a commit takes, when it lets go of those who wait, and what stays of it in the file.

use std::sync::Arc;
use std::task::Poll;

use dayline_app::ports::{AppendError, Partition, PingLog, PortError, Position};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::{FIRST, append, file, numbered, numbers, open, open_with, read_all};

/// Keeps the log's writer from committing for as long as it lives (up to the five seconds the
/// writer waits).
fn hold(file: &mut Connection) -> Transaction<'_> {
    file.transaction_with_behavior(TransactionBehavior::Immediate).unwrap()
}

/// Starts an append and leaves it alone; the file is held, so that it can't be over before that.
async fn begin(log: &SqlitePingLog, number: u64) {
    let mut append = log.append(FIRST, numbered(number));
    std::future::poll_fn(|context| {
        assert!(append.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn an_append_returns_only_after_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut file = file(folder.path());
    let held = hold(&mut file);
    let mut append = log.append(FIRST, numbered(1));
    for _ in 0..50 {
        assert!(matches!(
            std::future::poll_fn(|c| Poll::Ready(append.as_mut().poll(c))).await,
            Poll::Pending
        ));
        std::thread::yield_now();
    }
    assert_eq!(numbers(&read_all(&log).await), []);
    held.rollback().unwrap();
    append.await.unwrap();
    assert_eq!(numbers(&read_all(&log).await), [1]);
}

#[tokio::test]
async fn what_gathers_during_a_commit_is_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut file = file(folder.path());
    let held = hold(&mut file);
    let appends: Vec<_> = (0..64)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(FIRST, numbered(number)).await })
        })
        .collect();
    // One runtime thread: all of them have begun when this goes on.
    tokio::task::yield_now().await;
    held.rollback().unwrap();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    let entries = read_all(&log).await;
    // Those that the writer took at once, and all others.
    assert!(entries.len() <= 2, "{}", entries.len());
    assert_eq!(numbers(&entries), (0..64).collect::<Vec<_>>());
}

#[tokio::test]
async fn closing_commits_what_was_begun() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut file = file(folder.path());
    let held = hold(&mut file);
    for number in 0..10 {
        begin(&log, number).await;
    }
    held.rollback().unwrap();
    drop(log);
    assert_eq!(numbers(&read_all(&open(folder.path())).await), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_append_that_is_given_up_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut file = file(folder.path());
    for number in 0..100 {
        let held = hold(&mut file);
        begin(&log, 1_000 + number).await;
        held.rollback().unwrap();
        append(&log, number..number + 1).await;
    }
    let found = numbers(&read_all(&log).await);
    assert_eq!(
        found.iter().copied().filter(|&n| n < 1_000).collect::<Vec<_>>(),
        (0..100).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_empty_record_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    log.append(FIRST, Vec::new()).await.unwrap();
    assert_eq!(read_all(&log).await, []);
}

#[tokio::test]
async fn there_is_one_partition_and_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let second = Partition(1);
    assert_eq!(log.partitions(), 1);
    assert!(matches!(log.append(second, numbered(0)).await, Err(AppendError::Unavailable(_))));
    assert!(matches!(log.read_after(second, Position::START, 1).await, Err(PortError::Rejected(_))));
    assert!(matches!(log.settle(second, Position::START).await, Err(PortError::Rejected(_))));
}

#[tokio::test]
async fn trimmed_entries_leave_the_file_with_the_next_commits() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, 0..10).await;
    log.settle(FIRST, Position { major: 7, minor: 0 }).await.unwrap();
    append(&log, 10..11).await;
    let left: i64 =
        file(folder.path()).query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 4);
}

/// 32 appenders write 12 MiB in all; what is there at a time is far less.
#[tokio::test]
async fn the_files_stay_small_when_the_reader_keeps_up() {
    const RECORD: usize = 16 << 10;
    let folder = tempfile::tempdir().unwrap();
    let options = PingLogOptions { wal_bytes: 1 << 20, ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    let appenders: Vec<_> = (0..32)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for _ in 0..24 {
                    let record = [&(RECORD as u32).to_le_bytes()[..], &[7; RECORD]].concat();
                    log.append(FIRST, record).await.unwrap();
                    log.settle(FIRST, Position { major: u64::MAX, minor: 0 }).await.unwrap();
                }
            })
        })
        .collect();
    for appender in appenders {
        appender.await.unwrap();
    }
    for (file, most) in [("ping-log.db", 4 << 20), ("ping-log.db-wal", 6 << 20)] {
        let size = std::fs::metadata(folder.path().join(file)).unwrap().len();
        assert!(size < most, "{file} has {size} bytes");
    }
}
