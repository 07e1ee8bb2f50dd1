//! Tests of the ping log on disks that are full or fail.

use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

use dayline_app::ports::Payload;
use dayline_app::tracking::record;
use rusqlite::ffi;
use tempfile::TempDir;

use super::*;

/// A log whose disk does what a test says.
struct Rig {
    log: SqlitePingLog,
    fault: Arc<AtomicI32>,
    /// What the process was told when it had to stop.
    fatal: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Rig {
    fn new(prepare: impl FnOnce(&LogFile)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, options) = (folder.path().join(FILE), PingLogOptions::default());
        let log_file = LogFile::open(&path, &options).unwrap();
        prepare(&log_file);
        let (fault, fatal) = (Arc::clone(&log_file.fault), Arc::<Mutex<Vec<String>>>::default());
        let told = Arc::clone(&fatal);
        let tell = Box::new(move |why: &str| told.lock().unwrap().push(why.to_owned()));
        let lock = lock(&folder.path().join(LOCK_FILE)).unwrap();
        let log = SqlitePingLog::start(lock, path, log_file, &options, tell).unwrap();
        Self { log, fault, fatal, folder }
    }

    async fn append(&self, content: &[u8]) -> Result<(), AppendError> {
        self.log.append(Partition(0), framed(content)).await
    }

    async fn contents(&self) -> Vec<Vec<u8>> {
        contents(&self.log).await
    }

    /// What a new process finds.
    async fn contents_after_restart(self) -> Vec<Vec<u8>> {
        drop(self.log);
        contents(&open(self.folder.path())).await
    }
}

fn open(folder: &Path) -> SqlitePingLog {
    SqlitePingLog::open(folder, &PingLogOptions::default(), |why| panic!("{why}")).unwrap()
}

fn framed(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_le_bytes(), content].concat()
}

async fn contents(log: &SqlitePingLog) -> Vec<Vec<u8>> {
    let entries = log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap().entries;
    let payloads = entries.iter().map(|entry| match &entry.payload {
        Payload::Records(bytes) => bytes,
        Payload::Damaged { reason, .. } => panic!("{reason}"),
    });
    payloads.flat_map(|bytes| record::split(bytes)).map(|record| record.unwrap()[4..].to_vec()).collect()
}

fn is_unavailable<T>(outcome: &Result<T, AppendError>) -> bool {
    matches!(outcome, Err(AppendError::Unavailable(_)))
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_is_accepted_ever_again_and_the_process_is_told() {
    for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC] {
        let rig = Rig::new(|_| {});
        rig.append(b"before").await.unwrap();
        rig.fault.store(code, Ordering::SeqCst);
        assert!(is_unavailable(&rig.append(b"during").await));
        rig.fault.store(0, Ordering::SeqCst);
        assert!(is_unavailable(&rig.append(b"after").await));
        assert_eq!(rig.contents().await, [b"before"]);
        drop(rig.log);
        let told = rig.fatal.lock().unwrap();
        assert!(matches!(&told[..], [why] if why.contains("fsync")), "{told:?}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_failed_fsync_is_there_after_a_restart() {
    let rig = Rig::new(|_| {});
    for n in 0..10 {
        rig.append(&[n]).await.unwrap();
    }
    rig.fault.store(ffi::SQLITE_IOERR_FSYNC, Ordering::SeqCst);
    assert!(is_unavailable(&rig.append(b"lost").await));
    assert_eq!(rig.contents_after_restart().await, (0..10).map(|n| vec![n]).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_commit_that_fails_otherwise_fails_for_its_entry_only() {
    for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_BUSY, ffi::SQLITE_NOMEM] {
        let rig = Rig::new(|_| {});
        rig.fault.store(code, Ordering::SeqCst);
        let outcomes = tokio::join!(rig.append(b"a"), rig.append(b"b"));
        assert!(is_unavailable(&outcomes.0) && is_unavailable(&outcomes.1), "{code}: {outcomes:?}");
        rig.fault.store(0, Ordering::SeqCst);
        rig.append(b"c").await.unwrap();
        assert_eq!(rig.contents().await, [b"c"]);
        assert!(rig.fatal.lock().unwrap().is_empty());
        assert_eq!(rig.contents_after_restart().await, [b"c"]);
    }
}

#[tokio::test]
async fn everybody_who_waits_when_the_log_fails_is_told() {
    let rig = Rig::new(|_| {});
    rig.fault.store(ffi::SQLITE_IOERR_FSYNC, Ordering::SeqCst);
    let log = Arc::new(rig.log);
    let appends: Vec<_> = (0..64)
        .map(|n| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(Partition(0), framed(&[n])).await })
        })
        .collect();
    for append in appends {
        assert!(is_unavailable(&append.await.unwrap()));
    }
}

