//! What trackers get wrong, told apart ping by ping: a bad ping never holds up the good ones beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use dayline_cli_kit::units::rfc3339;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::installation;
use crate::support::account::{client, eventually, register};
use crate::support::now;
use crate::support::server::Installation;

/// A tracker that says what it likes.
struct Tracker {
    http: reqwest::Client,
    urls: Vec<String>,
    token: String,
}

impl Tracker {
    async fn of(installation: &Installation, name: &str) -> Self {
        let account = register(installation, name).await;
        let tokens = client(installation).login(&account, "laptop").await.unwrap();
        let token = tokens.access_token.expose_secret().to_owned();
        Self { http: reqwest::Client::new(), urls: installation.urls(), token }
    }

    /// Status and answer of whichever process comes first; all must say the same.
    async fn track(&self, media_type: &str, body: &str) -> (u16, Value) {
        let mut answers = Vec::new();
        for url in &self.urls {
            let request = self.http.post(format!("{url}/api/v1/usage/track")).bearer_auth(&self.token);
            let answer = request.header(CONTENT_TYPE, media_type).body(body.to_owned()).send().await.unwrap();
            answers.push((answer.status().as_u16(), answer.json().await.unwrap()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        answers.swap_remove(0)
    }

    async fn apps(&self, from: &str, to: &str) -> BTreeMap<String, f64> {
        let url = format!("{}/api/v1/report/apps?from={from}&to={to}&tz=UTC", self.urls[0]);
        let report: Value =
            self.http.get(url).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap();
        let item =
            |item: &Value| (item["app_name"].as_str().unwrap().to_owned(), item["seconds"].as_f64().unwrap());
        report["items"].as_array().unwrap().iter().map(item).collect()
    }
}

/// A ping that began so many seconds ago and lasted five.
fn ping(app: &str, seconds_ago: i64) -> Value {
    let at = |ms: i64| rfc3339(now().plus(ms));
    json!({"app_name": app, "start_time": at(-seconds_ago * 1_000), "end_time": at((5 - seconds_ago) * 1_000)})
}

fn with(mut ping: Value, field: &str, value: Value) -> Value {
    ping[field] = value;
    ping
}

/// Bad pings, each with its code.
fn bad() -> Vec<(Value, &'static str)> {
    let good = || ping("Bad", 60);
    vec![
        (with(good(), "end_time", json!(rfc3339(now().plus(-70_000)))), "end_before_start"),
        (with(good(), "start_time", json!(rfc3339(now().plus(-90_000_000)))), "too_long"),
        (with(good(), "end_time", json!(rfc3339(now().plus(3_600_000)))), "too_far_in_future"),
        (with(good(), "url", json!(format!("https://a.org/{}", "x".repeat(8_192)))), "url_too_long"),
        (with(good(), "project", json!("p".repeat(256))), "invalid_project"),
        (with(good(), "kind", json!("nap")), "invalid_kind"),
        (with(good(), "app_name", json!("a\u{0}b")), "invalid_app_name"),
        (with(good(), "app_name", json!("   ")), "invalid_app_name"),
        (with(good(), "device_id", json!("d".repeat(129))), "invalid_device_id"),
    ]
}

fn codes(answer: &Value) -> Vec<(u64, String)> {
    let of = |item: &Value| (item["index"].as_u64().unwrap(), item["code"].as_str().unwrap().to_owned());
    answer["rejected"].as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn a_bad_ping_is_told_its_reason_and_never_holds_up_the_good_ones() {
    let installation = installation();
    let _server = installation.start(&[]);
    let tracker = Tracker::of(&installation, "ada").await;
    let mut batch = Vec::new();
    let mut expected = Vec::new();
    for (number, (bad, code)) in bad().into_iter().enumerate() {
        batch.push(ping("Good", 300 + 5 * number as i64));
        expected.push((batch.len() as u64, code.to_owned()));
        batch.push(bad);
    }
    let days = [rfc3339(now().plus(-86_400_000)), rfc3339(now())].map(|at| at[..10].to_owned());
    let (status, answer) = tracker.track("application/json", &json!(batch).to_string()).await;
    assert_eq!((status, answer["accepted"].as_u64()), (202, Some(9)), "{answer}");
    assert_eq!(codes(&answer), expected);
    // Nine pings of five seconds that touch: no gap, so it is the same when they lie around midnight.
    let good = BTreeMap::from([("Good".to_owned(), 45.0)]);
    let seconds = async || {
        let apps = tracker.apps(&days[0], &days[1]).await;
        apps.into_iter().map(|(app, seconds)| (app, seconds.round())).collect()
    };
    eventually(good, Duration::from_secs(20), seconds).await;
}

#[tokio::test]
async fn a_body_without_a_good_ping_is_refused_as_a_whole_by_what_is_wrong_with_it() {
    let installation = installation();
    let _server = installation.start(&[]);
    let tracker = Tracker::of(&installation, "ada").await;
    let (bad, codes_of_bad): (Vec<_>, Vec<_>) = bad().into_iter().unzip();
    let (status, answer) = tracker.track("application/json", &json!(bad).to_string()).await;
    let expected: Vec<_> = (0..).zip(codes_of_bad.into_iter().map(str::to_owned)).collect();
    assert_eq!((status, codes(&answer)), (422, expected), "{answer}");

    let many = vec![ping("Many", 60); 1_001];
    for (media_type, body, expected) in [
        ("application/json", "{\"app_name\": ".to_owned(), 400),
        ("application/json", "[]".to_owned(), 422),
        ("application/json", "\"ping\"".to_owned(), 422),
        ("application/json", json!({"app_name": 7, "start_time": "x", "end_time": []}).to_string(), 422),
        ("text/plain", ping("Text", 60).to_string(), 415),
        ("application/json", json!(many).to_string(), 413),
        ("application/x-ndjson", format!("{}\n{{", "x".repeat(2 << 20)), 413),
    ] {
        let (status, answer) = tracker.track(media_type, &body).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer["code"].is_string(), "{answer}");
    }
}
