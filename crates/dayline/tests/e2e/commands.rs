//! The commands for operators, beside a running server and without one.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use clap::CommandFactory;
use dayline::cli::Cli;
use dayline::client::Device;
use dayline_app::ports::{DeadPing, LedgerCommit, LedgerWriter, Partition};
use dayline_app::record;
use dayline_domain::{Interval, Source, UserId, UtcMs};
use dayline_sqlite::SqliteStore;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::account::{account, client, eventually, newcomer, ping, send, sign_in, totals};
use crate::support::command::{Ended, run, run_with_input};
use crate::support::now;
use crate::support::server::{Place, get};

fn on_data(place: &Place, arguments: &[&str]) -> Ended {
    run(&[arguments, &["--data", &place.data().display().to_string()]].concat())
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
    let place = Place::new();
    let _server = place.start(&[]);
    let printed: Value = serde_json::from_str(&run(&["openapi"]).expect_success()).unwrap();
    let shown = get(place.address(), "/openapi.json").unwrap();
    let shown: Value = serde_json::from_str(shown.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(printed, shown);
    assert!(printed["paths"]["/api/v1/usage/track"].is_object());
}

#[test]
fn a_health_check_succeeds_only_while_a_server_is_ready() {
    let place = Place::new();
    let check = || run(&["healthcheck", "--url", &place.url()]).code;
    assert_eq!(check(), Some(1));
    let mut server = place.start(&[]);
    assert_eq!(check(), Some(0));
    server.stop();
    assert_eq!(check(), Some(1));
    assert_eq!(run(&["healthcheck", "--url", "https://example.org"]).code, Some(2));
}

#[test]
fn migrations_are_shown_and_taken_but_not_under_a_running_server() {
    let place = Place::new();
    let pending = on_data(&place, &["migrate", "status"]).expect_success();
    assert!(pending.starts_with("0001 pending"), "{pending}");
    assert!(!place.data().exists(), "status changes nothing");
    let mut server = place.start(&[]);
    let applied = on_data(&place, &["migrate", "status"]).expect_success();
    assert!(applied.starts_with("0001 applied") && !applied.contains("pending"), "{applied}");
    assert!(on_data(&place, &["migrate"]).stderr.contains("in use"));
    server.stop();
    assert_eq!(on_data(&place, &["migrate", "apply"]).expect_success(), applied);
}

#[tokio::test]
async fn a_reset_password_replaces_the_old_one_and_signs_everything_out() {
    let place = Place::new();
    let _server = place.start(&[]);
    let device = newcomer(&place, "ada").await;
    let (data, new) = (place.data().display().to_string(), "another one, and long");
    let arguments = ["user", "reset-password", "ADA@example.org", "--data", &data];
    assert_eq!(run_with_input(&arguments, "short\n").code, Some(2));
    run_with_input(&arguments, &format!("{new}\n")).expect_success();

    let wrong = client(&place).login(&account("ada"), "laptop").await.unwrap_err();
    assert!(wrong.is_answer(StatusCode::UNAUTHORIZED), "{wrong}");
    // The device cannot help itself: its session and its password are gone.
    let today = now().day().to_string();
    eventually(true, Duration::from_secs(3), async || {
        let refusal = device.report("apps", &today, "UTC").await.err();
        refusal.is_some_and(|refusal| refusal.is_answer(StatusCode::UNAUTHORIZED))
    })
    .await;
    let mut changed = account("ada");
    changed.password = new.to_owned().into();
    sign_in(&place, &Arc::new(changed), "laptop").await;

    let nobody =
        run_with_input(&["user", "reset-password", "bob@example.org", "--data", &data], "whatever it is\n");
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
}

async fn user_of(device: &Device, place: &Place) -> UserId {
    let tokens = client(place).login(&account("ada"), device.id()).await.unwrap();
    let me = reqwest::Client::new()
        .get(format!("{}/api/v1/users/me", place.url()))
        .bearer_auth(secrecy::ExposeSecret::expose_secret(&tokens.access_token))
        .send();
    let me: Value = me.await.unwrap().json().await.unwrap();
    me["id"].as_str().unwrap().parse().unwrap()
}

/// Puts a record aside, as a worker does with what it can't process.
async fn put_aside(place: &Place, user: UserId, record: Vec<u8>) {
    let store = SqliteStore::open_beside(&place.data()).unwrap();
    let at = store.position(Partition(0)).await.unwrap();
    let dead = vec![DeadPing { user: Some(user), reason: "a reason for the test".to_owned(), record }];
    let commit =
        LedgerCommit { partition: Partition(0), from: at, to: at, changes: Vec::new(), dead, at: now() };
    store.apply(Arc::new(commit)).await.unwrap();
}

fn mail_at(start: UtcMs) -> dayline_domain::Ping {
    let interval = Interval::new(start, start.plus(7_000)).unwrap();
    dayline_domain::Ping { source: Source::new("laptop", "Mail", None).unwrap(), interval }
}

#[tokio::test]
async fn dead_letters_are_listed_shown_retried_and_deleted_beside_a_running_server() {
    let place = Place::new();
    let _server = place.start(&[]);
    let device = newcomer(&place, "ada").await;
    let user = user_of(&device, &place).await;
    assert_eq!(on_data(&place, &["dead-letters", "list"]).expect_success(), "");
    let start = now().plus(-86_400_000).day().start();
    put_aside(&place, user, record::encode(user, &[mail_at(start)])).await;
    put_aside(&place, user, vec![1, 2, 3]).await;

    let list = on_data(&place, &["dead-letters", "list"]).expect_success();
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains(&user.to_string()) && list.contains("1 pings"), "{list}");
    let shown = on_data(&place, &["dead-letters", "show", "1"]).expect_success();
    assert!(shown.contains("Mail") && shown.contains("a reason for the test"), "{shown}");

    // The server has the day in memory as it was before the retry, and must not lose what comes by it.
    send(&device, ping("Code", start.plus(60_000), 5_000)).await;
    let retried = on_data(&place, &["dead-letters", "retry", "--all"]);
    assert_eq!(retried.code, Some(1), "the second is no record: {retried:?}");
    assert!(retried.stdout.contains("1: processed") && retried.stderr.contains("2: "), "{retried:?}");
    send(&device, ping("Code", start.plus(65_000), 5_000)).await;
    let expected = [("Code".to_owned(), 10_000), ("Mail".to_owned(), 7_000)].into();
    let day = start.day().to_string();
    eventually(expected, Duration::from_secs(5), async || totals(&device, "apps", &day, "UTC").await).await;

    on_data(&place, &["dead-letters", "delete", "2"]).expect_success();
    assert_eq!(on_data(&place, &["dead-letters", "list"]).expect_success(), "");
    assert_eq!(on_data(&place, &["dead-letters", "show", "2"]).code, Some(1));
}

