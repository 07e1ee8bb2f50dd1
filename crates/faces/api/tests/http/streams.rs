//! Long answers: made while they are sent, bounded in number, and ended with their credential.

use axum::body::Body;
use dayline_app::ports::PortError;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Call, Person, Server};

const TIMELINE: &str = "/api/v1/usage/timeline?from=2026-11-01T00:00:00Z&to=2026-11-21T00:00:00Z";
const APPS: &str = "/api/v1/report/apps?from=2026-11-01&to=2026-11-20";
const EXPORT: &str = "/api/v1/users/me/export";

/// The days of November on which Ada used 500 apps for five seconds each.
const DAYS: std::ops::Range<usize> = 10..20;
const APPS_A_DAY: usize = 500;

async fn with_ada() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    for day in DAYS {
        let ping = |n: usize| {
            let time = |n: usize| format!("2026-11-{day}T08:{:02}:{:02}Z", n * 5 / 60, n * 5 % 60);
            json!({"app_name": format!("App {day} {n}"), "start_time": time(n), "end_time": time(n + 1)})
        };
        let pings: Vec<Value> = (0..APPS_A_DAY).map(ping).collect();
        let reply = server.post("/api/v1/usage/track").of(&ada).json(&Value::Array(pings)).send().await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{reply:?}");
    }
    server.process_log().await;
    (server, ada)
}

/// The result of a job that is done.
async fn job_result(server: &Server, person: &Person) -> String {
    let job = json!({"kind": "timeline", "from": "2026-11-01", "to": "2026-11-20"});
    let reply = server.post("/api/v1/report/jobs").of(person).json(&job).send().await;
    server.make_reports().await;
    format!("{}/result", reply.header("location"))
}

/// Opens an answer, which must be long: gives its first piece and the rest.
async fn open(call: Call<'_>) -> (String, Body) {
    let (head, mut body) = call.open().await;
    assert_eq!(head.status, StatusCode::OK);
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    (String::from_utf8(first.to_vec()).unwrap(), body)
}

/// The rest of an answer, and whether it came to its end.
async fn rest(mut body: Body) -> (String, bool) {
    let mut text = String::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (text, false) };
        let piece = frame.into_data().unwrap();
        assert!(piece.len() < 150_000, "{}", piece.len());
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    (text, true)
}

#[tokio::test]
async fn a_long_timeline_and_a_long_report_are_whole_when_they_are_put_together() {
    let (server, ada) = with_ada().await;
    let (first, body) = open(server.get(TIMELINE).of(&ada)).await;
    assert!(first.len() < 150_000);
    let timeline: Value = serde_json::from_str(&(first + &rest(body).await.0)).unwrap();
    let intervals = timeline["intervals"].as_array().unwrap();
    let starts: Vec<&str> = intervals.iter().map(|item| item["start_time"].as_str().unwrap()).collect();
    assert!(starts.is_sorted());
    assert_eq!(starts.len(), DAYS.len() * APPS_A_DAY);
    assert_eq!(timeline.get("outranked"), None);

    let (first, body) = open(server.get(&format!("{TIMELINE}&outranked=true")).of(&ada)).await;
    let with_outranked: Value = serde_json::from_str(&(first + &rest(body).await.0)).unwrap();
    assert_eq!(with_outranked["intervals"], timeline["intervals"]);
    assert_eq!(with_outranked["outranked"], json!([]));

    let (first, body) = open(server.get(TIMELINE).of(&ada).header("accept", "text/csv")).await;
    let table = first + &rest(body).await.0;
    assert_eq!(table.lines().count(), 1 + starts.len());

    let (first, body) = open(server.get(APPS).of(&ada)).await;
    let report: Value = serde_json::from_str(&(first + &rest(body).await.0)).unwrap();
    assert_eq!(report["items"].as_array().unwrap().len(), starts.len());
    assert_eq!(report["total_seconds"], starts.len() * 5);
}

