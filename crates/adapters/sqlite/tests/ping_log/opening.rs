//! Which files and folders are opened, which are refused, and where positions go on.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dayline_app::ports::{LogDepth, Lost, PingLog, Position};
use dayline_app::tracking::keep::Keep;
use dayline_sqlite::{OpenPingLogError, PingLogOptions, SqlitePingLog};

use crate::{FIRST, append, file, numbered, numbers, open, open_with, read_all};

fn refusal(folder: &Path) -> OpenPingLogError {
    match SqlitePingLog::open(folder, &PingLogOptions::default(), |_| {}) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, 0..1).await;
    let error = refusal(folder.path());
    assert!(matches!(error, OpenPingLogError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
    append(&log, 1..2).await;
    drop(log);
    assert_eq!(numbers(&read_all(&open(folder.path())).await), [0, 1]);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    file(folder.path()).pragma_update(None, "user_version", 2).unwrap();
    let before = fs::read(folder.path().join("ping-log.db")).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, OpenPingLogError::Newer { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().ends_with("has the version 2, this program knows up to 1"), "{error}");
    assert_eq!(fs::read(folder.path().join("ping-log.db")).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let others = ["PRAGMA application_id = 42", "CREATE TABLE entries (position)", "PRAGMA user_version = 1"];
    for other in others {
        let folder = tempfile::tempdir().unwrap();
        file(folder.path()).execute_batch(other).unwrap();
        let before = fs::read(folder.path().join("ping-log.db")).unwrap();
        let error = refusal(folder.path());
        assert!(matches!(error, OpenPingLogError::Foreign { .. }), "{other}: {error}");
        assert!(error.to_string().contains("is not a ping log"), "{error}");
        assert_eq!(fs::read(folder.path().join("ping-log.db")).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = "once upon a time there was a file, and it was long enough to be anything. ".repeat(20);
    fs::write(folder.path().join("ping-log.db"), &text).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, OpenPingLogError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("ping-log.db")).unwrap(), text);
}

#[tokio::test]
async fn an_empty_file_becomes_a_log() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ping-log.db"), "").unwrap();
    let log = open(folder.path());
    append(&log, 0..1).await;
    assert_eq!(numbers(&read_all(&log).await), [0]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere");
    assert!(refusal(&missing).to_string().contains("nowhere"));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, 0..1).await;
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_lost_file_is_begun_after_the_position_of_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    let settled = Position { major: 1_000, minor: 0 };
    let log = open_with(folder.path(), &PingLogOptions { settled, ..PingLogOptions::default() });
    assert_eq!(log.depth().await.unwrap(), LogDepth::default());
    append(&log, 0..2).await;
    let entries = log.read_after(FIRST, settled, usize::MAX).await.unwrap().entries;
    assert_eq!(entries.iter().map(|entry| entry.position.major).collect::<Vec<_>>(), [1_001, 1_002]);
    drop(log);
    assert_eq!(read_all(&open(folder.path())).await, entries);
}

#[tokio::test]
async fn what_is_settled_and_not_to_be_kept_is_trimmed_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    append(&open(folder.path()), 0..10).await;
    for (settled, left) in [(4, 6), (4, 6), (2, 6), (10, 0)] {
        let settled = Position { major: settled, minor: 0 };
        let log = open_with(folder.path(), &PingLogOptions { settled, ..PingLogOptions::default() });
        let bytes = left * numbered(0).len() as u64;
        assert_eq!(log.depth().await.unwrap(), LogDepth { entries: left, bytes });
        assert_eq!(read_all(&log).await.len() as u64, left);
    }
}

#[tokio::test]
async fn a_ledger_that_comes_back_older_finds_what_is_kept_and_is_told_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let keep = Keep { time: Duration::from_hours(1), bytes: 1 << 20 };
    append(&open(folder.path()), 0..10).await;
    let at = |major| Position { major, minor: 0 };
    let size = numbered(0).len() as u64;
    for (settled, waiting) in [(8, 2), (10, 0), (3, 7)] {
        let options = PingLogOptions { keep, settled: at(settled), ..PingLogOptions::default() };
        let log = open_with(folder.path(), &options);
        assert_eq!(log.depth().await.unwrap(), LogDepth { entries: waiting, bytes: waiting * size });
        let read = log.read_after(FIRST, at(settled), usize::MAX).await.unwrap();
        assert_eq!((read.lost, read.entries.len() as u64), (None, waiting));
    }
    // Without anything to be kept, the first five go.
    drop(open_with(folder.path(), &PingLogOptions { settled: at(5), ..PingLogOptions::default() }));
    let options = PingLogOptions { keep, settled: at(3), ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    append(&log, 10..11).await;
    let read = log.read_after(FIRST, at(3), usize::MAX).await.unwrap();
    assert_eq!(read.lost, Some(Lost { up_to: at(5), entries: 2 }));
    assert_eq!(numbers(&read.entries), (5..11).collect::<Vec<_>>());
}

#[tokio::test]
async fn opening_takes_no_longer_with_a_large_backlog() {
    const ENTRIES: u64 = 200_000;
    let folder = tempfile::tempdir().unwrap();
    append(&open(folder.path()), 0..1).await;
    let size = numbered(0).len() as u64;
    let fill = format!(
        "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < {ENTRIES})
         INSERT INTO entries SELECT n, n * {size}, 1, 0, zeroblob({size}) FROM n"
    );
    file(folder.path()).execute_batch(&fill).unwrap();
    let start = Instant::now();
    let log = open(folder.path());
    let took = start.elapsed();
    assert_eq!(log.depth().await.unwrap(), LogDepth { entries: ENTRIES, bytes: ENTRIES * size });
    // A look at every entry takes longer than this even where opening is quick; usually it is a few
    // milliseconds.
    assert!(took < Duration::from_secs(1), "{took:?}");
}
