//! What is stored wrongly is recognised, named, and holds up nobody else.

use std::fs;
use std::path::Path;

use dayline_app::ports::{Applied, DayKey, LedgerReader, LedgerWriter, LoadedDay, PortError};
use dayline_domain::{LedgerDay, Source, UserId};
use dayline_sqlite::{FolderLock, SqliteStore};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::{DAY, commit, open, ping, record, register};

/// Bytes of a page of the file.
const PAGE: usize = 4096;

/// Two people with the same day, of which something is then done to the first one's.
async fn with_damage(damage: &str) -> (LoadedDay, LoadedDay, Result<usize, PortError>) {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let users = [register(&store, 1).await, register(&store, 2).await];
    let sources = ["a", "b"].map(|app| Source::new("d", app, None).unwrap());
    for (at, user) in users.into_iter().enumerate() {
        let mut day = LedgerDay::empty(DAY);
        let change = record(&mut day, &[ping(&sources[0], 0, 60_000), ping(&sources[1], 10_000, 20_000)]);
        assert_eq!(store.apply(commit(at as u64, vec![(user, change)])).await, Ok(Applied::Done));
    }
    drop(store);
    let raw = Connection::open(folder.path().join("dayline.db")).unwrap();
    assert!(raw.execute(damage, []).unwrap() > 0);
    drop(raw);
    let store = open(folder.path());
    let mut loaded = store.load(users.map(|user| DayKey { user, day: DAY }).to_vec()).await.unwrap();
    let view = store.read(users[0], DAY.interval(), true).await;
    let healthy = loaded.remove(1);
    (loaded.remove(0), healthy, view.map(|view| view.counted.len() + view.outranked.len()))
}

#[tokio::test]
async fn a_day_that_the_rule_can_not_have_made_is_damaged_and_the_others_are_not() {
    let damage = "UPDATE app_usage SET end_ms = end_ms - 1 WHERE user_number = 1 AND start_ms % 86400000 = 0";
    let (damaged, healthy, _) = with_damage(damage).await;
    assert!(matches!(&damaged, LoadedDay::Damaged(why) if why.contains("a stored day")), "{damaged:?}");
    assert!(matches!(&healthy, LoadedDay::Day(day) if day.counted().count() == 3), "{healthy:?}");
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
    let mut day = LedgerDay::empty(DAY);
    for step in 0..100 {
        let source = Source::new("d", &format!("app {step}"), None).unwrap();
        let change = record(&mut day, &[ping(&source, 1_000 * step, 1_000 * step + 900)]);
        store.apply(commit(step as u64, vec![(user, change)])).await.unwrap();
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
        match store.read(user, DAY.interval(), true).await {
            Ok(view) => assert!(view.counted.is_empty() || view.counted.len() == 100, "page {page}"),
            Err(PortError::Corrupt(_)) => corrupt += 1,
            Err(other) => panic!("page {page}: {other:?}"),
        }
        let next = Source::new("d", "app 0", None).unwrap();
        let mut day = day.clone();
        let change = record(&mut day, &[ping(&next, 990_000, 991_000)]);
        let applied = store.apply(commit(100, vec![(user, change)])).await;
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
    let mut days = users.map(|_| LedgerDay::empty(DAY));
    for (at, (user, day)) in users.into_iter().zip(&mut days).enumerate() {
        // So many pieces of so many sources that neither person shares all pages with the other.
        let sources = (0..600).map(|app| Source::new("d", &format!("app {app}"), None).unwrap());
        let pings: Vec<_> =
            sources.zip(0..).map(|(app, n)| ping(&app, 100_000 * n, 100_000 * n + 1_000)).collect();
        let change = record(day, &pings);
        assert_eq!(store.apply(commit(at as u64, vec![(user, change)])).await, Ok(Applied::Done));
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
        let mut day = days[healthy].clone();
        let source = Source::new("d", "app 0", None).unwrap();
        let change = record(&mut day, &[ping(&source, 86_000_000, 86_001_000)]);
        match store.apply(commit(2, vec![(users[healthy], change)])).await {
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
