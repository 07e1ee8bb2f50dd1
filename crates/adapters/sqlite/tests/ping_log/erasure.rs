//! What was trimmed is in no file any more, not even as a remainder.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{Erased, Payload, PingLog, Position};
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::record;
use dayline_domain::{Interval, Observation, Source, Subject, UserId, UtcMs};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};
use rusqlite::Connection;

use crate::{FIRST, open_with};

const SECRET: &[u8] = b"secret-app-of-somebody-who-is-gone";

/// At the next opportunity, however early that is.
fn at_once() -> PingLogOptions {
    PingLogOptions { erase_within: Duration::ZERO, ..PingLogOptions::default() }
}

/// A record of so many bytes, with the secret again and again.
fn secret(bytes: usize) -> Vec<u8> {
    let content: Vec<u8> = SECRET.iter().copied().cycle().take(bytes).collect();
    [&(content.len() as u32).to_le_bytes()[..], &content].concat()
}

/// The files of the folder that have the secret in them.
fn traces(folder: &Path) -> Vec<String> {
    let has_it = |entry: &fs::DirEntry| {
        fs::read(entry.path()).unwrap().windows(SECRET.len()).any(|window| window == SECRET)
    };
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap).filter(has_it);
    entries.map(|entry| entry.file_name().display().to_string()).collect()
}

/// Waits until nothing is left; each check is a commit, after which the log goes on tidying.
async fn expect_no_trace(log: &SqlitePingLog, folder: &Path) {
    let begin = Instant::now();
    while !traces(folder).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(20), "still there: {:?}", traces(folder));
        log.check().await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_was_trimmed_is_in_no_file_after_the_next_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_with(folder.path(), &at_once());
    // Within a page, over some pages, and more than one commit deletes at a time.
    for bytes in [40, 3_000, 60_000, 3 << 20] {
        log.append(FIRST, secret(bytes)).await.unwrap();
        log.append(FIRST, secret(bytes)).await.unwrap();
    }
    assert!(!traces(folder.path()).is_empty(), "the search finds what is there");
    log.settle(FIRST, Position { major: 8, minor: 0 }).await.unwrap();
    expect_no_trace(&log, folder.path()).await;
}

#[tokio::test]
async fn what_is_still_to_be_read_stays() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_with(folder.path(), &at_once());
    log.append(FIRST, secret(5_000)).await.unwrap();
    let other = [&4_u32.to_le_bytes()[..], b"kept"].concat();
    log.append(FIRST, other.clone()).await.unwrap();
    log.settle(FIRST, Position { major: 1, minor: 0 }).await.unwrap();
    expect_no_trace(&log, folder.path()).await;
    drop(log);
    let log = open_with(folder.path(), &at_once());
    let entries = log.read_after(FIRST, Position::START, usize::MAX).await.unwrap().entries;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].position, Position { major: 2, minor: 0 });
}

#[tokio::test]
async fn what_is_erased_of_what_is_kept_is_in_no_file_after_the_next_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let keep = Keep { time: Duration::from_hours(1), bytes: 1 << 30 };
    let log = open_with(folder.path(), &PingLogOptions { keep, ..at_once() });
    let (ada, bob) = (UserId::from_bits(1), UserId::from_bits(2));
    let said = |user, app| {
        let source = Source::new("laptop", app, None).unwrap();
        let interval = Interval::new(UtcMs(0), UtcMs(5)).unwrap();
        let observation = Observation::new(Arc::new(Subject::from(&*source)), interval);
        record::encode_observations(user, std::iter::repeat_n(&observation, 1_000))
    };
    let (hers, his) = (said(ada, str::from_utf8(SECRET).unwrap()), said(bob, "Mail"));
    for _ in 0..300 {
        log.append(FIRST, [&hers[..], &his].concat()).await.unwrap();
    }
    assert!(!traces(folder.path()).is_empty(), "the search finds what is there");
    log.settle(FIRST, Position { major: 300, minor: 0 }).await.unwrap();
    log.erase(FIRST, Erased { user: ada, by: None }).await.unwrap();
    expect_no_trace(&log, folder.path()).await;
    let entries = log.read_after(FIRST, Position::START, usize::MAX).await.unwrap().entries;
    assert!(entries.iter().all(|entry| entry.payload == Payload::Records(his.clone())));
    assert_eq!(entries.len(), 300);
}

#[tokio::test]
async fn what_an_earlier_release_only_unlinked_is_gone_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(open_with(folder.path(), &PingLogOptions::default()));
    let file = Connection::open(folder.path().join("ping-log.db")).unwrap();
    file.pragma_update(None, "secure_delete", false).unwrap();
    let insert = "INSERT INTO entries (position, total, format, crc, payload) VALUES (1, 50000, 1, 0, ?1)";
    file.execute(insert, [secret(50_000)]).unwrap();
    file.execute("DELETE FROM entries", []).unwrap();
    drop(file);
    assert!(!traces(folder.path()).is_empty());
    let log = open_with(folder.path(), &at_once());
    expect_no_trace(&log, folder.path()).await;
}
