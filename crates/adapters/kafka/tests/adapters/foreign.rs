//! What others do to the topic: damage, records that are not ours, partitions there are not,
//! several readers.

use dayline_app::ports::{AppendError, Partition, Payload, PingLog, PortError, Position};
use dayline_testkit::shared_kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::topics::{FIRST, append, open, open_fresh, read_all, text};

#[tokio::test]
async fn damaged_entries_are_read_as_such_in_their_place_and_stop_nothing() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    append(&log, "a").await;
    let other: FutureProducer = ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    for bytes in [&b"oops"[..], b"", b"a wrong checksum\x01", b"an unknown format\x09"] {
        let record = FutureRecord::<(), [u8]>::to(server.topic()).partition(0).payload(bytes);
        other.send_result(record).unwrap().await.unwrap().unwrap();
    }
    append(&log, "b").await;
    let entries = read_all(&log, Position::START).await;
    assert_eq!(text(&entries), "a<oops><><a wrong checksum\u{1}><an unknown format\u{9}>b");
    for entry in &entries {
        if let Payload::Damaged { reason, .. } = &entry.payload {
            assert!(reason.contains(&entry.position.to_string()), "{reason}");
        }
    }
    log.settle(FIRST, entries[4].position).await.unwrap();
    assert_eq!(text(&read_all(&log, Position::START).await), "b");
}

#[tokio::test]
async fn partitions_there_are_not_are_refused() {
    let Some(brokers) = shared_kafka() else { return };
    let (_, log) = open_fresh(&brokers, 1).await;
    let none = Partition(3);
    assert!(matches!(log.append(none, vec![1]).await, Err(AppendError::Unavailable(_))));
    assert!(matches!(log.read_after(none, Position::START, 1).await, Err(PortError::Rejected(_))));
    assert!(matches!(log.settle(none, Position::START).await, Err(PortError::Rejected(_))));
    log.wait_beyond(none, Position::START).await;
}

#[tokio::test]
async fn processes_read_what_others_append_and_each_at_its_own_pace() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    let other = open(&server).await;
    for text in ["a", "b", "c", "d"] {
        append(&log, text).await;
    }
    let entries = read_all(&log, Position::START).await;
    assert_eq!(read_all(&other, Position::START).await, entries);
    assert_eq!(text(&read_all(&other, entries[0].position).await), "bcd");
    // Nothing is missed that was appended elsewhere before the read.
    let mut after = entries[3].position;
    for n in 0..20 {
        append(&log, &n.to_string()).await;
        let entries = read_all(&other, after).await;
        assert_eq!(text(&entries), n.to_string());
        after = entries[0].position;
    }
    log.settle(FIRST, entries[2].position).await.unwrap();
    other.settle(FIRST, entries[0].position).await.unwrap();
    assert!(text(&read_all(&log, Position::START).await).starts_with("d01"));
}

#[tokio::test]
async fn a_waiting_reader_hears_of_what_another_process_appends() {
    let Some(brokers) = shared_kafka() else { return };
    let (server, log) = open_fresh(&brokers, 1).await;
    let other = open(&server).await;
    let mut after = Position::START;
    for _ in 0..5 {
        assert_eq!(read_all(&other, after).await, []);
        let (begin, waiting) = (tokio::time::Instant::now(), other.wait_beyond(FIRST, after));
        let appended = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            append(&log, "x").await;
        };
        tokio::join!(waiting, appended);
        let waited = begin.elapsed();
        assert!(waited < std::time::Duration::from_millis(800), "told by nobody: {waited:?}");
        after = read_all(&other, after).await[0].position;
    }
}
