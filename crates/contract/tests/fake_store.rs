//! The fake store keeps what the real ones keep.

use std::sync::Arc;

use dayline_contract::fakes::FakeStore;
use dayline_contract::suites::{
    StorePorts, accounts, api_keys, audit, buckets, correction_numbers, dead_letters, device_book,
    device_logins, disabled, email_changes, label_book, ledger, preferences, prove, raw_events, report_jobs,
    reset_links, retention, sessions, sign_outs, tracker_settings,
};

async fn fresh() -> StorePorts {
    StorePorts::of(Arc::new(FakeStore::default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_takes_commits_as_a_ledger_must() {
    prove(ledger::commits::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_refuses_what_a_ledger_must() {
    prove(ledger::refusals::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_is_read_as_a_ledger_must() {
    prove(ledger::reads::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_gives_days_back_as_they_were() {
    prove(ledger::days::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_the_state_of_days() {
    prove(ledger::states::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_names() {
    prove(ledger::names::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_corrections() {
    prove(ledger::corrections::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_choices() {
    prove(ledger::choices::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_merges() {
    prove(ledger::merges::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_reads_days_of_the_first_edition() {
    let fresh = async || {
        let store = Arc::new(FakeStore::default());
        let old = Arc::clone(&store);
        StorePorts::of(store).planting(move |key, counted, outranked| {
            old.plant_first_edition(key, counted, outranked);
            Box::pin(async {})
        })
    };
    prove(ledger::first_edition::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_sums_up_days_as_a_ledger_must() {
    let fresh = async || {
        let store = Arc::new(FakeStore::default());
        let spoilt = Arc::clone(&store);
        StorePorts::of(store).spoiling(move |key, how| {
            spoilt.spoil_sums(key, how);
            Box::pin(async {})
        })
    };
    prove(ledger::sums::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_preferences() {
    prove(preferences::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_lets_go_of_what_is_past() {
    prove(retention::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_numbers_corrections() {
    prove(correction_numbers::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_dead_letters() {
    prove(dead_letters::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_accounts() {
    prove(accounts::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_changes_of_addresses() {
    prove(email_changes::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_sessions() {
    prove(sessions::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_ends_together_what_ends_together() {
    prove(sign_outs::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_api_keys() {
    prove(api_keys::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_devices_that_wait() {
    prove(device_logins::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_the_audit_log() {
    prove(audit::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_report_jobs() {
    prove(report_jobs::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_what_is_said_of_devices() {
    prove(device_book::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_lets_in_whom_an_operator_does() {
    prove(disabled::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_links_to_new_passwords() {
    prove(reset_links::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_labels() {
    prove(label_book::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_buckets() {
    prove(buckets::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_raw_events() {
    prove(raw_events::keeping::FACTS, fresh).await;
    prove(raw_events::reading::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fake_store_keeps_settings_of_trackers() {
    prove(tracker_settings::FACTS, fresh).await;
}
