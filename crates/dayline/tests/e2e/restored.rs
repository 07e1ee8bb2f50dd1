//! A data folder whose database was put back from a backup, beside the ping log as it was.

use std::fs;
use std::time::Duration;

use dayline_domain::DAY_MS;
use rusqlite::Connection;

use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::now;
use crate::support::server::{Installation, get};

const SOON: Duration = Duration::from_secs(10);

/// Sends pings, makes a backup, sends more, and puts the backup back, with a server that keeps so much; gives what is
/// in the timeline then, and how many entries were told as lost.
async fn restored(keep: &str) -> (Vec<(String, i64)>, String) {
    let installation = Installation::alone();
    let options = ["--log-keep", keep];
    let mut server = installation.start(&options);
    let ada = newcomer(&installation, "ada").await;
    let start = now().plus(-DAY_MS).day().start();
    let day = start.day().to_string();
    let count = async || totals(&ada, "apps", &day, "UTC").await.len();
    send(&ada, ping("Before", start, 60_000)).await;
    eventually(1, SOON, count).await;
    let (database, copy) = (installation.data().join("dayline.db"), installation.folder().join("copy.db"));
    Connection::open(&database).unwrap().execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    send(&ada, ping("Between", start.plus(60_000), 60_000)).await;
    eventually(2, SOON, count).await;
    server.stop();
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(database.with_extension(format!("db{ending}")));
    }
    fs::copy(&copy, &database).unwrap();

    let server = installation.start(&options);
    send(&ada, ping("Later", start.plus(120_000), 60_000)).await;
    eventually(true, SOON, async || totals(&ada, "apps", &day, "UTC").await.contains_key("Later")).await;
    let metrics = get(server.processes[0].address, "/metrics").unwrap();
    let lost = metrics.lines().find_map(|line| line.strip_prefix("dayline_log_lost_entries_total ")).unwrap();
    (totals(&ada, "apps", &day, "UTC").await.into_iter().collect(), lost.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_put_back_from_a_backup_is_brought_up_to_date_from_the_log() {
    let (totals, lost) = restored("5m").await;
    let all = ["Before", "Between", "Later"].map(|app| (app.to_owned(), 60_000));
    assert_eq!((totals, lost.as_str()), (all.to_vec(), "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_log_that_keeps_nothing_can_not_bring_back_is_told() {
    let (totals, lost) = restored("0").await;
    let rest = ["Before", "Later"].map(|app| (app.to_owned(), 60_000));
    assert_eq!((totals, lost.as_str()), (rest.to_vec(), "1"));
}
