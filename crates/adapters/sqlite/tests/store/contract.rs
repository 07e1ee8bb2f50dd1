//! The store keeps what every store must.

use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::DayKey;
use dayline_contract::suites::{
    SpoiltSums, StorePorts, accounts, api_keys, audit, buckets, correction_numbers, dead_letters,
    device_book, device_logins, disabled, email_changes, label_book, ledger, preferences, prove, raw_events,
    report_jobs, reset_links, retention, sessions, sign_outs, stored_time, tracker_settings,
};
use dayline_domain::{Domain, Piece};
use rusqlite::{Connection, params};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_the_state_of_days() {
    prove(ledger::states::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_names() {
    prove(ledger::names::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_corrections() {
    prove(ledger::corrections::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_choices() {
    prove(ledger::choices::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_merges() {
    prove(ledger::merges::FACTS, fresh).await;
}

/// A store with a data folder in which old days are put behind its back, as the release before left
/// them and the migration keeps them.
async fn with_old_days() -> StorePorts {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayline.db");
    let store = StorePorts::of(Arc::new(open(folder.path()))).keeping(folder);
    store.planting(move |key, counted, outranked| {
        plant(&file, key, &counted, &outranked);
        Box::pin(async {})
    })
}

fn plant(file: &Path, DayKey { user, day }: DayKey, counted: &[Piece], outranked: &[Piece]) {
    let raw = Connection::open(file).unwrap();
    let number = "SELECT number FROM users WHERE id = ?1";
    let user: i64 = raw.query_row(number, [user.bits().to_be_bytes()], |row| row.get(0)).unwrap();
    for (table, pieces) in [("app_usage", counted), ("first_outranked", outranked)] {
        for Piece { source, interval } in pieces {
            let domain = source.activity.domain.as_ref().map_or("", Domain::as_str);
            let names = params![user, source.device.as_str(), source.activity.app.as_str(), domain];
            raw.execute(
                "INSERT OR IGNORE INTO sources
                 SELECT ?1, coalesce(max(number), 100) + 1, ?2, ?3, ?4, '', '' FROM sources",
                names,
            )
            .unwrap();
            let add = format!(
                "INSERT INTO {table} (user_number, source_number, start_ms, end_ms)
                 SELECT ?1, number, ?5, ?6 FROM sources
                 WHERE user_number = ?1 AND device_id = ?2 AND app_name = ?3 AND domain = ?4"
            );
            let piece = params![
                user,
                source.device.as_str(),
                source.activity.app.as_str(),
                domain,
                interval.start().0,
                interval.end().0
            ];
            assert_eq!(raw.execute(&add, piece).unwrap(), 1);
        }
    }
    let add = "INSERT INTO first_days (user_number, day, version, changed_ms) VALUES (?1, ?2, 3, 0)";
    raw.execute(add, params![user, day.0]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_reads_days_of_the_first_edition() {
    prove(ledger::first_edition::FACTS, with_old_days).await;
}

/// A store whose sums are spoilt in its file, behind its back.
async fn spoilt() -> StorePorts {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dayline.db");
    let store = StorePorts::of(Arc::new(open(folder.path()))).keeping(folder);
    store.spoiling(move |DayKey { user, day }, how| {
        let change = match how {
            SpoiltSums::Missing => "DELETE FROM day_sums",
            SpoiltSums::Outdated => "UPDATE ledger_days SET version = version + 1",
            SpoiltSums::Unreadable => "UPDATE day_sums SET bytes = x'FF'",
        };
        let sql =
            format!("{change} WHERE day = ?1 AND user_number = (SELECT number FROM users WHERE id = ?2)");
        let user = user.bits().to_be_bytes();
        let changed = Connection::open(&file).unwrap().execute(&sql, (day.0, user)).unwrap();
        assert_eq!(changed, 1);
        Box::pin(async {})
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_sums_up_days_as_a_ledger_must() {
    prove(ledger::sums::FACTS, spoilt).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_preferences() {
    prove(preferences::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_lets_go_of_what_is_past() {
    prove(retention::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_numbers_corrections() {
    prove(correction_numbers::FACTS, fresh).await;
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
async fn the_sqlite_store_keeps_changes_of_addresses() {
    prove(email_changes::FACTS, fresh).await;
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
async fn the_sqlite_store_lets_in_whom_an_operator_does() {
    prove(disabled::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_links_to_new_passwords() {
    prove(reset_links::FACTS, fresh).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_what_is_said_of_devices() {
    prove(device_book::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_labels() {
    prove(label_book::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_buckets() {
    prove(buckets::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_raw_events() {
    prove(raw_events::keeping::FACTS, fresh).await;
    prove(raw_events::reading::FACTS, fresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_store_keeps_settings_of_trackers() {
    prove(tracker_settings::FACTS, fresh).await;
}