#[tokio::test]
async fn a_damaged_entry_of_the_log_is_put_aside_and_holds_up_nothing() {
    let place = Place::new();
    // Without a worker pings stay in the log.
    let mut server = place.start(&["--role", "api"]);
    let device = newcomer(&place, "ada").await;
    let start = now().plus(-86_400_000).day().start();
    send(&device, ping("Code", start, 5_000)).await;
    send(&device, ping("Petrichor", start.plus(10_000), 5_000)).await;
    send(&device, ping("Mail", start.plus(20_000), 5_000)).await;
    server.stop();
    flip_a_byte(&place, b"Petrichor");

    let _server = place.start(&[]);
    let device = sign_in(&place, &account("ada").into(), "reader").await;
    let expected = [("Code".to_owned(), 5_000), ("Mail".to_owned(), 5_000)].into();
    let day = start.day().to_string();
    eventually(expected, Duration::from_secs(5), async || totals(&device, "apps", &day, "UTC").await).await;
    let list = on_data(&place, &["dead-letters", "list"]).expect_success();
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(place.log().contains("put aside"), "the log says so");
    let shown = on_data(&place, &["dead-letters", "show", "1"]).expect_success();
    assert!(shown.contains("etrichor"), "{shown}");
}

/// Changes a byte of the ping log where it holds this text.
fn flip_a_byte(place: &Place, text: &[u8]) {
    let file = place.data().join("ping-log.db");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text).expect("the ping is in the log");
    bytes[at] ^= 0x20;
    fs::write(&file, bytes).unwrap();
}
