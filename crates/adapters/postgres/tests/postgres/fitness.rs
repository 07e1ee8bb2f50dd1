//! What a process that wants to be ready asks of the database: is it there, is it fit, does it write?

use dayline_app::ports::{LedgerWriter, PortError};
use dayline_postgres::PgStore;

use crate::database::{Database, Via};
use crate::test_postgres::TestPostgres;

fn says(outcome: &Result<(), PortError>, what: &str) -> bool {
    matches!(outcome, Err(PortError::Unavailable(why)) if why.contains(what))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_never_migrated_is_unfit_until_it_is() {
    let database = Database::blank();
    let store = database.store(Via::PgBouncer);
    let unfit = store.unfitness().await.unwrap().map_or(Ok(()), Err);
    assert!(says(&unfit, "run `dayline migrate`"), "{unfit:?}");
    assert_eq!(store.check().await, unfit);
    database.store(Via::Direct).migrate().await.unwrap();
    assert_eq!(store.unfitness().await, Ok(None));
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_not_unfit_but_takes_no_commit() {
    let mut server = TestPostgres::start();
    let store = server.migrated().await;
    assert_eq!(store.check().await, Ok(()));
    let usage = store.usage();
    assert!(usage.busy == 0 && usage.waiting == 0 && (1..=usage.most).contains(&usage.idle), "{usage:?}");
    server.stop();
    assert!(matches!(store.unfitness().await, Err(PortError::Unavailable(_))));
    assert!(matches!(store.check().await, Err(PortError::Unavailable(_))));
    server.start_again();
    // A connection that ended with the server may be found once more.
    while store.check().await.is_err() {}
    assert_eq!(store.unfitness().await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_writes_takes_no_commit() {
    let server = TestPostgres::start();
    let store = server.migrated().await;
    let client = server.client().await;
    client.batch_execute("ALTER DATABASE postgres SET default_transaction_read_only = on").await.unwrap();
    let reading = PgStore::open(&server.config()).unwrap();
    let check = reading.check().await;
    assert!(says(&check, "read-only"), "{check:?}");
    drop(store);
    let replica = server.replica();
    let check = PgStore::open(&replica.config()).unwrap().check().await;
    assert!(matches!(check, Err(PortError::Unavailable(_))), "{check:?}");
}