#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room_and_loses_nothing() {
    // A page for each table and the first one, and some for entries.
    let rig = Rig::new(|log_file| log_file.limit_pages(40));
    let mut accepted = 0u8;
    while rig.append(&[accepted; 3_000]).await.is_ok() {
        accepted += 1;
    }
    assert!((10..40).contains(&accepted), "{accepted}");
    assert!(is_unavailable(&rig.append(&[0; 3_000]).await));
    let expected: Vec<_> = (0..accepted).map(|n| vec![n; 3_000]).collect();
    assert_eq!(rig.contents().await, expected);
    // The next commit deletes first, and finds room.
    rig.log.settle(Partition(0), Position { major: 10, minor: 0 }).await.unwrap();
    rig.append(&[255; 3_000]).await.unwrap();
    assert_eq!(rig.contents().await.len(), usize::from(accepted) - 10 + 1);
    assert!(rig.fatal.lock().unwrap().is_empty());
    assert_eq!(rig.contents_after_restart().await.last().unwrap(), &[255; 3_000]);
}

#[tokio::test]
async fn a_trim_makes_room_on_a_full_disk_even_if_the_next_entry_is_too_large_for_it() {
    let rig = Rig::new(|log_file| log_file.limit_pages(40));
    while rig.append(&[1; 3_000]).await.is_ok() {}
    rig.log.settle(Partition(0), Position { major: 10, minor: 0 }).await.unwrap();
    assert!(is_unavailable(&rig.append(&vec![2; 60_000]).await));
    for _ in 0..5 {
        rig.append(&[3; 3_000]).await.unwrap();
    }
}

#[tokio::test]
async fn positions_go_on_without_gaps_after_commits_that_failed() {
    let rig = Rig::new(|_| {});
    for code in [0, ffi::SQLITE_FULL, 0, ffi::SQLITE_IOERR_WRITE, 0] {
        rig.fault.store(code, Ordering::SeqCst);
        assert_eq!(rig.append(b"x").await.is_ok(), code == 0);
    }
    let entries = rig.log.read_after(Partition(0), Position::START, usize::MAX).await.unwrap().entries;
    assert_eq!(entries.iter().map(|entry| entry.position.major).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(rig.log.depth().await.unwrap(), LogDepth { entries: 3, bytes: 15 });
}

#[tokio::test]
async fn a_check_fails_while_commits_do_also_when_nobody_appends_and_no_longer() {
    let rig = Rig::new(|_| {});
    assert_eq!(rig.log.check().await, Ok(()));
    for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_READONLY] {
        rig.fault.store(code, Ordering::SeqCst);
        let check = rig.log.check().await;
        assert!(matches!(check, Err(PortError::Unavailable(_))), "{code}: {check:?}");
        rig.fault.store(0, Ordering::SeqCst);
        assert_eq!(rig.log.check().await, Ok(()), "{code}");
    }
    rig.fault.store(ffi::SQLITE_IOERR_FSYNC, Ordering::SeqCst);
    assert!(rig.log.check().await.is_err());
    rig.fault.store(0, Ordering::SeqCst);
    assert!(rig.log.check().await.is_err(), "nothing can be promised any more");
}

#[tokio::test]
async fn checks_share_a_commit_with_appends_and_leave_no_entry() {
    let rig = Rig::new(|_| {});
    let (check, append, again) = tokio::join!(rig.log.check(), rig.append(b"a"), rig.log.check());
    assert_eq!((check, append, again), (Ok(()), Ok(()), Ok(())));
    rig.log.check().await.unwrap();
    assert_eq!(rig.log.depth().await.unwrap().entries, 1);
    assert_eq!(rig.contents_after_restart().await, [b"a"]);
}
