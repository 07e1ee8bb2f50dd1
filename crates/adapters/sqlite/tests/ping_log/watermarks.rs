//! A log that is full says so, and when it is not any more; memory is bounded, too.

use std::sync::Arc;

use dayline_app::ports::{AppendError, PingLog, Position};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};
use rusqlite::TransactionBehavior;

use crate::{FIRST, append, file, numbered, open_with};

/// Full at ten records, open again below six.
fn narrow() -> PingLogOptions {
    let record = numbered(0).len() as u64;
    PingLogOptions { high_bytes: 10 * record, low_bytes: 6 * record, ..PingLogOptions::default() }
}

async fn is_full(log: &SqlitePingLog) -> bool {
    match log.append(FIRST, numbered(0)).await {
        Ok(()) => false,
        Err(AppendError::Full { retry_after_s }) => {
            assert!(retry_after_s >= 1);
            true
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn trim(log: &SqlitePingLog, up_to: u64) {
    log.settle(FIRST, Position { major: up_to, minor: 0 }).await.unwrap();
}

#[tokio::test]
async fn a_log_is_full_from_the_high_watermark_until_below_the_low_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_with(folder.path(), &narrow());
    append(&log, 0..9).await;
    assert!(!is_full(&log).await, "below the high watermark");
    assert!(is_full(&log).await, "at the high watermark");
    assert!(log.check().await.is_err(), "nothing can be appended");
    trim(&log, 4).await;
    assert!(is_full(&log).await, "at the low watermark");
    trim(&log, 5).await;
    assert_eq!(log.check().await, Ok(()));
    assert!(!is_full(&log).await, "below the low watermark");
    append(&log, 0..3).await;
    assert!(!is_full(&log).await, "below the high watermark again");
    assert!(is_full(&log).await, "at the high watermark again");
    assert_eq!(log.depth().await.unwrap().entries, 10);
}

#[tokio::test]
async fn a_full_log_is_still_full_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    append(&open_with(folder.path(), &narrow()), 0..10).await;
    let log = open_with(folder.path(), &narrow());
    assert!(is_full(&log).await);
    trim(&log, 10).await;
    assert!(!is_full(&log).await);
}

#[tokio::test]
async fn a_low_watermark_above_the_high_one_counts_as_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_with(folder.path(), &PingLogOptions { low_bytes: u64::MAX, ..narrow() });
    append(&log, 0..10).await;
    assert!(is_full(&log).await);
    trim(&log, 1).await;
    assert!(!is_full(&log).await);
}

#[tokio::test]
async fn what_gathers_in_memory_is_bounded_and_none_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let record = numbered(0).len();
    let options = PingLogOptions { max_pending_bytes: 10 * record, ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    // While somebody else writes to the file the log's writer can't.
    let mut file = file(folder.path());
    let other = file.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let appends: Vec<_> = (0..64)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(FIRST, numbered(number)).await })
        })
        .collect();
    // One runtime thread: all of them have begun when this goes on.
    tokio::task::yield_now().await;
    other.rollback().unwrap();
    let mut accepted = 0;
    for append in appends {
        match append.await.unwrap() {
            Ok(()) => accepted += 1,
            Err(AppendError::Full { retry_after_s: 1 }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    // What gathers, and what the writer may have taken before.
    assert!((10..=20).contains(&accepted), "{accepted}");
    assert_eq!(log.depth().await.unwrap().bytes, accepted * record as u64);
}

#[tokio::test]
async fn a_record_larger_than_what_may_gather_is_an_entry_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let options = PingLogOptions { max_pending_bytes: 4, ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    append(&log, 0..3).await;
    assert_eq!(log.depth().await.unwrap().entries, 3);
}
