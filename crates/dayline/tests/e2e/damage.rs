//! A store with a page that can't be read: whoever's it is waits for the repair, and nobody else.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dayline_domain::{UtcDay, UtcMs};
use dayline_sim::client::Device;
use dayline_sim::client::wire::{Body, Format};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use crate::support::account::{account, client, eventually, ping, send, sign_in, totals};
use crate::support::command::run;
use crate::support::now;
use crate::support::readiness::readiness;
use crate::support::server::Installation;

/// Days of the person whose page is damaged, and pings on each.
const DAYS: i32 = 6;
const PINGS: i64 = 800;

/// Sends pings of so many milliseconds each, until each 100 s of the last day show so many.
async fn fill(device: &Device, first: UtcDay, ms: i64, shown: i64) {
    for n in 0..DAYS {
        let start = UtcDay(first.0 + n).start();
        let pings: Vec<_> =
            (0..PINGS).map(|n| ping(&format!("App {}", n % 50), start.plus(100_000 * n), ms)).collect();
        let receipt = device.track(&Body::new(&pings, Format::Array).unwrap()).await.unwrap();
        assert_eq!(receipt.accepted, pings.len());
    }
    let last = UtcDay(first.0 + DAYS - 1).to_string();
    let whole = shown * PINGS;
    eventually(whole, Duration::from_secs(20), async || {
        totals(device, "apps", &last, "UTC").await.values().sum()
    })
    .await;
}

/// Overwrites a leaf page in the middle of the pieces; gives the file as it was.
fn damage(store: &Path) -> Vec<u8> {
    let connection = Connection::open(store).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let pages = "SELECT pageno FROM dbstat WHERE name = 'app_usage' AND pagetype = 'leaf' ORDER BY pageno";
    let mut pages = connection.prepare(pages).unwrap();
    let pages: Vec<i64> = pages.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    let whole = fs::read(store).unwrap();
    let mut file = File::options().write(true).open(store).unwrap();
    file.seek(SeekFrom::Start(((pages[pages.len() / 2] - 1) * size) as u64)).unwrap();
    file.write_all(&vec![0xA5; size as usize]).unwrap();
    whole
}

/// The midnights of those of the person's days that can't be read.
async fn unreadable(device: &Device, first: UtcDay) -> Vec<UtcMs> {
    let mut days = Vec::new();
    for day in (first.0..first.0 + DAYS).map(UtcDay) {
        if device.report("apps", &day.to_string(), "UTC").await.is_err() {
            days.push(day.start());
        }
    }
    days
}

#[tokio::test]
async fn a_damaged_page_holds_up_nobody_and_what_comes_for_it_is_processed_after_the_repair() {
    let installation = Installation::alone();
    let store = installation.data().join("dayline.db");
    let mut server = installation.start(&["--unlimited"]);
    let ada = crate::support::account::newcomer(&installation, "ada").await;
    crate::support::account::register(&installation, "bob").await;
    let (first, today) = (UtcDay(now().day().0 - 40), now().plus(-120_000));
    fill(&ada, first, 40_000, 40_000).await;
    assert_eq!(server.stop().code(), Some(0));
    let whole = damage(&store);

    let mut server = installation.start(&["--unlimited"]);
    // Connections to the server before are of no use any more.
    let ada = sign_in(&installation, &account("ada").into(), "laptop").await;
    let bob = sign_in(&installation, &account("bob").into(), "laptop").await;
    let broken = unreadable(&ada, first).await;
    assert!((1..=2).contains(&broken.len()), "{broken:?}");
    for day in &broken {
        send(&ada, ping("Late", day.plus(86_300_000), 5_000)).await;
    }
    send(&ada, ping("Other", today, 5_000)).await;
    send(&bob, ping("Code", today, 5_000)).await;
    for (device, app) in [(&bob, "Code"), (&ada, "Other")] {
        let day = today.day().to_string();
        eventually(Some(5_000), Duration::from_secs(10), async || {
            totals(device, "apps", &day, "UTC").await.get(app).copied()
        })
        .await;
    }
    assert_eq!(readiness(&server.processes[0]), (200, false, Vec::new()), "one day is no part of the server");
    let data = installation.data().display().to_string();
    let letters = run(&["dead-letters", "list", "--data", &data]).expect_success();
    assert_eq!(letters.lines().count(), broken.len(), "{letters}");
    assert!(letters.lines().all(|line| line.contains("malformed")), "{letters}");
    assert_eq!(server.stop().code(), Some(0));

    repair(&store, &whole);
    let _server = installation.start(&["--unlimited"]);
    run(&["dead-letters", "retry", "--all", "--data", &data]).expect_success();
    let ada = sign_in(&installation, &account("ada").into(), "laptop").await;
    for day in &broken {
        let totals = totals(&ada, "apps", &day.day().to_string(), "UTC").await;
        assert_eq!(totals.get("Late"), Some(&5_000), "{totals:?}");
        assert_eq!(totals.values().sum::<i64>(), 40_000 * PINGS + 5_000);
    }
}

