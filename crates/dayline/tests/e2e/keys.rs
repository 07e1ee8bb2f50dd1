//! Rotation of the keys that sign access tokens, alongside a running server and without a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayline_sim::client::wire::Tokens;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::support::account::{account, client, eventually, register};
use crate::support::command::{Ended, run};
use crate::support::server::Installation;

/// How soon a server notices a changed file.
const NOTICED: Duration = Duration::from_secs(5);

fn keys(installation: &Installation, arguments: &[&str]) -> Ended {
    run(&[&["keys"], arguments, &["--data", &installation.data().display().to_string()]].concat())
}

async fn login(installation: &Installation, device: &str) -> Tokens {
    client(installation).login(&account("ada"), device).await.unwrap()
}

/// The key that an access token was signed with.
fn kid(tokens: &Tokens) -> String {
    let header = tokens.access_token.expose_secret().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// What a request with the access token is answered.
async fn asked_with(installation: &Installation, tokens: &Tokens) -> StatusCode {
    let me = reqwest::Client::new().get(format!("{}/api/v1/users/me", installation.url()));
    me.bearer_auth(tokens.access_token.expose_secret()).send().await.unwrap().status()
}

async fn refreshed(installation: &Installation, tokens: &Tokens) -> Tokens {
    client(installation).refresh(tokens).await.unwrap()
}

#[tokio::test]
async fn keys_are_rotated_under_a_running_server_and_nobody_is_signed_out() {
    let installation = Installation::alone();
    let _server = installation.start(&["--unlimited"]);
    register(&installation, "ada").await;
    let before = login(&installation, "laptop").await;
    let old = kid(&before);
    let successor = refreshed(&installation, &before).await;

    let new = keys(&installation, &["add", "--signs-after", "0s"]).expect_success().trim().to_owned();
    eventually(new.clone(), NOTICED, async || kid(&login(&installation, "phone").await)).await;
    assert_eq!(asked_with(&installation, &before).await, StatusCode::OK);
    let again = refreshed(&installation, &before).await;
    assert_eq!(again.refresh_token.expose_secret(), successor.refresh_token.expose_secret());
    assert_eq!(kid(&again), new);

    keys(&installation, &["retire", &old]).expect_success();
    let list = keys(&installation, &["list"]).expect_success();
    assert!(list.contains(&format!("{old}  made ")) && list.contains("retired, verifies until"), "{list}");
    assert_eq!(keys(&installation, &["forget"]).expect_success(), "", "its tokens are still out");
    assert_eq!(asked_with(&installation, &before).await, StatusCode::OK);

    keys(&installation, &["retire", &old, "--at-once"]).expect_success();
    eventually(StatusCode::UNAUTHORIZED, NOTICED, async || asked_with(&installation, &before).await).await;
    assert_eq!(asked_with(&installation, &refreshed(&installation, &again).await).await, StatusCode::OK);
    assert_eq!(keys(&installation, &["forget"]).expect_success().trim(), old);
    assert_eq!(keys(&installation, &["list"]).expect_success().lines().count(), 1);
}

#[tokio::test]
async fn a_damaged_or_weak_new_file_is_logged_once_and_the_old_keys_stay_in_force() {
    let installation = Installation::alone();
    let _server = installation.start(&["--unlimited"]);
    register(&installation, "ada").await;
    let tokens = login(&installation, "laptop").await;
    let file = installation.data().join("keys.json");
    let good = fs::read(&file).unwrap();
    for (n, bad) in ["{\"version\": 1, \"acc", &"w".repeat(31)].into_iter().enumerate() {
        fs::write(&file, bad).unwrap();
        let errors = || installation.log().matches("the key file can't be used").count();
        eventually(n + 1, NOTICED, async || errors()).await;
        // Time for more looks. With less the test would only notice less.
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        assert_eq!(errors(), n + 1);
        assert!(!installation.log().contains(bad));
        assert_eq!(asked_with(&installation, &tokens).await, StatusCode::OK);
        assert_eq!(kid(&login(&installation, "phone").await), kid(&tokens));
        fs::write(&file, &good).unwrap();
        eventually(n + 1, NOTICED, async || installation.log().matches("is good again").count()).await;
    }
}

#[test]
fn the_file_is_made_once_for_its_owner_alone_and_no_command_shows_a_secret() {
    let installation = Installation::alone();
    let file = installation.folder().join("shared/keys");
    let path = file.display().to_string();
    let command = |arguments: &[&str]| run(&[&["keys"], arguments, &["--keys-file", &path]].concat());
    let missing = command(&["list"]);
    assert!(missing.code == Some(1) && missing.stderr.contains("dayline keys create"), "{missing:?}");
    assert!(!file.exists());

    assert!(command(&["create"]).stderr.contains("was made"));
    let made = fs::read(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(command(&["create"]).stderr.contains("exists already"));
    assert_eq!(fs::read(&file).unwrap(), made);

    let only = command(&["list"]).expect_success().split_once(' ').unwrap().0.to_owned();
    let refused = command(&["retire", &only]);
    assert!(refused.code == Some(1) && refused.stderr.contains("add one first"), "{refused:?}");
    assert!(command(&["retire", "nobody"]).stderr.contains("nobody"));
    let new = command(&["add"]).expect_success();
    let list = command(&["list"]);
    assert!(list.stdout.contains(&format!("{}  made ", new.trim())) && list.stdout.contains("signs from "));
    let document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for key in document["access_keys"].as_array().unwrap() {
        let secret = key["secret"].as_str().unwrap();
        assert!(!format!("{list:?}").contains(secret));
    }
}
