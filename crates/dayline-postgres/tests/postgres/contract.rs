//! The store keeps what every store must, direct and through PgBouncer in transaction mode.

use dayline_contract::suites::{
    Fact, Store, accounts, api_keys, audit, dead_letters, device_logins, ledger, prove, report_jobs, sessions,
};

use crate::database::{Database, Via};

/// One database for all facts, emptied before each: making one costs more than most facts.
async fn keeps_both_ways(facts: &[Fact<Store>]) {
    let database = Database::migrated().await;
    for via in [Via::Direct, Via::PgBouncer] {
        prove(facts, async || {
            database.empty().await;
            Store::of(database.store(via))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_takes_commits_as_a_ledger_must() {
    keeps_both_ways(ledger::commits::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_refuses_what_a_ledger_must() {
    keeps_both_ways(ledger::refusals::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_is_read_as_a_ledger_must() {
    keeps_both_ways(ledger::reads::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_gives_days_back_as_they_were() {
    keeps_both_ways(ledger::days::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_dead_letters() {
    keeps_both_ways(dead_letters::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_accounts() {
    keeps_both_ways(accounts::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_sessions() {
    keeps_both_ways(sessions::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_api_keys() {
    keeps_both_ways(api_keys::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_devices_that_wait() {
    keeps_both_ways(device_logins::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_the_audit_log() {
    keeps_both_ways(audit::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_report_jobs() {
    keeps_both_ways(report_jobs::FACTS).await;
}
