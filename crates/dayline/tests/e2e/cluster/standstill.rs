//! A worker whose steps fail or hang although the database takes commits.

use std::time::Duration;

use dayline_testkit::try_query;

use super::installation;
use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::now;
use crate::support::readiness::readiness;

/// Longer than a worker may get nowhere, and what a busy machine may add.
const TOLD: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn while_a_worker_gets_nowhere_although_commits_are_taken_it_is_not_ready_and_then_it_is() {
    let installation = installation();
    let server = installation.start(&[]);
    let [api, _, workers @ ..] = &server.processes[..] else { panic!("four processes") };
    let device = newcomer(&installation, "ada").await;
    let database = &installation.shared().database;
    let (direct, lock) = (database.direct.clone(), "BEGIN; LOCK TABLE ledger_days; SELECT pg_sleep(90)");
    // It fails when it is ended.
    let locking = std::thread::spawn(move || try_query(&direct, lock).map(drop));
    let locked = "SELECT 1 FROM pg_locks WHERE relation = 'ledger_days'::regclass AND granted \
                  AND mode = 'AccessExclusiveLock'";
    eventually(1, TOLD, async || database.query(locked).len()).await;

    let start = now().plus(-86_400_000);
    send(&device, ping("Code", start, 5_000)).await;
    let not_ready = async || {
        let told = workers.iter().map(readiness);
        told.filter(|told| *told == (503, false, vec!["worker".to_owned()])).count()
    };
    eventually(1, TOLD, not_ready).await;
    assert_eq!(readiness(api), (200, false, Vec::new()), "it takes pings");

    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE query LIKE '%pg_sleep(90)' AND pid <> pg_backend_pid()";
    assert_eq!(database.query(end), ["t"]);
    assert!(locking.join().unwrap().is_err());
    eventually(0, TOLD, not_ready).await;
    let (date, expected) = (start.day().to_string(), [("Code".to_owned(), 5_000)].into());
    eventually(expected, TOLD, async || totals(&device, "apps", &date, "UTC").await).await;
}
