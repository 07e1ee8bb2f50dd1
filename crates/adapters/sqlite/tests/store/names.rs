//! What a store remembers of people's dictionaries is what its file has.

use std::sync::Arc;

use dayline_app::ports::{Applied, DayKey, LedgerCommit, LedgerWriter, LoadedDay, PortError};
use dayline_domain::{Correction, CorrectionId, Piece, Says, Source, UserId};
use dayline_sqlite::SqliteStore;
use tempfile::tempdir;

use crate::tracked::{Tracked, assert_same};
use crate::{DAY, commit, interval, observed, open, register, used};

async fn assert_stored(store: &SqliteStore, user: UserId, day: &Tracked) {
    let loaded = store.load(vec![DayKey { user, day: DAY }]).await.unwrap().remove(0);
    let LoadedDay::Day(stored) = loaded else { panic!("{loaded:?}") };
    assert_same(&stored, &day.day);
}

/// The second commit, which erases the day's first twenty seconds.
fn erase(user: UserId, day: &mut Tracked) -> Arc<LedgerCommit> {
    let says = Says::Erasure { interval: interval(0, 20_000) };
    let erasure = Correction { id: CorrectionId::from_bits(1), version: 1, says };
    let erased = day.correct(std::slice::from_ref(&erasure));
    let corrections = vec![(user, erasure)];
    Arc::new(LedgerCommit { corrections, ..(*commit(1, vec![(user, erased)])).clone() })
}

#[tokio::test]
async fn names_of_a_commit_that_was_undone_are_not_taken_for_stored() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let mut day = Tracked::new();
    let first = day.record(&[observed(&used("d", "first", None), 60_000, 70_000)]);
    assert_eq!(store.apply(commit(0, vec![(user, first)])).await, Ok(Applied::Done));
    let second = day.record(&[observed(&used("d", "second", None), 80_000, 90_000)]);
    // Its names are numbered, and then its tail is no last piece.
    let mut refused = second.clone();
    let source = Source::new("d", "third", None).unwrap();
    refused.tail = Some(Piece { source, interval: interval(0, 1_000) });
    let outcome = store.apply(commit(1, vec![(user, refused)])).await;
    assert!(matches!(outcome, Err(PortError::Rejected(_))), "{outcome:?}");
    assert_eq!(store.apply(commit(1, vec![(user, second.clone())])).await, Ok(Applied::Done));
    assert_stored(&store, user, &day).await;
    let third = day.record(&[observed(&used("d", "third", None), 95_000, 99_000)]);
    assert_eq!(store.apply(commit(2, vec![(user, second)])).await, Ok(Applied::Stale));
    assert_eq!(store.apply(commit(2, vec![(user, third)])).await, Ok(Applied::Done));
    assert_stored(&store, user, &day).await;
}

/// An operator's command settles a dead letter, which is an erasure.
#[tokio::test]
async fn names_that_another_process_took_away_are_numbered_anew() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let app = used("d", "app", None);
    let mut day = Tracked::new();
    let seen = day.record(&[observed(&app, 0, 10_000)]);
    assert_eq!(store.apply(commit(0, vec![(user, seen)])).await, Ok(Applied::Done));

    let other = SqliteStore::open_alongside(folder.path()).unwrap();
    assert_eq!(other.apply(erase(user, &mut day)).await, Ok(Applied::Done));

    // Another name takes the number that is free again.
    let others = day.record(&[observed(&used("d", "other", None), 30_000, 40_000)]);
    assert_eq!(other.apply(commit(2, vec![(user, others)])).await, Ok(Applied::Done));
    let again = day.record(&[observed(&app, 50_000, 60_000)]);
    assert_eq!(store.apply(commit(3, vec![(user, again)])).await, Ok(Applied::Done));
    assert_stored(&store, user, &day).await;
}

#[tokio::test]
async fn names_that_an_erasure_took_away_are_numbered_anew() {
    let folder = tempdir().unwrap();
    let store = open(folder.path());
    let user = register(&store, 1).await;
    let app = used("d", "app", None);
    let mut day = Tracked::new();
    let seen = day.record(&[observed(&app, 0, 10_000)]);
    assert_eq!(store.apply(commit(0, vec![(user, seen)])).await, Ok(Applied::Done));
    assert_eq!(store.apply(erase(user, &mut day)).await, Ok(Applied::Done));
    let others = [observed(&used("d", "other", None), 30_000, 40_000), observed(&app, 50_000, 60_000)];
    let again = day.record(&others);
    assert_eq!(store.apply(commit(2, vec![(user, again)])).await, Ok(Applied::Done));
    assert_stored(&store, user, &day).await;
}
