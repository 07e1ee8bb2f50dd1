//! What is stored wrongly is recognised, named, and holds up nobody else.

use std::fs;
use std::path::Path;

use dayline_app::ports::{Applied, DayKey, LedgerReader, LedgerWriter, LoadedDay, PortError};
use dayline_domain::{Correction, CorrectionId, Says, Source, UserId};
use dayline_sqlite::{FolderLock, SqliteStore};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::tracked::Tracked;
use crate::{DAY, commit, interval, observed, open, register, used};

/// Bytes of a page of the file.
const PAGE: usize = 4096;

/// Two people with the same day, of which something is then done to the first one's.
async fn with_damage(damage: &str) -> (LoadedDay, LoadedDay, Result<usize, PortError>) {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let users = [register(&store, 1).await, register(&store, 2).await];
    let mut at = 0;
    for user in users {
        let mut day = Tracked::new();
        let (a, b) = (used("d", "a", None), used("d", "b", None));
        let whole = day.fold(&[observed(&a, 0, 60_000), observed(&b, 10_000, 20_000)]);
        let source = Source::new("d", "written", None).unwrap();
        let entry = Says::Entry { interval: interval(30_000, 40_000), source };
        let entry = Correction { id: CorrectionId::from_bits(7), version: 1, says: entry };
        let corrected = day.correct(std::slice::from_ref(&entry));
        for (write, correction) in [(whole, None), (corrected, Some(entry))] {
            let mut commit = (*commit(at, vec![(user, write)])).clone();
            commit.corrections.extend(correction.map(|correction| (user, correction)));
            assert_eq!(store.apply(commit.into()).await, Ok(Applied::Done));
            at += 1;
        }
        let grown = day.record(&[observed(&b, 90_000, 99_000)]);
        assert_eq!(store.apply(commit(at, vec![(user, grown)])).await, Ok(Applied::Done));
        at += 1;
    }
    drop(store);
    let raw = Connection::open(folder.path().join("dayline.db")).unwrap();
    raw.execute_batch("PRAGMA ignore_check_constraints = true").unwrap();
    assert!(raw.execute(damage, []).unwrap() > 0);
    drop(raw);
    let store = open(folder.path());
    let mut loaded = store.load(users.map(|user| DayKey { user, day: DAY }).to_vec()).await.unwrap();
    let view = store.read(users[0], DAY.interval()).await;
    let healthy = loaded.remove(1);
    (loaded.remove(0), healthy, view.map(|view| view.counted.len()))
}

/// The damage is that of one day alone, and names what it is; reports, which need no state, go on.
#[tokio::test]
async fn a_state_that_is_none_is_the_damage_of_its_day_and_of_no_report() {
    for (damage, names) in [
        (
            "UPDATE observations SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE user_number = 1",
            "checksum",
        ),
        ("UPDATE observations SET bytes = x'' WHERE user_number = 1", "cut off"),
        ("UPDATE observations SET bytes = zeroblob(length(bytes)) WHERE user_number = 1", "checksum"),
        ("UPDATE ledger_days SET recent = x'0102' WHERE user_number = 1", "state"),
        ("DELETE FROM subjects WHERE user_number = 1", "the subject"),
        ("UPDATE subjects SET kind = 9 WHERE user_number = 1", "kind 9"),
        ("UPDATE subjects SET app_name = app_name || char(7) WHERE user_number = 1", "control characters"),
        ("UPDATE ledger_days SET beat_hold_minutes = 61 WHERE user_number = 1", "beat hold"),
        ("UPDATE ledger_days SET merges = -1 WHERE user_number = 1", "merges"),
        ("INSERT INTO device_merges VALUES (1, 1, '', 'laptop')", "a stored device"),
        ("UPDATE corrections SET kind = 3 WHERE user_number = 1", "kind 3"),
    ] {
        let (damaged, healthy, view) = with_damage(damage).await;
        assert!(
            matches!(&damaged, LoadedDay::Damaged(why) if why.contains(names)),
            "{damaged:?} by {damage}"
        );
        assert!(matches!(&healthy, LoadedDay::Day(day) if day.counted.len() == 6), "{healthy:?}");
        assert_eq!(view, Ok(6), "{damage}");
    }
}

#[tokio::test]
async fn a_piece_without_its_source_is_damaged() {
    let (damaged, healthy, view) = with_damage("DELETE FROM sources WHERE user_number = 1").await;
    assert!(matches!(&damaged, LoadedDay::Damaged(why) if why.contains("source")), "{damaged:?}");
    assert!(matches!(healthy, LoadedDay::Day(_)));
    assert!(matches!(view, Err(PortError::Corrupt(_))), "{view:?}");
}

#[tokio::test]
async fn a_source_that_is_no_name_is_damaged() {
    let damage = "UPDATE sources SET app_name = app_name || char(7) WHERE user_number = 1";
    let (damaged, healthy, view) = with_damage(damage).await;
    assert!(matches!(&damaged, LoadedDay::Damaged(why) if why.contains("control characters")), "{damaged:?}");
    assert!(matches!(healthy, LoadedDay::Day(_)));
    assert!(matches!(view, Err(PortError::Corrupt(_))), "{view:?}");
}

