//! The wire as clients write it that nobody here wrote: over real connections, with what they get wrong
//! harmlessly.

use dayline_cli_kit::units::rfc3339;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::account::{PASSWORD, account, register};
use crate::support::command::run;
use crate::support::now;
use crate::support::server::Installation;

/// Somebody who is signed in by the API alone.
struct Stranger {
    http: Client,
    url: String,
    token: String,
}

impl Stranger {
    async fn on(installation: &Installation, device: &str) -> Self {
        let (http, url) = (Client::new(), installation.url());
        let login = json!({"email": account("ada").email, "password": PASSWORD, "device_id": device});
        let answer = http.post(format!("{url}/api/v1/auth/login")).json(&login).send().await.unwrap();
        let tokens: Value = answer.json().await.unwrap();
        Self { http, url, token: tokens["access_token"].as_str().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// How many of the pings were accepted; null if none was looked at.
    async fn track(&self, path: &str, media_type: &str, body: Vec<u8>) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = request.header("content-type", media_type).body(body).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["accepted"].take()
    }
}

fn ping(app: &str) -> Vec<u8> {
    let at = rfc3339(now().plus(-60_000)).replace('T', " ");
    json!({"app_name": app, "start_time": at, "end_time": at}).to_string().into_bytes()
}

#[tokio::test]
async fn what_can_be_understood_is_taken_however_it_is_written() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    register(&installation, "ada").await;
    let ada = Stranger::on(&installation, "laptop").await;
    let bad =
        ping("Caf?").into_iter().map(|byte| if byte == b'?' { 0xe9 } else { byte }).collect::<Vec<u8>>();
    let lines = [&b"\xef\xbb\xbf"[..], &ping("One"), b"\n", &bad, b"\n", &ping("Two")].concat();
    assert_eq!(ada.track("//api/v1/usage/track/", "Application/X-NDJSON", lines).await, 2);
    let today = now().day();
    let zone = "tz=W.+Europe+Standard+Time";
    let report =
        ada.get(&format!("/api/v1/report/apps/?from={today}&to={today}&{zone}")).send().await.unwrap();
    assert_eq!(report.json::<Value>().await.unwrap()["tz"], "Europe/Berlin");
    let strange = ada.get("/api/v1/report/apps?dat=2026-11-20").send().await.unwrap();
    assert_eq!(strange.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_long_answer_is_packed_on_its_way_and_one_with_tokens_is_not() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    register(&installation, "ada").await;
    let ada = Stranger::on(&installation, "laptop").await;
    let began = now().plus(-3_600_000);
    let pings: Vec<Value> = (0..900)
        .map(|n| {
            let at = |n: i64| rfc3339(began.plus(n * 1_000));
            json!({"app_name": format!("App {n}"), "start_time": at(n), "end_time": at(n + 1)})
        })
        .collect();
    let accepted =
        ada.track("/api/v1/usage/track", "application/json", json!(pings).to_string().into()).await;
    assert_eq!(accepted, 900);
    let range = format!("from={}&to={}", rfc3339(now().plus(-7_200_000)), rfc3339(now()));
    let path = format!("/api/v1/usage/timeline?{range}");
    let whole = async || ada.get(&path).send().await.unwrap().bytes().await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while whole().await.windows(10).filter(|window| window == b"\"app_name\"").count() < 900 {
        assert!(std::time::Instant::now() < deadline, "the pings are settled");
    }
    let packed = ada.get(&path).header("accept-encoding", "gzip, br").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let tag = packed.headers()["etag"].clone();
    let (packed, plain) = (packed.bytes().await.unwrap(), whole().await);
    assert!(packed.len() * 5 < plain.len(), "{} of {}", packed.len(), plain.len());
    let again = ada.get(&path).header("accept-encoding", "gzip").header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    let login = json!({"email": account("ada").email, "password": PASSWORD, "device_id": "phone"});
    let login = ada.http.post(format!("{}/api/v1/auth/login", ada.url)).json(&login);
    let tokens = login.header("accept-encoding", "gzip").send().await.unwrap();
    assert!(tokens.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn two_devices_that_call_themselves_unknown_stay_signed_in() {
    let installation = Installation::alone();
    let _server = installation.start(&[]);
    register(&installation, "ada").await;
    let one = Stranger::on(&installation, "unknown").await;
    let other = Stranger::on(&installation, "unknown").await;
    for device in [&one, &other] {
        assert_eq!(device.get("/api/v1/users/me").send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn an_allowed_origin_is_understood_as_people_write_it_or_refused_at_start() {
    let installation = Installation::alone();
    let _server = installation.start(&["--allowed-origin", "https://Example.org:443/,moz-extension://*"]);
    for origin in ["https://example.org", "moz-extension://1b2c3d4e"] {
        let request = Client::new().get(format!("{}/healthz", installation.url())).header("origin", origin);
        assert_eq!(request.send().await.unwrap().headers()["access-control-allow-origin"], origin);
    }
    let refused = run(&["serve", "--allowed-origin", "https://example.org/app"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("write https://example.org"), "{}", refused.stderr);
}
