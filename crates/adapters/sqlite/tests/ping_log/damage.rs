//! Bytes that are not what was written: found, told, and got over.

use std::path::Path;

use dayline_app::ports::{LogEntry, Payload, PingLog, Position};
use tempfile::TempDir;

use crate::{FIRST, append, file, numbers, open, read_all};

/// A log of five entries, closed, with this done to its file.
async fn log_with(damage: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    append(&open(folder.path()), 0..5).await;
    file(folder.path()).execute_batch(damage).unwrap();
    folder
}

/// What is said about the one damaged entry, which must be the third; the others must be whole.
async fn reason(folder: &Path) -> (Vec<u8>, String) {
    let entries = read_all(&open(folder)).await;
    assert_eq!(numbers(&entries), [0, 1, 3, 4]);
    match &entries[2] {
        LogEntry {
            position: Position { major: 3, minor: 0 },
            payload: Payload::Damaged { bytes, reason },
        } => (bytes.clone(), reason.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn flipped_bytes_are_found_and_spare_the_other_entries() {
    let folder =
        log_with("UPDATE entries SET payload = x'080000000200FF0000000000' WHERE position = 3").await;
    let (bytes, reason) = reason(folder.path()).await;
    assert_eq!((bytes.len(), bytes[6]), (12, 0xFF));
    assert_eq!(reason, "ping log entry 3 has a wrong checksum");
}

#[tokio::test]
async fn a_payload_that_is_cut_off_is_found() {
    let folder = log_with("UPDATE entries SET payload = substr(payload, 1, 7) WHERE position = 3").await;
    let (bytes, reason) = reason(folder.path()).await;
    assert_eq!(bytes, [8, 0, 0, 0, 2, 0, 0]);
    assert_eq!(reason, "ping log entry 3 has a wrong checksum");
}

#[tokio::test]
async fn an_empty_payload_is_found() {
    let folder = log_with("UPDATE entries SET payload = x'' WHERE position = 3").await;
    assert_eq!(reason(folder.path()).await.1, "ping log entry 3 has a wrong checksum");
}

#[tokio::test]
async fn an_entry_at_the_place_of_another_is_found() {
    let folder = log_with(
        "UPDATE entries SET (format, crc, payload) = (SELECT format, crc, payload FROM entries WHERE position = 2)
         WHERE position = 3",
    )
    .await;
    assert_eq!(reason(folder.path()).await.1, "ping log entry 3 has a wrong checksum");
}

#[tokio::test]
async fn an_entry_of_an_unknown_format_is_told_as_such() {
    let folder = log_with("UPDATE entries SET format = 7 WHERE position = 3").await;
    assert_eq!(reason(folder.path()).await.1, "ping log entry 3 has the unknown format 7");
}

#[tokio::test]
async fn a_log_with_damage_accepts_and_trims_as_ever() {
    let folder = log_with("UPDATE entries SET payload = x'00' WHERE position = 3").await;
    let log = open(folder.path());
    append(&log, 5..7).await;
    log.settle(FIRST, Position { major: 3, minor: 0 }).await.unwrap();
    append(&log, 7..8).await;
    assert_eq!(numbers(&read_all(&log).await), [3, 4, 5, 6, 7]);
}

/// Pages of the file that can't be read as what they should be.
#[tokio::test]
async fn a_reader_gets_over_pages_that_are_destroyed_and_appends_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for number in 0..300 {
        let record = [&1_000u32.to_le_bytes()[..], &[number as u8; 1_000]].concat();
        log.append(FIRST, record).await.unwrap();
    }
    drop(log);
    let destroyed = destroy_a_page_in_the_middle(&folder.path().join("ping-log.db"));
    let log = open(folder.path());
    let (mut whole, mut damaged, mut after) = (0, Vec::new(), Position::START);
    loop {
        let entries = log.read_after(FIRST, after, 1 << 20).await.unwrap().entries;
        let Some(last) = entries.last() else { break };
        after = last.position;
        for entry in &entries {
            match &entry.payload {
                Payload::Records(_) => whole += 1,
                Payload::Damaged { reason, .. } => damaged.push((entry.position.major, reason.clone())),
            }
        }
    }
    assert_eq!(whole + damaged.len(), 300);
    assert!((1..=8).contains(&damaged.len()), "page {destroyed}: {damaged:?}");
    assert!(damaged.iter().all(|(_, reason)| reason.contains("can't be read")), "{damaged:?}");
    // The deletion fails, and neither the trim nor the append that it goes with do.
    log.settle(FIRST, after).await.unwrap();
    append(&log, 7..8).await;
    assert_eq!(numbers(&read_all(&log).await), [7]);
    drop(log);
    assert_eq!(numbers(&read_all(&open(folder.path())).await), [7]);
}

/// Overwrites a leaf of the entries (they are the bulk of the file) with what is no page.
fn destroy_a_page_in_the_middle(path: &Path) -> usize {
    const PAGE: usize = 4096;
    const LEAF_OF_TABLE: u8 = 13;
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / PAGE / 2;
    let page = (middle..bytes.len() / PAGE).find(|page| bytes[page * PAGE] == LEAF_OF_TABLE).unwrap();
    bytes[page * PAGE..(page + 1) * PAGE].fill(0xFF);
    std::fs::write(path, bytes).unwrap();
    page
}
