//! The commands for operators, alongside running servers.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{DeadLetter, LedgerCommit, LedgerWriter, Partition};
use dayline_app::tracking::record;
use dayline_domain::{Interval, Observation, Source, Subject, UserId, UtcMs};
use dayline_postgres::{PgConfig, PgStore};
use dayline_sim::client::Device;
use dayline_sqlite::SqliteStore;
use reqwest::StatusCode;
use serde_json::Value;

use super::installation;
use crate::support::account::{PASSWORD, account, client, eventually, newcomer, ping, send, sign_in, totals};
use crate::support::command::{Ended, run, run_with_input};
use crate::support::now;
use crate::support::server::Installation;

fn on_data(installation: &Installation, arguments: &[&str]) -> Ended {
    let data = installation.data_options();
    run(&[arguments, &data.each_ref().map(String::as_str)].concat())
}

fn ledger(installation: &Installation) -> Arc<dyn LedgerWriter> {
    if installation.is_cluster() {
        let config = PgConfig::new(&installation.shared().database.url).unwrap();
        return Arc::new(PgStore::open(&config).unwrap());
    }
    Arc::new(SqliteStore::open_alongside(&installation.data()).unwrap())
}

#[test]
fn a_health_check_succeeds_only_while_a_server_is_ready() {
    let installation = installation();
    let check = || run(&["healthcheck", "--url", &installation.url()]).code;
    assert_eq!(check(), Some(1));
    let mut server = installation.start(&[]);
    assert_eq!(check(), Some(0));
    server.stop();
    assert_eq!(check(), Some(1));
    assert_eq!(run(&["healthcheck", "--url", "ftp://example.org"]).code, Some(2));
}

#[tokio::test]
async fn a_reset_password_replaces_the_old_one_and_signs_everything_out() {
    let installation = installation();
    let _server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    let ([option, data], new) = (installation.data_options(), "another one, and long");
    let arguments = ["user", "reset-password", "ADA@example.org", &option, &data];
    assert_eq!(run_with_input(&arguments, "short\n").code, Some(2));
    run_with_input(&arguments, &format!("{new}\n")).expect_success();

    let wrong = client(&installation).login(&account("ada"), "laptop").await.unwrap_err();
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
    sign_in(&installation, &Arc::new(changed), "laptop").await;

    let nobody =
        run_with_input(&["user", "reset-password", "bob@example.org", &option, &data], "whatever it is\n");
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
}

