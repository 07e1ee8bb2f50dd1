//! What is past in PostgreSQL: months that are left empty go, what comes back from an archive does not, and one process
//! at a time removes.

use dayline_app::ports::{LedgerReader, RetentionStore, RetentionTurns, Turn};
use dayline_contract::fakes::FakeRandomness;
use dayline_domain::Interval;
use dayline_postgres::{Month, PgRetentionTurns};

use crate::database::{Database, Via};
use crate::world::{World, at, day, ping, register};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn months_of_which_nobody_has_anything_left_go_and_come_again_when_they_are_needed() {
    let database = Database::migrated().await;
    let store = database.store(Via::PgBouncer);
    let (ada, bob) = (register(&store, 1).await, register(&store, 2).await);
    let (world, kept) = (World::over(store.clone()), day(2026, 11, 20));
    let (old, older) = (day(2026, 2, 10), day(2026, 1, 10));
    world.track(ada, &[ping("Code", older, 40_000, 40_060), ping("Code", old, 40_000, 40_060)], 2).await;
    world.track(bob, &[ping("Mail", old, 40_000, 40_060), ping("Mail", kept, 40_000, 40_060)], 2).await;
    world.drain().await;
    let months = async || {
        let all = store.month_admin().list().await.unwrap();
        all.iter().map(|info| info.month.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(months().await, ["2026-01", "2026-02", "2026-11"]);
    assert_eq!(store.drop_empty(kept).await, Ok(0));
    assert_eq!(store.remove(ada, kept).await, Ok(2));
    assert_eq!(store.drop_empty(kept).await, Ok(1));
    assert_eq!(months().await, ["2026-02", "2026-11"], "bob has something in February");
    assert_eq!(store.remove(bob, kept).await, Ok(1));
    // The month of the day itself stays.
    assert_eq!(store.drop_empty(day(2026, 2, 28)).await, Ok(0));
    assert_eq!(store.drop_empty(kept).await, Ok(1));
    assert_eq!(months().await, ["2026-11"]);
    world.track(ada, &[ping("Code", older, 40_000, 40_060)], 1).await;
    world.drain().await;
    assert_eq!(months().await, ["2026-01", "2026-11"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_does_not_bring_back_what_is_past_until_it_is_kept_again() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let ada = register(&store, 1).await;
    let world = World::over(store.clone());
    let (past, kept) = (day(2026, 1, 10), day(2026, 1, 20));
    world.track(ada, &[ping("Code", past, 40_000, 40_060), ping("Code", kept, 40_000, 40_060)], 2).await;
    world.drain().await;
    let folder = tempfile::tempdir().unwrap();
    let (file, month) = (folder.path().join("month.gz"), "2026-01".parse::<Month>().unwrap());
    store.month_admin().archive(month, &file).await.unwrap();
    assert!(store.keep_from(ada, Some(kept)).await.unwrap());
    assert_eq!(store.remove(ada, kept).await, Ok(1));
    let days = async || {
        let all = Interval::new(at(past, 0), at(kept, 90_000)).unwrap();
        let marks = LedgerReader::marks(&*store, ada, all).await.unwrap();
        marks.into_iter().map(|(day, _)| day).collect::<Vec<_>>()
    };
    assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 0);
    assert_eq!(days().await, [kept]);
    assert!(store.keep_from(ada, None).await.unwrap());
    assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 1);
    assert_eq!(days().await, [past, kept]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_at_a_time_removes_and_none_while_they_differ() {
    let database = Database::migrated().await;
    let randomness = FakeRandomness::default();
    let [one, two] = [(); 2].map(|()| PgRetentionTurns::new(database.store(Via::PgBouncer), &randomness));
    let take = async |turns: &PgRetentionTurns, told: &str| turns.take(told.to_owned()).await.unwrap();
    let differs = |told: &str| Turn::Differs(told.to_owned());
    assert_eq!(take(&one, "for 3y").await, Turn::Ours, "it is alone");
    take(&two, "for 3y").await;
    let turns = [take(&one, "for 3y").await, take(&two, "for 3y").await];
    assert!(turns == [Turn::Ours, Turn::Others] || turns == [Turn::Others, Turn::Ours], "{turns:?}");
    // One is restarted with another time, then both are.
    assert_eq!(take(&two, "for 400d").await, differs("for 3y"));
    assert_eq!(take(&one, "for 3y").await, differs("for 400d"));
    assert!(matches!(take(&one, "for 400d").await, Turn::Ours | Turn::Others));
    assert_eq!(take(&two, "for ever").await, differs("for 400d"));
    // What a process told that has ended holds for ten minutes.
    let later =
        "UPDATE retention_nodes SET told_at = told_at - interval '10 minutes' WHERE keep = 'for ever'";
    database.client().await.execute(later, &[]).await.unwrap();
    assert_eq!(take(&one, "for 400d").await, Turn::Ours);
    let rows = database.client().await.query("SELECT node FROM retention_nodes", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}
