//! What a commit reads: the rows that it changes, however many others there are and whatever the
//! planner's statistics say.

use std::time::Duration;

use dayline_app::ports::{Applied, DayKey, LedgerWriter};
use dayline_domain::UserId;
use dayline_postgres::PgStore;
use tokio_postgres::Client;

use crate::database::{Database, Via};
use crate::world::{self, WorkedDay, day, ping};

const PEOPLE: u64 = 3_000;
/// Enough for reading a whole table to look cheap.
const CHANGED: usize = 500;

/// Puts people straight into the database: one by one they would take long.
async fn crowd(client: &Client) -> Vec<UserId> {
    let people: Vec<UserId> = (0..PEOPLE).map(|n| UserId::v7(1_795_000_000_000 + n, [7; 10])).collect();
    let rows: Vec<String> = people
        .iter()
        .enumerate()
        .map(|(n, id)| {
            format!("('{id}', 'p{n}@example.org', 'p{n}@example.org', '-', 'P', 'UTC', now(), now())")
        })
        .collect();
    let columns = "uuid, email, email_key, password_hash, full_name, timezone, created_at, updated_at";
    let sql = format!("INSERT INTO users ({columns}) VALUES {}; ANALYZE users", rows.join(","));
    client.batch_execute(&sql).await.unwrap();
    people
}

/// A new app of each, the `turn`-th of the day, so that the one before becomes a row.
async fn commit(store: &PgStore, people: &[UserId], days: &mut [WorkedDay], turn: i64) {
    let pings = [ping(&format!("App {turn}"), day(2026, 11, 20), turn * 10, turn * 10 + 5)];
    let days = people.iter().zip(days).map(|(user, day)| (*user, day.record(&pings))).collect();
    let commit = world::commit(turn.cast_unsigned(), days);
    assert_eq!(store.apply(commit).await, Ok(Applied::Done));
}

/// How many rows were changed in today's days, and how many rows were read by reading a whole
/// table.
async fn read(client: &Client) -> (i64, i64) {
    let sql = "SELECT coalesce(sum(n_tup_upd) FILTER (WHERE relname = 'ledger_days_2026_11'), 0)::bigint,
                 coalesce(sum(seq_tup_read) FILTER (WHERE relname ~ 'users|ledger_days|pieces|observations|names'), 0)::bigint
               FROM pg_stat_user_tables";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// Waits until the server has counted that many changes; gives the rows read as whole tables.
async fn read_once_changed(client: &Client, changes: usize) -> i64 {
    loop {
        let (updated, read) = read(client).await;
        if updated >= changes as i64 {
            return read;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn commits_and_loads_read_no_table_as_a_whole_whatever_statistics_say() {
    let database = Database::migrated().await;
    let client = database.client().await;
    let people = crowd(&client).await;
    let today = day(2026, 11, 20);
    let mut days: Vec<WorkedDay> = people.iter().map(|_| WorkedDay::empty(today)).collect();
    let store = database.store(Via::Direct);
    store.prepare_months(today.start()).await.unwrap();
    // Statistics of a month without rows, as it had when its first day began.
    client.batch_execute("ANALYZE").await.unwrap();
    commit(&store, &people, &mut days, 0).await;
    // All of the people are all of that table, and reading it as a whole is right.
    commit(&store, &people, &mut days, 1).await;
    // A session tells what it did at the latest when it ends.
    drop(store);
    let before = read_once_changed(&client, people.len()).await;

    let store = database.store(Via::Direct);
    let some = &people[..CHANGED];
    let keys = some.iter().map(|&user| DayKey { user, day: today }).collect();
    assert_eq!(store.load(keys).await.unwrap().len(), CHANGED);
    commit(&store, some, &mut days[..CHANGED], 2).await;
    drop(store);
    assert_eq!(read_once_changed(&client, people.len() + CHANGED).await, before);
}
