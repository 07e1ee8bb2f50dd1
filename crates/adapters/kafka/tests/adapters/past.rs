//! A topic that is not what it was: made again, brought back from an older copy, or short of what
//! was not read yet. No reader skips what comes, no position is given twice, and what is lost is
//! told.

use std::fs;
use std::path::Path;
use std::process::Command;

use dayline_app::ports::{Lost, Partition, PingLog, PortError, Position};
use dayline_testkit::{Kafka, run, shared_kafka};

use crate::topics::{FIRST, append, make, open, open_fresh, operated, read_all, text};
use crate::until;

#[tokio::test]
async fn a_reader_of_a_topic_that_was_made_again_gets_all_of_the_new_one_at_later_positions() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    let other = open(&server).await;
    let operator = operated(&brokers, &server);
    let mut last = Position::START;
    for round in 0..3 {
        for n in 0..=round {
            append(&log, &format!("{round}.{n} ")).await;
        }
        let read = log.read_after(FIRST, last, usize::MAX).await.unwrap();
        assert_eq!(read.lost, None);
        let entries = read.entries;
        let expected: Vec<_> = (0..=round).map(|n| format!("{round}.{n} ")).collect();
        assert_eq!(text(&entries), expected.concat());
        assert!(entries[0].position > last);
        // Who comes from the same place reads the same.
        assert_eq!(read_all(&other, last).await, entries);
        last = entries.last().unwrap().position;
        log.settle(FIRST, last).await.unwrap();
        operator.delete();
        make(&server, 1).await;
        until("appends are accepted again", async || {
            log.append(Partition(1), b"again".to_vec()).await.is_ok()
        })
        .await;
    }
}

#[tokio::test]
async fn a_reader_is_told_of_a_new_topic_also_while_it_waits_at_the_end_of_the_old_one() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    let operator = operated(&brokers, &server);
    append(&log, "a").await;
    let last = read_all(&log, Position::START).await[0].position;
    assert_eq!(read_all(&log, last).await, []);
    operator.delete();
    make(&server, 1).await;
    // As many entries as the reader has seen of the old one, and one more.
    until("appends are accepted again", async || log.append(FIRST, b"b".to_vec()).await.is_ok()).await;
    append(&log, "c").await;
    let mut read = String::new();
    until("all of the new topic is read", async || {
        log.wait_beyond(FIRST, last).await;
        read =
            log.read_after(FIRST, last, usize::MAX).await.map_or(String::new(), |read| text(&read.entries));
        read.contains('b') && read.ends_with('c')
    })
    .await;
}

#[tokio::test]
async fn a_topic_made_again_with_fewer_partitions_gets_nothing() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    append(&log, "a").await;
    let operator = operated(&brokers, &server);
    operator.delete();
    operator.make(1, 1, &[("flush.messages", "1"), ("retention.ms", "-1"), ("max.message.bytes", "4194304")]);
    until("appends are refused", async || {
        let outcome = log.append(FIRST, b"b".to_vec()).await;
        outcome.is_err_and(|error| format!("{error:?}").contains("has 1 partitions, not 3"))
    })
    .await;
}

#[tokio::test]
async fn what_was_deleted_before_it_was_read_is_told_and_reading_goes_on_behind_it() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    let operator = operated(&brokers, &server);
    for text in ["a", "b", "c", "d", "e"] {
        append(&log, text).await;
    }
    let second = read_all(&log, Position::START).await[1].position;
    // By hand, beyond what the reader has.
    operator.delete_before(4);
    let late = open(&server).await;
    for _ in 0..2 {
        let read = late.read_after(FIRST, second, usize::MAX).await.unwrap();
        assert_eq!(text(&read.entries), "e");
        let up_to = Position { minor: 4, ..second };
        assert_eq!(read.lost, Some(Lost { up_to, entries: 2 }));
    }
    // By the topic's retention, while the reader is there.
    let last = read_all(&log, second).await.last().unwrap().position;
    operator.set(&[("retention.ms", "1")]);
    append(&log, "f").await;
    until("the retention has eaten it", async || operator.bounds()[0] == (6, 6)).await;
    operator.set(&[]);
    until("appends are accepted again", async || log.append(FIRST, b"g".to_vec()).await.is_ok()).await;
    let fresh = open(&server).await;
    let read = fresh.read_after(FIRST, last, usize::MAX).await.unwrap();
    assert!(text(&read.entries).ends_with('g') && !text(&read.entries).contains('f'));
    assert_eq!(read.lost.unwrap().entries, 1);
    assert!(read.entries[0].position > last);
}

#[tokio::test]
async fn a_reader_beyond_the_end_of_an_older_copy_reads_it_again_and_then_what_comes() {
    let Some(kafka) = Kafka::start(1) else { return };
    let (server, log) = open_fresh(&kafka.brokers(), 1).await;
    append(&log, "a").await;
    drop(log);
    kafka.stop(0);
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&kafka.folder(0), copy.path());
    kafka.start_again(0);
    let log = open(&server).await;
    for text in ["b", "c", "d"] {
        append(&log, text).await;
    }
    let last = read_all(&log, Position::START).await[3].position;
    assert_eq!(read_all(&log, last).await, []);
    kafka.kill(0);
    fs::remove_dir_all(kafka.folder(0)).unwrap();
    copy_folder(copy.path(), &kafka.folder(0));
    kafka.start_again(0);
    until("appends are accepted again", async || log.append(FIRST, b"x".to_vec()).await.is_ok()).await;
    let mut entries = Vec::new();
    until("the reader goes on", async || {
        entries = log.read_after(FIRST, last, usize::MAX).await.unwrap_or_default().entries;
        text(&entries).ends_with('x')
    })
    .await;
    assert!(text(&entries).starts_with('a'), "{}", text(&entries));
    assert!(entries[0].position > last);
    // A process that comes now finds the same.
    assert_eq!(read_all(&*open(&server).await, last).await, entries);
}

#[tokio::test]
async fn a_position_that_no_log_in_kafka_gives_is_an_error() {
    let Some(brokers) = shared_kafka() else { return };
    let (_, log) = open_fresh(&brokers, 1).await;
    let never = Position { major: u64::MAX, minor: 0 };
    assert!(matches!(log.read_after(FIRST, never, 1).await, Err(PortError::Corrupt(_))));
    append(&log, "a").await;
    assert_eq!(text(&read_all(&log, Position::START).await), "a");
}

fn copy_folder(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg("-T").args([from, to]));
}
