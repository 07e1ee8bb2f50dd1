//! What must not be kept is not kept: no part of a URL but its host in any file, no token or password in any log.

use std::fs;

use dayline_sim::client::Refusal;
use dayline_sim::client::wire::{Body, Format, Ping, Seen};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::installation;
use crate::support::account::{PASSWORD, account, eventually, newcomer, ping, send, sign_in, totals};
use crate::support::now;
use crate::support::server::Installation;

/// In each part of a URL that is to be dropped. No marker is part of another text of the run.
const URL: &str =
    "https://kolibri-user:kolibri-word@www.Example.org:8443/kolibri-path?kolibri-query=1#kolibri-part";
const MARKER: &str = "kolibri";

fn with_url(url: &str, ms: i64) -> Ping {
    let start = now().plus(-600_000);
    Ping::new(Seen::of_site("Firefox", url), start, start.plus(ms))
}

/// Everything that the servers of the installation keep: every byte of every file, of a cluster every table.
fn kept(installation: &Installation) -> Vec<(String, Vec<u8>)> {
    if installation.is_cluster() {
        let (database, redis) = (&installation.shared().database, &installation.shared().redis);
        return vec![
            ("the database".to_owned(), database.content().into_bytes()),
            ("redis".to_owned(), redis.content()),
        ];
    }
    let found: Vec<_> = fs::read_dir(installation.data())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    assert!(found.len() >= 4, "the data folder has {} files", found.len());
    found
}

fn expect_absent(installation: &Installation, texts: &[String]) {
    let mut places = kept(installation);
    places.push(("the log".to_owned(), installation.log().into_bytes()));
    for (name, bytes) in places {
        let lower = bytes.to_ascii_lowercase();
        for text in texts {
            let found =
                lower.windows(text.len()).any(|window| window == text.to_ascii_lowercase().as_bytes());
            assert!(!found, "{name} contains {text:?}");
        }
    }
}

/// Every request in which a URL or a secret could slip into an error.
async fn send_everything(installation: &Installation) -> Vec<String> {
    let device = newcomer(installation, "ada").await;
    for format in [Format::Object, Format::Array, Format::Lines] {
        let body = Body::new(&[with_url(URL, 1_000)], format).unwrap();
        assert_eq!(device.track(&body).await.unwrap().accepted, 1);
    }
    // What is no web address costs the domain alone; the others are refused.
    let odd =
        [with_url(URL, -5), with_url("kolibri:// not a url", 5), with_url(&format!("{URL}{:9000}", 1), 5)];
    let receipt = device.track(&Body::new(&odd, Format::Array).unwrap()).await.unwrap();
    assert_eq!((receipt.accepted, receipt.rejected.len()), (1, 2));

    let http = reqwest::Client::new();
    let tokens: Value =
        post(&http, installation, "/api/v1/auth/login", &login(PASSWORD)).await.json().await.unwrap();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let broken = format!("{{\"url\": \"{URL}\", ");
    let track = |path: &str| {
        let request = http.post(format!("{}/api/v1/usage/{path}", installation.url())).bearer_auth(&access);
        request.header("content-type", "application/json").body(broken.clone()).send()
    };
    assert_eq!(track("track").await.unwrap().status(), StatusCode::BAD_REQUEST);
    let strange = track(&format!("track?{MARKER}")).await.unwrap();
    assert_eq!(strange.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let missing =
        http.get(format!("{}/{MARKER}/path?{MARKER}", installation.url())).bearer_auth(&access).send();
    assert_eq!(missing.await.unwrap().status(), StatusCode::NOT_FOUND);
    let wrong = post(&http, installation, "/api/v1/auth/login", &login("kolibri-wrong-password")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let rotated = post(&http, installation, "/api/v1/auth/refresh", &json!({"refresh_token": refresh})).await;
    let rotated: Value = rotated.json().await.unwrap();
    let altered = format!("{access}x");
    let bad = http.get(format!("{}/api/v1/users/me", installation.url())).bearer_auth(&altered).send();
    assert_eq!(bad.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let today = now().day().to_string();
    eventually(true, std::time::Duration::from_secs(5), async || {
        totals(&device, "domains", &today, "UTC").await.contains_key("example.org")
            || now().plus(-600_000).day() != now().day()
    })
    .await;
    vec![access, refresh, text(&rotated, "access_token"), text(&rotated, "refresh_token")]
}

fn login(password: &str) -> Value {
    json!({"email": account("ada").email, "password": password, "device_id": "phone"})
}

async fn post(
    http: &reqwest::Client,
    installation: &Installation,
    path: &str,
    body: &Value,
) -> reqwest::Response {
    http.post(format!("{}{path}", installation.url())).json(body).send().await.unwrap()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_urls_only_the_host_and_of_secrets_nothing_reaches_a_file_or_a_log() {
    let installation = installation();
    let mut server = installation.start(&["--log-level", "trace", "--access-log"]);
    let mut secrets = send_everything(&installation).await;
    secrets.extend([PASSWORD.to_owned(), MARKER.to_owned()]);
    // While it runs, after it was killed (so that nothing is tidied away), and after it stopped in order.
    expect_absent(&installation, &secrets);
    server.kill();
    expect_absent(&installation, &secrets);
    let mut server = installation.start(&[]);
    send(&sign_in(&installation, &account("ada").into(), "desk").await, with_url(URL, 2_000)).await;
    server.stop();
    expect_absent(&installation, &secrets);
    // The search does find what is there: the host.
    assert!(
        kept(&installation).iter().any(|(_, bytes)| bytes.windows(11).any(|window| window == b"example.org"))
    );
}

#[tokio::test]
async fn addresses_of_people_are_in_no_log() {
    let installation = installation();
    let mut server = installation.start(&["--log-level", "trace", "--log-format", "json", "--access-log"]);
    let device = newcomer(&installation, "grace").await;
    let again =
        crate::support::account::client(&installation).register(&account("grace"), "Grace", false).await;
    assert!(matches!(again, Err(Refusal::Answered { status: StatusCode::CONFLICT, .. })));
    send(&device, ping("Code", now().plus(-60_000), 1_000)).await;
    server.stop();
    let log = installation.log();
    assert!(!log.contains("grace@example.org"), "{log}");
    let password = account("grace").password;
    assert!(!log.contains(password.expose_secret()), "{log}");
    // What is told to people is in it, too.
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let ready = lines.iter().find(|line| line["message"] == "ready").unwrap_or_else(|| panic!("{log}"));
    assert_eq!(ready["registration"], "open");
    let track = lines.iter().find(|line| line["route"] == "/api/v1/usage/track" && line["status"] == 202);
    let track = track.unwrap_or_else(|| panic!("{log}"));
    assert!(track["ms"].as_f64().unwrap() > 0.0 && track["network"] == "127.0.0.0/24", "{track}");
}
