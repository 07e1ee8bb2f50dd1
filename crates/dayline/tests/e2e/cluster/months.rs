//! Months of timelines, through the program: their edges, and taking them away and bringing them back.

use std::time::Duration;

use dayline_domain::{DAY_MS, LocalDate, UtcDay, UtcMs};

use super::caller::Caller;
use super::installation;
use crate::support::account::{eventually, newcomer, ping, send, totals};
use crate::support::command::{Ended, run};
use crate::support::now;
use crate::support::server::Installation;

/// The last midnight of a month that is long over but may still be tracked.
fn last_midnight() -> UtcMs {
    let earlier = LocalDate(UtcDay(now().day().0 - 100).0);
    let (year, month, _) = earlier.ymd();
    UtcDay(LocalDate::from_ymd(year, month, 1).unwrap().0).start()
}

/// The month that ends at a midnight, as `2026-01`.
fn month_before(midnight: UtcMs) -> String {
    midnight.plus(-DAY_MS).day().to_string()[..7].to_owned()
}

fn partitions(installation: &Installation, arguments: &[&str]) -> Ended {
    let data = installation.data_options();
    run(&[&["partitions"], arguments, &data.each_ref().map(String::as_str)[..]].concat())
}

/// The tags of all reports, and what they say about the days around the edge, byte for byte.
async fn reports(caller: &Caller, midnight: UtcMs) -> (Vec<String>, Vec<Vec<u8>>) {
    let (from, to) = (midnight.plus(-DAY_MS).day(), midnight.day());
    let (mut tags, mut all) = (Vec::new(), Vec::new());
    for path in [
        format!("/api/v1/report/apps?from={from}&to={to}&tz=UTC"),
        format!("/api/v1/report/days?from={from}&to={to}&tz=America/New_York"),
        format!("/api/v1/report/hours?date={from}&tz=UTC"),
        format!("/api/v1/usage/timeline?date={from}&tz=UTC&outranked=true"),
    ] {
        let answer = caller.get(&path).await;
        assert_eq!(answer.status(), 200, "{path}");
        tags.push(answer.headers()["etag"].to_str().unwrap().to_owned());
        all.push(answer.bytes().await.unwrap().to_vec());
    }
    (tags, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_archived_dropped_and_restored_and_reports_are_the_same_to_the_byte() {
    let installation = installation();
    let _server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    let midnight = last_midnight();
    let (month, days) =
        (month_before(midnight), [midnight.plus(-DAY_MS), midnight].map(|at| at.day().to_string()));
    let file = installation.folder().join("month.gz").display().to_string();
    // Over the edge, in months that nobody has made. The window of the second day knows which of both began last.
    send(&device, ping("Code", midnight.plus(-10_000), 30_000)).await;
    send(&device, ping("Mail", midnight.plus(-1), 2)).await;
    let both_sides = async || {
        let of_code = async |day| totals(&device, "apps", day, "UTC").await.get("Code").copied();
        (of_code(days[0].as_str()).await, of_code(days[1].as_str()).await)
    };
    eventually((Some(9_999), Some(19_999)), Duration::from_secs(10), both_sides).await;
    let caller = Caller::signed_in(&installation.url(), "ada", "reader").await;
    let before = reports(&caller, midnight).await;

    let unknown = partitions(&installation, &["archive", "2001-01", &file]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("2001-01"), "{unknown:?}");
    let archived = partitions(&installation, &["archive", &month, &file]).expect_success();
    assert!(archived.contains("1 days, 2 observations"), "{archived}");
    let again = partitions(&installation, &["archive", &month, &file]);
    assert!(again.code == Some(1) && again.stderr.contains(&file), "{again:?}");
    assert!(partitions(&installation, &["list"]).expect_success().contains(&month));

    let unsure = partitions(&installation, &["drop", &month]);
    assert!(unsure.code == Some(2) && unsure.stderr.contains("--yes"), "{unsure:?}");
    partitions(&installation, &["drop", &month, "--yes"]).expect_success();
    assert_eq!(both_sides().await, (None, Some(19_999)));
    assert_eq!(partitions(&installation, &["drop", &month, "--yes"]).code, Some(1));
    assert_ne!(reports(&caller, midnight).await.1, before.1);

    let restored = partitions(&installation, &["restore", &file]).expect_success();
    assert!(restored.contains("1 days, 2 observations"), "{restored}");
    let after = reports(&caller, midnight).await;
    assert_eq!(after.1, before.1);
    assert!(after.0.iter().zip(&before.0).all(|(after, before)| after != before), "{after:?}");
    let twice = partitions(&installation, &["restore", &file]).expect_success();
    assert!(twice.contains("0 days"), "{twice}");
    assert_eq!(reports(&caller, midnight).await, after);
    // It is what was archived, and yet another state of it.
    let changed = partitions(&installation, &["drop", &month, "--yes"]);
    assert!(changed.code == Some(1) && changed.stderr.contains("has changed"), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_into_a_month_that_was_dropped_alongside_the_servers_are_neither_refused_nor_lost() {
    let installation = installation();
    let _server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    let start = last_midnight().plus(-5 * DAY_MS);
    let (month, day) = (month_before(last_midnight()), start.day().to_string());
    let of = async |app: &str| totals(&device, "apps", &day, "UTC").await.get(app).copied();
    send(&device, ping("Code", start, 5_000)).await;
    eventually(Some(5_000), Duration::from_secs(10), async || of("Code").await).await;
    for round in 1..4 {
        // A worker has the day in memory as it was.
        partitions(&installation, &["drop", &month, "--yes", "--unarchived"]).expect_success();
        send(&device, ping("Mail", start.plus(round * 100_000), 7_000)).await;
        eventually(Some(7_000), Duration::from_secs(10), async || of("Mail").await).await;
    }
    assert_eq!(of("Code").await, None, "what was dropped is gone");
}

#[test]
fn migrations_are_shown_and_taken_also_alongside_running_servers() {
    let installation = installation();
    let data = installation.data_options();
    let migrate = |word: &str| run(&["migrate", word, &data[0], &data[1]]).expect_success();
    let applied = migrate("status");
    assert!(applied.starts_with("0001 applied") && !applied.contains("pending"), "{applied}");
    let _server = installation.start(&[]);
    assert_eq!(migrate("apply"), applied);
    assert_eq!(migrate("status"), applied);
}
