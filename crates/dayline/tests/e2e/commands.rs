//! The commands for operators, alongside a running server and without one.

use std::fs;
use std::time::Duration;

use clap::CommandFactory;
use dayline::cli::Cli;
use serde_json::Value;

use crate::support::account::{account, eventually, newcomer, ping, send, sign_in, totals};
use crate::support::command::{Ended, run};
use crate::support::now;
use crate::support::server::{Installation, get};

fn on_data(installation: &Installation, arguments: &[&str]) -> Ended {
    run(&[arguments, &["--data", &installation.data().display().to_string()]].concat())
}

#[test]
fn every_command_explains_itself() {
    let mut waiting = vec![(Vec::<String>::new(), Cli::command())];
    while let Some((path, command)) = waiting.pop() {
        let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
        words.push("--help");
        let help = run(&words).expect_success();
        assert!(help.contains("Usage:"), "{words:?}: {help}");
        for child in command.get_subcommands() {
            waiting.push(([path.clone(), vec![child.get_name().to_owned()]].concat(), child.clone()));
        }
    }
}

#[test]
fn the_api_document_is_the_one_a_server_shows() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    let printed = run(&["openapi"]).expect_success();
    let shown = get(installation.address(), "/openapi.json").unwrap();
    let shown = shown.split_once("\r\n\r\n").unwrap().1;
    let document = |text: &str| serde_json::from_str::<Value>(&without_days(text)).unwrap();
    assert_eq!(document(&printed), document(shown));
    assert!(document(shown)["paths"]["/api/v1/usage/track"].is_object());
}

/// The text without its dates: a server's examples are of yesterday.
fn without_days(text: &str) -> String {
    let is_date = |text: &str| {
        text.bytes()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() })
    };
    let (mut without, mut rest) = (String::new(), text);
    while let Some(at) = (0..rest.len()).find(|at| rest.get(*at..at + 10).is_some_and(is_date)) {
        without += &rest[..at];
        rest = &rest[at + 10..];
    }
    without + rest
}

#[test]
fn migrations_are_shown_and_taken_but_not_under_a_running_server() {
    let installation = Installation::alone();
    let pending = on_data(&installation, &["migrate", "status"]).expect_success();
    assert!(pending.starts_with("0001 pending"), "{pending}");
    assert!(!installation.data().exists(), "status changes nothing");
    let mut server = installation.start(&[]);
    let applied = on_data(&installation, &["migrate", "status"]).expect_success();
    assert!(applied.starts_with("0001 applied") && !applied.contains("pending"), "{applied}");
    assert!(on_data(&installation, &["migrate"]).stderr.contains("in use"));
    server.stop();
    assert_eq!(on_data(&installation, &["migrate", "apply"]).expect_success(), applied);
}

#[tokio::test]
async fn a_damaged_entry_of_the_log_becomes_a_dead_letter_and_holds_up_nothing() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    // While the ledger can't be written pings stay in the log.
    let held = installation.hold_ledger();
    let start = now().plus(-86_400_000).day().start();
    send(&device, ping("Code", start, 5_000)).await;
    send(&device, ping("Petrichor", start.plus(60_000), 5_000)).await;
    send(&device, ping("Mail", start.plus(120_000), 5_000)).await;
    server.stop();
    drop(held);
    flip_a_byte(&installation, b"Petrichor");

    let _server = installation.start(&[]);
    let device = sign_in(&installation, &account("ada").into(), "reader").await;
    let expected = [("Code".to_owned(), 5_000), ("Mail".to_owned(), 5_000)].into();
    let day = start.day().to_string();
    eventually(expected, Duration::from_secs(5), async || totals(&device, "apps", &day, "UTC").await).await;
    let list = on_data(&installation, &["dead-letters", "list"]).expect_success();
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(installation.log().contains("became dead letters"), "the log says so");
    let shown = on_data(&installation, &["dead-letters", "show", "1"]).expect_success();
    assert!(shown.contains("etrichor"), "{shown}");
}

/// Changes a byte of the ping log where it holds this text.
fn flip_a_byte(installation: &Installation, text: &[u8]) {
    let file = installation.data().join("ping-log.db");
    // A server that could not finish its work in time leaves pings in the write-ahead log.
    let log = rusqlite::Connection::open(&file).unwrap();
    log.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(log);
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text).expect("the ping is in the log");
    bytes[at] ^= 0x20;
    fs::write(&file, bytes).unwrap();
}
