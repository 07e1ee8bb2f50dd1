//! A table with a page that can't be read: the days on it are damaged, and hold up no other.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, LedgerCommit, LedgerReader, LedgerWriter, LoadedDay, Partition, PortError, Position,
};
use dayline_domain::{Bridge, DayChange, LedgerDay, Ping, UserId, UtcMs};
use dayline_postgres::PgStore;

use crate::test_postgres::TestPostgres;
use crate::world::{day, ping, register};

/// Bytes of a page of a table.
const PAGE: u64 = 8_192;

fn commit(from: u64, user: UserId, change: DayChange) -> Arc<LedgerCommit> {
    let at = |major| Position { major, minor: 0 };
    let (from, to) = (at(from), at(from + 1));
    let changes = vec![(user, change)];
    Arc::new(LedgerCommit { partition: Partition(0), from, to, changes, dead: Vec::new(), at: UtcMs(0) })
}

/// Pings of many pieces, so that they fill pages of their own.
fn busy() -> Vec<Ping> {
    (0..400).map(|n| ping(&format!("App {n}"), day(2026, 11, 20), 100 * n, 100 * n + 50)).collect()
}

/// Overwrites the first page of a month's pieces while the server is down.
async fn damage_first_page(server: &mut TestPostgres) {
    let client = server.client().await;
    client.batch_execute("CHECKPOINT").await.unwrap();
    let path = "SELECT pg_relation_filepath('app_usage_2026_11')";
    let path: String = client.query_one(path, &[]).await.unwrap().get(0);
    drop(client);
    server.stop();
    let mut file = OpenOptions::new().write(true).open(server.data().join(path)).unwrap();
    assert!(file.seek(SeekFrom::End(0)).unwrap() > 4 * PAGE, "both people have pages of their own");
    file.rewind().unwrap();
    file.write_all(&[0xA5; PAGE as usize]).unwrap();
    drop(file);
    server.start_again();
}

async fn loaded(store: &PgStore, users: &[UserId]) -> Vec<LoadedDay> {
    let keys = users.iter().map(|&user| DayKey { user, day: day(2026, 11, 20) });
    store.load(keys.collect()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_can_not_be_read_is_the_damage_of_the_days_on_it_and_holds_up_no_other() {
    let mut server = TestPostgres::start();
    let store = server.migrated().await;
    let users = [register(&store, 1).await, register(&store, 2).await, register(&store, 3).await];
    let mut days = users.map(|_| LedgerDay::empty(day(2026, 11, 20)));
    for (at, (user, day)) in users.into_iter().zip(&mut days).enumerate() {
        let change = day.record(&busy(), Bridge(0)).unwrap();
        assert_eq!(store.apply(commit(at as u64, user, change)).await, Ok(Applied::Done));
    }
    damage_first_page(&mut server).await;
    // The first call may find a connection that ended with the server.
    while matches!(store.position(Partition(0)).await, Err(PortError::Unavailable(_))) {}

    let loaded = loaded(&store, &[users[1], users[0], users[2]]).await;
    let [LoadedDay::Day(_), LoadedDay::Damaged(why), LoadedDay::Day(_)] = &loaded[..] else {
        panic!("{loaded:?}")
    };
    assert!(why.contains("XX001"), "{why}");
    let report = store.read(users[0], day(2026, 11, 20).interval(), false).await;
    assert!(matches!(report, Err(PortError::Corrupt(_))), "{report:?}");

    // What a worker has in memory is not loaded again: then the commit fails, for this person alone.
    let longer = [ping("App 0", day(2026, 11, 20), 50, 60)];
    let mut change = |who: usize| days[who].record(&longer, Bridge(0));
    let damaged = store.apply(commit(3, users[0], change(0).unwrap())).await;
    assert!(matches!(damaged, Err(PortError::Corrupt(_))), "{damaged:?}");
    let healthy = store.apply(commit(3, users[2], change(2).unwrap())).await;
    assert_eq!(healthy, Ok(Applied::Done));
}