/// The commands of the operator's page among which are these words.
fn told(words: &str) -> &'static str {
    const PAGE: &str = include_str!("../../../../docs/operations.md");
    PAGE.split("```").skip(1).step_by(2).find(|block| block.contains(words)).unwrap()
}

fn shell(folder: &Path, commands: &str) {
    let mut shell = Command::new("bash");
    let output = shell.args(["-euc", commands]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{commands}: {output:?}");
}

/// What Ada used from one day to another, in seconds.
async fn long_report(installation: &Installation, from: &str, to: &str) -> f64 {
    let tokens = client(installation).login(&account("ada"), "reader").await.unwrap();
    let url = format!("{}/api/v1/report/apps?from={from}&to={to}", installation.url());
    let asked = reqwest::Client::new().get(url).bearer_auth(tokens.access_token.expose_secret());
    let report: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
    let items = report["items"].as_array().unwrap_or_else(|| panic!("{report}"));
    items.iter().map(|item| item["seconds"].as_f64().unwrap()).sum()
}

#[tokio::test]
async fn what_can_be_read_is_kept_as_the_operators_page_tells_and_lost_days_take_pings_again() {
    let installation = Installation::alone();
    let data = installation.data();
    let mut server = installation.start(&["--unlimited"]);
    let ada = crate::support::account::newcomer(&installation, "ada").await;
    let first = UtcDay(now().day().0 - 40);
    // What two devices showed at once: where a piece is lost, what it outranked would count.
    let phone = sign_in(&installation, &account("ada").into(), "phone").await;
    fill(&phone, first, 100_000, 100_000).await;
    fill(&ada, first, 40_000, 100_000).await;
    assert_eq!(server.stop().code(), Some(0));
    damage(&data.join("dayline.db"));

    let mut server = installation.start(&["--unlimited"]);
    let ada = sign_in(&installation, &account("ada").into(), "laptop").await;
    let broken = unreadable(&ada, first).await;
    for day in &broken {
        send(&ada, ping("Late", day.plus(86_300_000), 5_000)).await;
    }
    let command = |words: &[&str]| run(&[words, &["--data", data.to_str().unwrap()]].concat());
    eventually(broken.len(), Duration::from_secs(10), async || {
        command(&["dead-letters", "list"]).expect_success().lines().count()
    })
    .await;
    assert_eq!(server.stop().code(), Some(0));

    shell(&data, told("sqlite3 dayline.db .dump"));
    let mut server = installation.start(&["--unlimited"]);
    let ada = sign_in(&installation, &account("ada").into(), "laptop").await;
    assert!(unreadable(&ada, first).await.is_empty());
    let mut by_day = 0.0;
    for day in (first.0..first.0 + DAYS).map(UtcDay) {
        let sum: i64 = totals(&ada, "apps", &day.to_string(), "UTC").await.values().sum();
        assert!(sum == 100_000 * PINGS || broken.contains(&day.start()), "{day} is as before");
        by_day += sum as f64 / 1_000.0;
    }
    // Made of sums, it would show what was lost.
    let (from, to) = (UtcDay(first.0 - 10).to_string(), UtcDay(first.0 + DAYS).to_string());
    let long = long_report(&installation, &from, &to).await;
    assert!((long - by_day).abs() < 0.01, "{long} s, but {by_day} s by days");

    assert_eq!(
        command(&["dead-letters", "retry", "--all"]).code,
        Some(1),
        "a day that lost pieces takes none"
    );
    let letters = command(&["dead-letters", "list"]).expect_success();
    assert_eq!(server.stop().code(), Some(0));
    let person = letters.split_whitespace().find(|word| word.len() == 36).unwrap();
    for day in &broken {
        let block = told("sqlite3 dayline.db \"\n");
        let (_, commands) = block.trim_start().split_once('\n').unwrap();
        shell(&data, &format!("person={person} day={}\n{commands}", day.day()));
    }
    let _server = installation.start(&["--unlimited"]);
    command(&["dead-letters", "retry", "--all"]).expect_success();
    let ada = sign_in(&installation, &account("ada").into(), "laptop").await;
    for day in &broken {
        let totals = totals(&ada, "apps", &day.day().to_string(), "UTC").await;
        assert_eq!(totals, [("Late".to_owned(), 5_000)].into());
    }
}

/// Gives the damaged page its content back; all other pages stay as they are by now.
fn repair(store: &Path, whole: &[u8]) {
    let mut bytes = fs::read(store).unwrap();
    let page = vec![0xA5; 4_096];
    let at = bytes.chunks(page.len()).position(|found| found == page).unwrap() * page.len();
    bytes[at..at + page.len()].copy_from_slice(&whole[at..at + page.len()]);
    fs::write(store, bytes).unwrap();
}
