//! A process that ends in the midst of anything: everything that was acknowledged is there.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dayline_app::ports::{LogEntry, Payload, PingLog, Position};
use dayline_sqlite::{PingLogOptions, SqlitePingLog};

use crate::{FIRST, numbered, numbers, open, open_with, read_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_in_mid_flight_has_everything_acknowledged_before() {
    let folder = tempfile::tempdir().unwrap();
    // Files are copied one after another, which is only like a crash as long as the write-ahead log
    // does not begin anew.
    let options = PingLogOptions { wal_bytes: u64::MAX, ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    let (acknowledged, stop) = (Arc::<Mutex<Vec<u64>>>::default(), Arc::<AtomicBool>::default());
    let appenders: Vec<_> = (0..16)
        .map(|appender| {
            let (log, acknowledged, stop) = (Arc::clone(&log), Arc::clone(&acknowledged), Arc::clone(&stop));
            tokio::spawn(async move {
                for number in (appender..).step_by(16) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    log.append(FIRST, numbered(number)).await.unwrap();
                    acknowledged.lock().unwrap().push(number);
                }
            })
        })
        .collect();
    for _ in 0..10 {
        wait_for_more(&acknowledged).await;
        let promised = acknowledged.lock().unwrap().clone();
        let copy = tempfile::tempdir().unwrap();
        for file in ["ping-log.db", "ping-log.db-wal"] {
            fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
        }
        let entries = read_all(&open(copy.path())).await;
        assert_whole(&entries);
        let found: BTreeSet<u64> = numbers(&entries).into_iter().collect();
        let missing: Vec<_> = promised.iter().filter(|number| !found.contains(number)).collect();
        assert!(missing.is_empty(), "of {} acknowledged {missing:?} are missing", promised.len());
    }
    stop.store(true, Ordering::Relaxed);
    for appender in appenders {
        appender.await.unwrap();
    }
}

async fn wait_for_more(acknowledged: &Mutex<Vec<u64>>) {
    let before = acknowledged.lock().unwrap().len();
    while acknowledged.lock().unwrap().len() < before + 50 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

const CHILD_FOLDER: &str = "PING_LOG_CHILD_FOLDER";

/// The child of the test below: appends, reads and trims until it is killed. It writes down what
/// was acknowledged, and before each trim what was read.
#[tokio::test]
#[ignore = "started by a_killed_process_loses_nothing_it_acknowledged"]
async fn appends_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let folder = Path::new(&folder);
    // The write-ahead log begins anew all the time.
    let options = PingLogOptions { wal_bytes: 128 << 10, ..PingLogOptions::default() };
    let log: Arc<SqlitePingLog> = open_with(folder, &options);
    let next = Arc::new(AtomicU64::new(read_numbers(&folder.join("begun")).len() as u64));
    let [begun, acknowledged] = ["begun", "acknowledged"].map(|name| Arc::new(append_to(&folder.join(name))));
    for _ in 0..16 {
        let (log, next) = (Arc::clone(&log), Arc::clone(&next));
        let (begun, acknowledged) = (Arc::clone(&begun), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                (&*begun).write_all(&number.to_le_bytes()).unwrap();
                log.append(FIRST, numbered(number)).await.unwrap();
                (&*acknowledged).write_all(&number.to_le_bytes()).unwrap();
            }
        });
    }
    let mut settled = append_to(&folder.join("settled"));
    let mut after = Position::START;
    loop {
        log.wait_beyond(FIRST, after).await;
        let entries = log.read_after(FIRST, after, 4 << 10).await.unwrap().entries;
        let Some(last) = entries.last() else { continue };
        assert_whole(&entries);
        let bytes: Vec<u8> = numbers(&entries).iter().flat_map(|number| number.to_le_bytes()).collect();
        settled.write_all(&bytes).unwrap();
        after = last.position;
        log.settle(FIRST, after).await.unwrap();
        // Most of what was acknowledged should be found in the log itself.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut last_position = 0;
    for round in 0..8u64 {
        let acknowledged = folder.path().join("acknowledged");
        let before = read_numbers(&acknowledged).len();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::appends_until_it_is_killed", "--exact", "--ignored"])
            .env(CHILD_FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // At any moment of its life: soon after its start, or in full flight.
        let (begin, enough) = (Instant::now(), before + 40 * round as usize);
        while read_numbers(&acknowledged).len() <= enough && begin.elapsed() < Duration::from_mins(1) {
            assert_eq!(child.try_wait().unwrap(), None, "the child ended by itself");
            tokio::time::sleep(Duration::from_millis(1 + round)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let entries = read_all(&open(folder.path())).await;
        assert_whole(&entries);
        let in_log = numbers(&entries);
        let found: BTreeSet<_> =
            read_numbers(&folder.path().join("settled")).into_iter().chain(in_log.iter().copied()).collect();
        let missing: Vec<_> =
            read_numbers(&acknowledged).into_iter().filter(|n| !found.contains(n)).collect();
        assert!(missing.is_empty(), "round {round}: {missing:?} were acknowledged and are missing");
        assert_eq!(in_log.len(), in_log.iter().collect::<BTreeSet<_>>().len(), "round {round}: doubled");
        let position = entries.last().map_or(last_position, |entry| entry.position.major);
        assert!(position >= last_position, "round {round}: positions went back");
        last_position = position;
    }
}

fn assert_whole(entries: &[LogEntry]) {
    assert!(entries.iter().all(|entry| matches!(entry.payload, Payload::Records(_))));
    assert!(entries.windows(2).all(|pair| pair[0].position.major + 1 == pair[1].position.major));
}

fn append_to(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

/// The numbers in a file to which each was written in one go; none if there is no file.
fn read_numbers(path: &Path) -> Vec<u64> {
    let bytes = fs::read(path).unwrap_or_default();
    bytes.chunks_exact(8).map(|number| u64::from_le_bytes(number.try_into().unwrap())).collect()
}
