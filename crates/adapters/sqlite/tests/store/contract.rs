//! The store keeps what every store must.

use std::sync::Arc;

use dayline_app::ports::DayKey;
use dayline_contract::suites::{
    SpoiltSums, StorePorts, accounts, api_keys, audit, dead_letters, device_logins, ledger, prove,
    report_jobs, sessions, sign_outs, stored_time,
};

use crate::open;

async fn fresh() -> StorePorts {
    let folder = tempfile::tempdir().unwrap();
    StorePorts::of(Arc::new(open(folder.path()))).keeping(folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_takes_commits_as_a_ledger_must() {
    prove(ledger::commits::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_refuses_what_a_ledger_must() {
    prove(ledger::refusals::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_is_read_as_a_ledger_must() {
    prove(ledger::reads::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_gives_days_back_as_they_were() {
    prove(ledger::days::FACTS, fresh).await;
}

/// A store whose sums are spoilt in its file, behind its back.
async fn spoilt() -> StorePorts {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayline.db");
    let store = StorePorts::of(Arc::new(open(folder.path()))).keeping(folder);
    store.spoiling(move |DayKey { user, day }, how| {
        let change = match how {
            SpoiltSums::Missing => "sums = NULL, sums_version = NULL",
            SpoiltSums::Outdated => "version = version + 1",
            SpoiltSums::Unreadable => "sums = x'FF'",
        };
        let sql = format!(
            "UPDATE ledger_days SET {change}
             WHERE day = ?1 AND user_number = (SELECT number FROM users WHERE id = ?2)"
        );
        let user = user.bits().to_be_bytes();
        let changed = rusqlite::Connection::open(&file).unwrap().execute(&sql, (day.0, user)).unwrap();
        assert_eq!(changed, 1);
        Box::pin(async {})
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_sums_up_days_as_a_ledger_must() {
    prove(ledger::sums::FACTS, spoilt).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_dead_letters() {
    prove(dead_letters::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_accounts() {
    prove(accounts::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_sessions() {
    prove(sessions::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_ends_together_what_ends_together() {
    prove(sign_outs::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_api_keys() {
    prove(api_keys::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_devices_that_wait() {
    prove(device_logins::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_the_audit_log() {
    prove(audit::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_report_jobs() {
    prove(report_jobs::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_knows_the_newest_moment() {
    prove(stored_time::FACTS, fresh).await;
}
