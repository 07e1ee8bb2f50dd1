//! A table with a page that can't be read: the days on it are damaged, and hold up no other.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use dayline_app::ports::{Applied, DayKey, LedgerReader, LedgerWriter, LoadedDay, Partition, PortError};
use dayline_domain::{Observation, UserId};
use dayline_postgres::PgStore;
use uuid::Uuid;

use crate::test_postgres::TestPostgres;
use crate::world::{WorkedDay, commit, day, ping, register};

/// Bytes of a page of a table.
const PAGE: u64 = 8_192;

/// Pings of many pieces, so that they fill pages of their own.
fn busy() -> Vec<Observation> {
    (0..900).map(|n| ping(&format!("App {n}"), day(2026, 11, 20), 90 * n, 90 * n + 50)).collect()
}

/// Overwrites the first page with pieces of a person, while the server is down.
async fn damage_page_of(server: &mut TestPostgres, user: UserId) {
    let client = server.client().await;
    client.batch_execute("CHECKPOINT").await.unwrap();
    let page = "SELECT pg_relation_filepath('pieces_2026_11'), (pieces.ctid::text::point)[0]::bigint
                FROM pieces_2026_11 AS pieces JOIN users ON users.id = user_id
                WHERE uuid = $1 ORDER BY start_time LIMIT 1";
    let row = client.query_one(page, &[&Uuid::from_u128(user.bits())]).await.unwrap();
    let (path, page): (String, i64) = (row.get(0), row.get(1));
    drop(client);
    server.stop();
    let mut file = OpenOptions::new().write(true).open(server.data().join(path)).unwrap();
    assert!(file.seek(SeekFrom::End(0)).unwrap() > 4 * PAGE, "people have pages of their own");
    file.seek(SeekFrom::Start(page.cast_unsigned() * PAGE)).unwrap();
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
    let mut days = users.map(|_| WorkedDay::empty(day(2026, 11, 20)));
    for (at, (user, day)) in users.into_iter().zip(&mut days).enumerate() {
        let write = day.record(&busy());
        assert_eq!(store.apply(commit(at as u64, vec![(user, write)])).await, Ok(Applied::Done));
    }
    damage_page_of(&mut server, users[0]).await;
    // The first call may find a connection that ended with the server.
    while matches!(store.position(Partition(0)).await, Err(PortError::Unavailable(_))) {}

    let loaded = loaded(&store, &[users[1], users[0], users[2]]).await;
    let [LoadedDay::Day(_), LoadedDay::Damaged(why), LoadedDay::Day(_)] = &loaded[..] else {
        let said = |day: &LoadedDay| match day {
            LoadedDay::Day(day) => format!("a day of {} pieces", day.counted.len()),
            other => format!("{other:?}"),
        };
        panic!("{:?}", loaded.iter().map(said).collect::<Vec<_>>())
    };
    assert!(why.contains("XX001"), "{why}");
    let report = store.read(users[0], day(2026, 11, 20).interval()).await;
    assert!(matches!(report, Err(PortError::Corrupt(_))), "{report:?}");

    // What a worker has in memory is not loaded again: then the commit fails, for this person alone.
    let longer = [ping("App 0", day(2026, 11, 20), 50, 60)];
    let mut write = |who: usize| vec![(users[who], days[who].record(&longer))];
    let damaged = store.apply(commit(3, write(0))).await;
    assert!(matches!(damaged, Err(PortError::Corrupt(_))), "{damaged:?}");
    let healthy = store.apply(commit(3, write(2))).await;
    assert_eq!(healthy, Ok(Applied::Done));
}