#[tokio::test]
async fn a_long_timeline_is_read_no_faster_than_it_is_sent() {
    let (server, ada) = with_ada().await;
    let (first, body) = open(server.get(TIMELINE).of(&ada)).await;
    server.fake.store.fail(Some(PortError::Unavailable("gone".into())));
    let (text, is_whole) = rest(body).await;
    assert!(!is_whole, "the days that were not sent yet could still be read");
    assert!(first.contains("App 10 0") && !text.contains("App 19 0"));
}

#[tokio::test]
async fn a_long_answer_has_the_version_that_a_conditional_request_compares() {
    let (server, ada) = with_ada().await;
    for (n, path) in [TIMELINE, APPS].into_iter().enumerate() {
        let (head, _) = server.get(path).of(&ada).open().await;
        let tag = head.headers["etag"].to_str().unwrap();
        let again = server.get(path).of(&ada).header("if-none-match", tag).send().await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        let time = |second: usize| format!("2026-11-15T2{n}:00:0{second}Z");
        let ping = json!({"app_name": "Code", "start_time": time(0), "end_time": time(5)});
        server.post("/api/v1/usage/track").of(&ada).json(&ping).send().await;
        server.process_log().await;
        let changed = server.get(path).of(&ada).header("if-none-match", tag).send().await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_long_answers_at_a_time_and_short_ones_always() {
    let (server, ada) = with_ada().await;
    let eve = server.person("eve").await;
    let mut bodies = Vec::new();
    for _ in 0..8 {
        bodies.push(open(server.get(TIMELINE).of(&ada)).await);
    }
    for path in [TIMELINE, APPS] {
        let reply = server.get(path).of(&ada).send().await;
        assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_streams".into()), "10"));
    }
    let short = server.get("/api/v1/usage/timeline?date=2026-11-09").of(&ada).send().await;
    assert_eq!(short.status, StatusCode::OK);
    assert_eq!(server.get(TIMELINE).of(&eve).send().await.status, StatusCode::OK);
    bodies.pop();
    assert_eq!(server.get(TIMELINE).of(&ada).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_long_answer_stops_when_its_session_ends() {
    let (server, ada) = with_ada().await;
    let result = job_result(&server, &ada).await;
    for path in [TIMELINE, APPS, EXPORT, &result] {
        let phone = server.sign_in(ada.clone(), "phone").await;
        let (_, body) = open(server.get(path).of(&phone)).await;
        assert!(rest(body).await.1, "{path}");
        let (_, body) = open(server.get(path).of(&phone)).await;
        let session = format!("/api/v1/auth/sessions/{}", phone.session);
        let ended = server.request(http::Method::DELETE, &session).of(&ada).send().await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        assert_eq!(rest(body).await, (String::new(), false), "{path}");
    }
}

#[tokio::test]
async fn every_long_answer_for_a_key_stops_when_the_key_is_deleted() {
    let (server, ada) = with_ada().await;
    let result = job_result(&server, &ada).await;
    for path in [TIMELINE, APPS, &result] {
        let key = json!({"name": "reader", "scopes": ["read"]});
        let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await.json();
        let reader = Person { access: key["key"].as_str().unwrap().to_owned(), ..Person::default() };
        let (_, body) = open(server.get(path).of(&reader)).await;
        let key = format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap());
        server.request(http::Method::DELETE, &key).of(&ada).send().await;
        // Longer than a deleted key is remembered as revoked.
        server.fake.clock.advance(24 * 3_600_000);
        assert_eq!(rest(body).await, (String::new(), false), "{path}");
        server.fake.clock.advance(-24 * 3_600_000);
    }
}

#[tokio::test]
async fn a_long_answer_may_outlive_the_access_token_that_asked_for_it() {
    let (server, ada) = with_ada().await;
    for path in [TIMELINE, EXPORT] {
        let ada = server.sign_in(ada.clone(), "phone").await;
        let (_, body) = open(server.get(path).of(&ada)).await;
        server.fake.clock.advance(20 * 60_000);
        assert_eq!(server.get(path).of(&ada).send().await.status, StatusCode::UNAUTHORIZED);
        assert!(rest(body).await.1, "{path}");
    }
}