/// Whatever page is overwritten, calls fail as damage or succeed with what was stored; none panics.
#[tokio::test]
async fn a_file_with_overwritten_pages_is_reported_as_damaged() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let mut day = Tracked::new();
    for step in 0..100 {
        let app = used("d", &format!("app {step}"), None);
        let write = day.record(&[observed(&app, 1_000 * step, 1_000 * step + 1_000)]);
        store.apply(commit(step as u64, vec![(user, write)])).await.unwrap();
    }
    drop(store);
    let file = folder.path().join("dayline.db");
    let whole = fs::read(&file).unwrap();
    let mut corrupt = 0;
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
        fs::write(&file, bytes).unwrap();
        let Ok(lock) = dayline_sqlite::FolderLock::acquire(folder.path()) else { panic!("locked") };
        let Ok(store) = dayline_sqlite::SqliteStore::open(lock) else { continue };
        match store.read(user, DAY.interval()).await {
            Ok(view) => assert!(view.counted.is_empty() || view.counted.len() == 100, "page {page}"),
            Err(PortError::Corrupt(_)) => corrupt += 1,
            Err(other) => panic!("page {page}: {other:?}"),
        }
        let next = [observed(&used("d", "app 0", None), 990_000, 991_000)];
        let write = day.clone().record(&next);
        let applied = store.apply(commit(100, vec![(user, write)])).await;
        let is_clear = matches!(applied, Ok(_) | Err(PortError::Corrupt(_) | PortError::Rejected(_)));
        assert!(is_clear, "page {page}: {applied:?}");
        drop(store);
    }
    assert!(corrupt > 0, "no page mattered");
}

/// Overwrites each page of the store in turn and gives, for each that opens still, what is loaded of
/// two people's days then.
async fn loaded_with_each_page_damaged(
    folder: &Path,
    users: [UserId; 2],
    mut then: impl AsyncFnMut(&SqliteStore, [LoadedDay; 2]),
) {
    let file = folder.join("dayline.db");
    let whole = fs::read(&file).unwrap();
    for page in 1..whole.len() / PAGE {
        let mut bytes = whole.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        fs::write(&file, bytes).unwrap();
        let _ = fs::remove_file(folder.join("dayline.db-wal"));
        let _ = fs::remove_file(folder.join("dayline.db-shm"));
        let Ok(store) = SqliteStore::open(FolderLock::acquire(folder).unwrap()) else { continue };
        let keys = users.map(|user| DayKey { user, day: DAY });
        let loaded = store.load(keys.to_vec()).await;
        let loaded = loaded.unwrap_or_else(|error| panic!("page {page} holds everybody up: {error}"));
        then(&store, loaded.try_into().unwrap()).await;
    }
    fs::write(&file, whole).unwrap();
}

#[tokio::test]
async fn a_page_that_can_not_be_read_is_the_damage_of_the_days_on_it_and_holds_up_no_other() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let users = [register(&store, 1).await, register(&store, 2).await];
    let mut days = users.map(|_| Tracked::new());
    for (at, (user, day)) in users.into_iter().zip(&mut days).enumerate() {
        // So many pieces of so many sources that neither person shares all pages with the other.
        let apps = (0..600).map(|app| used("d", &format!("app {app}"), None));
        let all: Vec<_> =
            apps.zip(0..).map(|(app, n)| observed(&app, 100_000 * n, 100_000 * n + 1_000)).collect();
        let write = day.fold(&all);
        assert_eq!(store.apply(commit(at as u64, vec![(user, write)])).await, Ok(Applied::Done));
    }
    drop(store);
    let mut alone_damaged = [0, 0];
    let mut applied = [0, 0];
    loaded_with_each_page_damaged(folder.path(), users, async |store, loaded| {
        let healthy = match &loaded {
            [LoadedDay::Damaged(_), LoadedDay::Day(_)] => 1,
            [LoadedDay::Day(_), LoadedDay::Damaged(_)] => 0,
            _ => return,
        };
        alone_damaged[1 - healthy] += 1;
        let late = [observed(&used("d", "app 0", None), 86_000_000, 86_001_000)];
        let write = days[healthy].clone().record(&late);
        match store.apply(commit(2, vec![(users[healthy], write)])).await {
            Ok(Applied::Done) => applied[healthy] += 1,
            // A page that both days hang from, though this one could be read without it.
            Err(PortError::Corrupt(_)) => {}
            other => panic!("{other:?}"),
        }
    })
    .await;
    assert!(alone_damaged.iter().all(|&pages| pages > 1), "{alone_damaged:?}");
    assert!(applied.iter().all(|&pages| pages > 1), "{applied:?} of {alone_damaged:?}");
}

#[tokio::test]
async fn a_store_that_can_take_no_commit_says_so() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(store.apply(commit(0, Vec::new())).await, Ok(Applied::Done));
    assert_eq!(store.check().await, Ok(()));
    drop(store);
    let file = folder.path().join("dayline.db");
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'log_positions'";
    let root: i64 = Connection::open(&file).unwrap().query_row(root, [], |row| row.get(0)).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[(root as usize - 1) * PAGE..root as usize * PAGE].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    let store = open(folder.path());
    assert!(matches!(store.check().await, Err(PortError::Corrupt(_))));
}

#[tokio::test]
async fn a_store_that_somebody_else_is_writing_to_says_so_and_recovers() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let mut other = Connection::open(folder.path().join("dayline.db")).unwrap();
    let held = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    assert!(matches!(store.check().await, Err(PortError::Unavailable(_))));
    held.rollback().unwrap();
    assert_eq!(store.check().await, Ok(()));
}
