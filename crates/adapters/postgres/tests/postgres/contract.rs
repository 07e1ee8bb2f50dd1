//! The store keeps what every store must, direct and through PgBouncer in transaction mode.

use std::sync::Arc;

use dayline_app::ports::DayKey;
use dayline_contract::suites::{
    Fact, SpoiltSums, StorePorts, accounts, api_keys, audit, buckets, correction_numbers, dead_letters,
    device_book, device_logins, disabled, email_changes, label_book, ledger, preferences, prove, raw_events,
    report_jobs, reset_links, retention, sessions, sign_outs, stored_time, tracker_settings,
};

use uuid::Uuid;

use crate::database::{Database, Via};
use crate::first_release::plant;

/// One database for all facts, emptied before each: making one costs more than most facts.
async fn keeps_both_ways(facts: &[Fact<StorePorts>]) {
    let database = Database::migrated().await;
    for via in [Via::Direct, Via::PgBouncer] {
        prove(facts, async || {
            database.empty().await;
            StorePorts::of(database.store(via))
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
async fn the_postgres_store_sums_up_days_as_a_ledger_must() {
    let database = Arc::new(Database::migrated().await);
    for via in [Via::Direct, Via::PgBouncer] {
        prove(ledger::sums::FACTS, async || {
            database.empty().await;
            let database = Arc::clone(&database);
            StorePorts::of(database.store(via)).spoiling(move |key, how| {
                let database = Arc::clone(&database);
                Box::pin(async move { spoil(&database, key, how).await })
            })
        })
        .await;
    }
}

async fn spoil(database: &Database, key: DayKey, how: SpoiltSums) {
    let change = match how {
        SpoiltSums::Missing => "sums = NULL, sums_version = NULL",
        SpoiltSums::Outdated => "version = version + 1",
        SpoiltSums::Unreadable => "sums = '\\xff'",
    };
    let (day, user) = (key.day, Uuid::from_u128(key.user.bits()));
    let sql = format!(
        "UPDATE ledger_days SET {change}
         WHERE day = '{day}' AND user_id = (SELECT id FROM users WHERE uuid = '{user}')"
    );
    assert_eq!(database.client().await.execute(&sql, &[]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_the_state_of_days() {
    keeps_both_ways(ledger::states::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_by_which_choices_days_are_settled() {
    keeps_both_ways(ledger::choices::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_by_which_merges_days_are_settled() {
    keeps_both_ways(ledger::merges::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_corrections_beside_the_days() {
    keeps_both_ways(ledger::corrections::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_names_exactly() {
    keeps_both_ways(ledger::names::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_preferences() {
    keeps_both_ways(preferences::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_lets_go_of_what_is_past() {
    keeps_both_ways(retention::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_numbers_corrections() {
    keeps_both_ways(correction_numbers::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_reads_days_of_the_first_edition() {
    let database = Arc::new(Database::migrated().await);
    for via in [Via::Direct, Via::PgBouncer] {
        prove(ledger::first_edition::FACTS, async || {
            database.empty().await;
            let database = Arc::clone(&database);
            StorePorts::of(database.store(via)).planting(move |key, counted, outranked| {
                let database = Arc::clone(&database);
                Box::pin(async move { plant(&database, key, &counted, &outranked).await })
            })
        })
        .await;
    }
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
async fn the_postgres_store_keeps_changes_of_addresses() {
    keeps_both_ways(email_changes::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_sessions() {
    keeps_both_ways(sessions::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_ends_together_what_ends_together() {
    keeps_both_ways(sign_outs::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_lets_in_whom_an_operator_does() {
    keeps_both_ways(disabled::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_links_to_new_passwords() {
    keeps_both_ways(reset_links::FACTS).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_knows_the_newest_moment() {
    keeps_both_ways(stored_time::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_what_is_said_of_devices() {
    keeps_both_ways(device_book::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_labels() {
    keeps_both_ways(label_book::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_buckets() {
    keeps_both_ways(buckets::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_raw_events() {
    keeps_both_ways(raw_events::keeping::FACTS).await;
    keeps_both_ways(raw_events::reading::FACTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_store_keeps_settings_of_trackers() {
    keeps_both_ways(tracker_settings::FACTS).await;
}