/// The status of a page.
async fn status_of(request: reqwest::RequestBuilder) -> u16 {
    request.header("sec-fetch-site", "same-origin").send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_operator_makes_disables_and_deletes_accounts_where_registration_is_closed() {
    let installation = installation();
    let mut server = installation.start(&["--registration", "closed"]);
    assert!(installation.log().contains("Registration is closed"));
    let refused = client(&installation).register(&account("eve"), "Eve", false).await.unwrap_err();
    assert!(refused.is_answer(StatusCode::FORBIDDEN), "{refused}");
    let user = |words: &[&str], input: &str| {
        let data = installation.data_options();
        let words = [&["user"], words, &data.each_ref().map(String::as_str)].concat();
        run_with_input(&words, input)
    };
    let password = format!("{PASSWORD}\n");
    user(&["create", "ada@example.org", "--full-name", "Ada Lovelace"], &password).expect_success();
    assert_eq!(user(&["create", "ADA@example.org"], &password).code, Some(1));
    let laptop = sign_in(&installation, &Arc::new(account("ada")), "laptop").await;
    send(&laptop, ping("Code", now().plus(-60_000), 5_000)).await;

    user(&["disable", "ada@example.org"], "").expect_success();
    let today = now().day().to_string();
    eventually(true, Duration::from_secs(3), async || {
        let refusal = laptop.report("apps", &today, "UTC").await.err();
        refusal.is_some_and(|refusal| refusal.is_answer(StatusCode::FORBIDDEN))
    })
    .await;
    let list = user(&["list"], "").expect_success();
    assert!(list.contains("  disabled 2") && list.contains("  ada@example.org  Ada Lovelace"), "{list}");
    user(&["enable", "ada@example.org"], "").expect_success();

    let link =
        user(&["reset-password", "ada@example.org", "--link", "--public-url", &installation.url()], "");
    let link = link.expect_success();
    let (page, http) = (link.trim(), reqwest::Client::new());
    let choose = || {
        let form = http.post(page).header("content-type", "application/x-www-form-urlencoded");
        status_of(form.body("new_password=another+one%2C+and+long"))
    };
    assert_eq!(status_of(http.get(page)).await, 200);
    assert_eq!(choose().await, 200);
    assert_eq!(choose().await, 404);
    let mut changed = account("ada");
    changed.password = "another one, and long".to_owned().into();
    sign_in(&installation, &Arc::new(changed), "laptop").await;

    server.stop();
    assert_eq!(user(&["delete", "ada@example.org"], "eve@example.org\n").code, Some(2));
    user(&["delete", "ada@example.org"], "Ada@example.org\n").expect_success();
    assert_eq!(user(&["list"], "").expect_success(), "");
    for words in [["disable"], ["enable"]] {
        assert_eq!(user(&[&words[..], &["ada@example.org"]].concat(), "").code, Some(1));
    }
}

async fn user_of(device: &Device, installation: &Installation) -> UserId {
    let tokens = client(installation).login(&account("ada"), device.id()).await.unwrap();
    let me = reqwest::Client::new()
        .get(format!("{}/api/v1/users/me", installation.url()))
        .bearer_auth(secrecy::ExposeSecret::expose_secret(&tokens.access_token))
        .send();
    let me: Value = me.await.unwrap().json().await.unwrap();
    me["id"].as_str().unwrap().parse().unwrap()
}

/// Puts a record aside, as a worker does with what it can't process.
async fn dead_letter(installation: &Installation, user: UserId, record: Vec<u8>) {
    let ledger = ledger(installation);
    let at = ledger.position(Partition(0)).await.unwrap();
    let dead = vec![DeadLetter { user: Some(user), reason: "a reason for the test".to_owned(), record }];
    let commit = LedgerCommit {
        partition: Partition(0),
        from: at,
        to: at,
        days: Vec::new(),
        corrections: Vec::new(),
        dead,
        at: now(),
    };
    ledger.apply(Arc::new(commit)).await.unwrap();
}

fn mail_at(start: UtcMs) -> Observation {
    let interval = Interval::new(start, start.plus(7_000)).unwrap();
    let subject = Subject::from(&*Source::new("laptop", "Mail", None).unwrap());
    Observation::new(Arc::new(subject), interval)
}

#[tokio::test]
async fn dead_letters_are_listed_shown_retried_and_deleted_alongside_a_running_server() {
    let installation = installation();
    let _server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    let user = user_of(&device, &installation).await;
    assert_eq!(on_data(&installation, &["dead-letters", "list"]).expect_success(), "");
    let start = now().plus(-86_400_000).day().start();
    dead_letter(&installation, user, record::encode_observations(user, &[mail_at(start)])).await;
    dead_letter(&installation, user, vec![1, 2, 3]).await;

    let list = on_data(&installation, &["dead-letters", "list"]).expect_success();
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains(&user.to_string()) && list.contains("1 pings"), "{list}");
    let shown = on_data(&installation, &["dead-letters", "show", "1"]).expect_success();
    assert!(shown.contains("Mail") && shown.contains("a reason for the test"), "{shown}");

    // The server has the day in memory as it was before the retry, and must not lose what comes by it.
    send(&device, ping("Code", start.plus(60_000), 5_000)).await;
    let retried = on_data(&installation, &["dead-letters", "retry", "--all"]);
    assert_eq!(retried.code, Some(1), "the second is no record: {retried:?}");
    assert!(retried.stdout.contains("1: processed") && retried.stderr.contains("2: "), "{retried:?}");
    send(&device, ping("Code", start.plus(65_000), 5_000)).await;
    let expected = [("Code".to_owned(), 10_000), ("Mail".to_owned(), 7_000)].into();
    let day = start.day().to_string();
    eventually(expected, Duration::from_secs(5), async || totals(&device, "apps", &day, "UTC").await).await;

    on_data(&installation, &["dead-letters", "delete", "2"]).expect_success();
    assert_eq!(on_data(&installation, &["dead-letters", "list"]).expect_success(), "");
    assert_eq!(on_data(&installation, &["dead-letters", "show", "2"]).code, Some(1));
}
