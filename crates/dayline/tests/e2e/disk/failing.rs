//! A slow, full or failing disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;

use super::shim::Disk;
use super::trace::{self, Act, Event};
use super::writing::{Writer, app};
use super::{expect_all_stored, installation_with_writers, start_on};

const LOG: &str = "ping-log";
const LEDGER: &str = "dayline.db";

/// A ping's app, and how long the trace was when its 202 came.
type Acknowledged = Vec<(String, u64)>;

async fn send_and_look(mut writer: Writer, number: usize, trace: &Path) -> (Writer, Acknowledged) {
    let mut acknowledged = Vec::new();
    for _ in 0..15 {
        let ping = writer.send(1).await.unwrap();
        acknowledged.push((app(number, ping), fs::metadata(trace).unwrap().len()));
    }
    (writer, acknowledged)
}

/// Where in the trace the ping is written to the log and a sync that began after that has ended.
fn durable_at(events: &[Event], app: &str) -> Option<u64> {
    let mut written = false;
    let mut begun = BTreeMap::new();
    for event in events.iter().filter(|event| event.file.starts_with(LOG)) {
        match &event.act {
            Act::Write { bytes, .. } => written |= bytes.windows(app.len()).any(|at| at == app.as_bytes()),
            Act::SyncBegin { number } => drop(begun.insert(*number, written)),
            Act::SyncEnd { number } if begun[number] => return Some(event.end),
            _ => {}
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn no_202_comes_before_the_sync_that_covers_it_has_ended() {
    let (installation, writers) = installation_with_writers(4).await;
    let trace = installation.folder().join("trace");
    let mut server = start_on(&installation, &Disk::default().slow(30).traced(&trace));
    let mut tasks = JoinSet::new();
    for (number, writer) in writers.into_iter().enumerate() {
        let trace = trace.clone();
        tasks.spawn(async move { send_and_look(writer, number, &trace).await });
    }
    let outcomes = tasks.join_all().await;
    server.kill();
    let events = trace::read(&trace);
    let mut looked_at = 0;
    for (app, seen) in outcomes.iter().flat_map(|(_, acknowledged)| acknowledged) {
        let durable = durable_at(&events, app).unwrap_or(u64::MAX);
        assert!(durable <= *seen, "{app} was durable at {durable} of the trace, its 202 came at {seen}");
        looked_at += 1;
    }
    assert_eq!(looked_at, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_sync_there_is_no_202_and_the_server_ends_itself() {
    let (installation, mut writers) = installation_with_writers(1).await;
    let mut server = start_on(&installation, &Disk::default().fails_sync(12, LOG));
    let mut refused = 0;
    for _ in 0..40 {
        match writers[0].send(1).await {
            Ok(_) => assert_eq!(refused, 0, "a 202 after a failed sync"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 0 && refused < 40, "{refused} requests were refused");
    assert_eq!(server.wait(Duration::from_secs(5)).code(), Some(3));
    assert!(installation.log().contains("the disk failed"));

    let _server = installation.start(&[]);
    expect_all_stored(&installation, &writers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_there_is_no_202_and_with_space_again_all_goes_on() {
    let (installation, mut writers) = installation_with_writers(1).await;
    let full = installation.folder().join("full");
    let mut server = start_on(&installation, &Disk::default().full_while(&full));
    for round in 0..3 {
        for _ in 0..10 {
            writers[0].send(1).await.unwrap();
        }
        fs::write(&full, "").unwrap();
        for _ in 0..10 {
            assert!(writers[0].send(1).await.is_err(), "a 202 on a full disk");
        }
        fs::remove_file(&full).unwrap();
        if round == 1 {
            server.kill();
            server = start_on(&installation, &Disk::default().full_while(&full));
        }
    }
    writers[0].send(1).await.unwrap();
    // The same server gets there, without a restart.
    expect_all_stored(&installation, &writers).await;
    server.kill();
    let _server = installation.start(&[]);
    expect_all_stored(&installation, &writers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_write_or_sync_fails_nothing_acknowledged_is_lost() {
    let (installation, mut writers) = installation_with_writers(1).await;
    let mut acknowledged = 0;
    for n in [1, 2, 4, 9, 17] {
        for of in [LOG, LEDGER] {
            for disk in [Disk::default().fails_write(n, of), Disk::default().fails_sync(n, of)] {
                // It may end at once, or after some pings, or go on.
                let server = installation.spawn_with(&[], &disk.under(&installation));
                for _ in 0..12 {
                    let _ = writers[0].send(1).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                drop(server);
                let server = installation.start(&[]);
                expect_all_stored(&installation, &writers).await;
                drop(server);
            }
        }
        acknowledged = writers[0].sent.acknowledged.len();
    }
    assert!(acknowledged > 60, "only {acknowledged} pings were acknowledged at all");
}
