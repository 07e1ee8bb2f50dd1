//! A server whose clock is far beyond everything that is stored.

use std::time::Duration;

use crate::support::account::{eventually, newcomer, ping, send};
use crate::support::now;
use crate::support::server::Installation;

const YEAR_MS: i64 = 365 * 86_400_000;
const SOON: Duration = Duration::from_secs(10);
const DOUBT: &str = "the clock is far beyond the newest stored moment";

#[tokio::test]
async fn a_clock_a_year_ahead_is_told_of_once_and_deletes_nothing_until_a_ping_confirms_it() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    newcomer(&installation, "ada").await;
    server.stop();
    // Instead of the clock, all that is stored is moved.
    let store = rusqlite::Connection::open(installation.data().join("dayline.db")).unwrap();
    for (table, columns) in [
        ("users", &["created_ms", "updated_ms"][..]),
        ("sessions", &["created_ms", "last_used_ms"]),
        ("audit_events", &["at_ms"]),
    ] {
        for column in columns {
            let sql = format!("UPDATE {table} SET {column} = {column} - {YEAR_MS} - 1");
            assert!(store.execute(&sql, []).unwrap() > 0);
        }
    }
    let kept = async || -> (i64, i64) {
        let count = |table| store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        (count("sessions").unwrap(), count("audit_events").unwrap())
    };
    let before = kept().await;
    let _server = installation.start(&["--audit-keep", "30d"]);
    eventually(true, SOON, async || installation.log().contains(DOUBT)).await;
    assert_eq!(kept().await, before);

    let bob = newcomer(&installation, "bob").await;
    send(&bob, ping("Code", now().plus(-5_000), 5_000)).await;
    eventually(true, SOON, async || installation.log().contains("the clock is confirmed")).await;
    // What is left is Bob's.
    eventually((1, 2), SOON, kept).await;
    assert_eq!(installation.log().matches(DOUBT).count(), 1);
}
