//! Every kind of failure is a problem of the one table, and shows nothing that is ours to keep.

use std::io::Write;
use std::sync::atomic::Ordering;

use axum::body::Body;
use dayline_app::ports::{AppendError, Limit, PortError};
use dayline_contract::fakes::FakeApp;
use dayline_http_kit::{KitConfig, Metrics};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::poll;
use http::Method;
use serde_json::json;

use crate::support::{PASSWORD, Person, Server, ping};

const SECRET_CAUSE: &str = "SELECT failed at /var/lib/dayline v0.1.0";

const TRACK: &str = "/api/v1/usage/track";
const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test]
async fn an_unknown_route_is_a_problem() {
    let server = Server::new();
    for path in ["/", "/api/v1", "/api/v1/nothing", "/api//v1/users", "/api/v1/users/42", "/docs/none.js"] {
        let reply = server.get(path).send().await;
        assert_eq!(reply.problem(), (404, "no_such_route".into()), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
    let server = Server::new();
    let reply = server.request(Method::PUT, "/api/v1/users/me").send().await;
    assert_eq!(reply.problem(), (405, "method_not_allowed".into()));
    let mut allowed: Vec<&str> = reply.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PATCH"]);
}

#[tokio::test]
async fn where_registration_is_closed_a_body_is_not_even_looked_at() {
    let mut fake = FakeApp::default();
    fake.app.rules.registration_closed = true;
    let server = Server::of(fake, KitConfig::default(), Metrics::new([]));
    for (content_type, body) in [("text/plain", "{}"), ("application/json", "{"), ("application/json", "{}")]
    {
        let reply = server.post("/api/v1/users").body(content_type, body).send().await;
        assert_eq!(reply.problem(), (403, "registration_closed".into()), "{content_type} {body}");
    }
}

#[tokio::test]
async fn a_missing_or_strange_content_type_is_a_problem() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let problem = (415, "unsupported_media_type".to_owned());
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "json", "application/jsonx"] {
        let reply = server.post("/api/v1/users").body(content_type, "{}").send().await;
        assert_eq!(reply.problem(), problem, "{content_type}");
        let reply = server.post("/api/v1/usage/track").of(&ada).body(content_type, "{}").send().await;
        assert_eq!(reply.problem(), problem, "{content_type}");
    }
    assert_eq!(server.post("/api/v1/users").send().await.problem(), problem);
    for (path, encoding) in
        [(TRACK, "br"), ("/api/v1/users", "br"), ("/api/v1/users", "gzip"), (LOGIN, "gzip")]
    {
        let call = server.post(path).of(&ada).json(&json!({})).header("content-encoding", encoding);
        assert_eq!(call.send().await.problem(), (415, "unsupported_encoding".into()), "{path} {encoding}");
    }
}

#[tokio::test]
async fn parameters_of_a_content_type_do_not_matter() {
    let server = Server::new();
    for content_type in
        ["application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json ; x"]
    {
        let reply = server.post("/api/v1/users").body(content_type, "{}").send().await;
        assert_eq!(reply.status, 422, "{content_type}");
    }
    for other in ["application/jsonx", "application", "text/json", "; application/json", ""] {
        let reply = server.post("/api/v1/users").body(other, "{}").send().await;
        assert_eq!(reply.status, 415, "{other}");
    }
}

#[tokio::test]
async fn codings_of_bodies_are_named_in_any_case() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(ping("Code", "10:00:00", "10:00:05").to_string().as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    for coding in ["gzip", "GZIP", "x-gzip"] {
        let call = server.post(TRACK).of(&ada).body("APPLICATION/json", packed.clone());
        assert_eq!(call.header("content-encoding", coding).send().await.status, 202, "{coding}");
    }
    let call = server.post("/api/v1/users").json(&json!({})).header("content-encoding", "Identity");
    assert_eq!(call.send().await.status, 422);
}

#[tokio::test]
async fn bytes_that_are_no_json_are_malformed() {
    let server = Server::new();
    for body in ["", "{", "nope", r#"{"email": }"#, "{}{}", "\u{feff}\u{feff}{}"] {
        let reply = server.post("/api/v1/users").body("application/json", body).send().await;
        assert_eq!(reply.problem(), (400, "malformed_json".into()), "{body}");
    }
    let reply =
        server.post("/api/v1/users").body("application/json", &b"{\"email\": \"\xff\"}"[..]).send().await;
    assert_eq!(reply.problem(), (400, "invalid_utf8".into()));
}

#[tokio::test]
async fn one_byte_order_mark_before_a_body_is_skipped() {
    let server = Server::new();
    let marked = |body| format!("\u{feff}{body}");
    let reply = server.post("/api/v1/users").body("application/json", marked("{}")).send().await;
    assert_eq!(reply.problem(), (422, "invalid_input".into()));
    let ada = server.person("ada").await;
    let path = "/api/v1/auth/logout-all?keep_current=true";
    let reply = server.post(path).of(&ada).body("application/json", marked("")).send().await;
    assert_eq!(reply.status, 204);
}

#[tokio::test]
async fn all_fields_that_break_a_rule_are_named_at_once() {
    let server = Server::new();
    let body = json!({"email": 5, "password": "short", "timezone": ["UTC"]});
    let reply = server.post("/api/v1/users").json(&body).send().await;
    assert_eq!(reply.problem(), (422, "invalid_input".into()));
    assert_eq!(reply.fields(), ["email", "password", "full_name", "timezone"]);
    let twice = r#"{"email": "a@b.c", "email": "d@e.f", "password": "long enough", "full_name": "Ada"}"#;
    let reply = server.post("/api/v1/users").body("application/json", twice).send().await;
    assert_eq!((reply.problem().0, reply.fields()), (422, vec!["email".to_owned()]));
    for body in [json!([]), json!("text"), json!(null), json!(5), json!([{"a": 1}])] {
        let reply = server.post("/api/v1/users").json(&body).send().await;
        assert_eq!(reply.problem(), (422, "invalid_input".into()), "{body}");
    }
}

#[tokio::test]
async fn a_parameter_that_a_route_does_not_have_is_named_with_those_that_it_has() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let unknown = async |path: &str| {
        let reply = server.get(path).of(&ada).send().await;
        assert_eq!(reply.problem(), (422, "invalid_input".into()), "{path}");
        (reply.fields(), reply.json()["errors"][0]["detail"].as_str().unwrap().to_owned())
    };
    let (fields, detail) = unknown("/api/v1/report/apps?tz=UTC&dom%61in=a.example&apps=Code").await;
    assert_eq!(fields, ["apps"]);
    assert!(detail.contains("date, from, to, tz, app, domain, project, device"), "{detail}");
    let (fields, detail) = unknown("/api/v1/users/me?verbose").await;
    assert_eq!(fields, ["verbose"]);
    assert!(detail.contains("this route has none"), "{detail}");
    let head = server.request(http::Method::HEAD, "/api/v1/report/apps?dat=2026-11-20").of(&ada).open().await;
    assert_eq!(head.0.status, 422);
    assert_eq!(server.get("/api/v1/report/apps?&tz=UTC&").of(&ada).send().await.status, 200);
    assert_eq!(server.get("/healthz?t=1795168800").send().await.status, 200);
}

#[tokio::test]
async fn a_parameter_that_breaks_a_rule_is_named() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for (query, field) in [
        ("date=2026-02-30", "date"),
        ("date=today", "date"),
        ("date=", "date"),
        ("date=2026-11-20&date=2026-11-21", "date"),
        ("date=%FF", "date"),
        ("tz=Mars/Olympus", "tz"),
        ("tz=UTC&tz=UTC", "tz"),
        ("from=2026-11-20", "to"),
        ("to=2026-11-20", "from"),
        ("from=2026-11-20&to=2026-11-19", "to"),
        ("from=2016-11-20&to=2026-12-20", "to"),
        ("date=2026-11-20&from=2026-11-20&to=2026-11-20", "date"),
    ] {
        let reply = server.get(&format!("/api/v1/report/apps?{query}")).of(&ada).send().await;
        assert_eq!(
            (reply.problem(), reply.fields()),
            ((422, "invalid_input".into()), vec![field.into()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_when_its_length_is_not_told() {
    let server = Server::new();
    let body = format!(r#"{{"email": "{}"}}"#, "x".repeat(16 * 1024));
    let reply = server.post("/api/v1/users").body("application/json", body.clone()).send().await;
    assert_eq!(reply.problem(), (413, "body_too_large".into()));
    let chunks = body
        .into_bytes()
        .chunks(1_000)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect::<Vec<_>>();
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    let reply = server.post("/api/v1/users").body("application/json", stream).send().await;
    assert_eq!(reply.problem(), (413, "body_too_large".into()));
}

#[tokio::test]
async fn over_a_limit_says_when_to_try_again() {
    let server = Server::new();
    server.person("ada").await;
    server.fake.limits.allow(Limit::LoginPerAccount, 0);
    let login = json!({"email": "ada@example.org", "password": PASSWORD, "device_id": "phone"});
    let reply = server.post("/api/v1/auth/login").json(&login).send().await;
    assert_eq!(reply.problem(), (429, "too_many_requests".into()));
    assert_eq!(reply.header("retry-after"), "7");
    assert!(reply.header("ratelimit-policy").starts_with(r#""limit";q="#));
    assert_eq!(reply.header("ratelimit"), r#""limit";r=0;t=7"#);
}

#[tokio::test]
async fn more_pings_at_once_than_are_worth_waiting_for_are_refused_at_once_and_welcome_later() {
    let server = Server::with(KitConfig { max_ping_work: 10_000, ..KitConfig::default() });
    let ada = server.person("ada").await;
    let track =
        || server.post("/api/v1/usage/track").of(&ada).json(&ping("Code", "10:00:00", "10:00:05")).send();
    server.fake.log.stall(true);
    let mut waiting = [Box::pin(track()), Box::pin(track())];
    for request in &mut waiting {
        assert!(poll!(request).is_pending());
    }
    let reply = track().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((503, "overloaded".into()), "1"));
    server.fake.log.stall(false);
    for request in waiting {
        assert_eq!(request.await.status, 202);
    }
    assert_eq!(track().await.status, 202);
}

#[tokio::test]
async fn a_full_log_is_a_503_that_says_when_to_try_again() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let track = || server.post("/api/v1/usage/track").of(&ada).json(&ping("Code", "10:00:00", "10:00:05"));
    server.fake.log.refuse(Some(AppendError::Full { retry_after_s: 3 }));
    let reply = track().send().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((503, "overloaded".into()), "3"));
    server.fake.log.refuse(Some(AppendError::Unavailable(SECRET_CAUSE.into())));
    let reply = track().send().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((503, "unavailable".into()), "1"));
    server.fake.log.refuse(None);
    assert_eq!(track().send().await.status, 202);
}

#[tokio::test]
async fn no_answer_shows_what_went_wrong_inside() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for (error, problem) in [
        (PortError::Unavailable(SECRET_CAUSE.into()), (503, "unavailable".to_owned())),
        (PortError::Rejected(SECRET_CAUSE.into()), (500, "internal".to_owned())),
        (PortError::Corrupt(SECRET_CAUSE.into()), (500, "internal".to_owned())),
    ] {
        server.fake.store.fail(Some(error));
        let reply = server.get("/api/v1/users/me").of(&ada).send().await;
        assert_eq!(reply.problem(), problem);
        for word in ["SELECT", "/var", "0.1.0"] {
            assert!(!format!("{reply:?}").contains(word), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn readiness_names_the_part_that_is_down_but_not_why() {
    let server = Server::new();
    assert_eq!(
        server.get("/readyz").send().await.json(),
        json!({"ready": true, "degraded": false, "checks": [{"name": "ledger", "ok": true, "needed": true}]})
    );
    *server.readiness.failure.lock().unwrap() = Some(SECRET_CAUSE.into());
    let reply = server.get("/readyz").send().await;
    assert_eq!(reply.status, 503);
    let check = json!({"name": "ledger", "ok": false, "needed": true, "hint": "look"});
    assert_eq!(reply.json(), json!({"ready": false, "degraded": false, "checks": [check]}));
}

#[tokio::test]
async fn a_part_that_is_not_needed_is_shown_but_does_not_make_the_service_unready() {
    let server = Server::new();
    server.readiness.needed.store(false, Ordering::Relaxed);
    *server.readiness.failure.lock().unwrap() = Some(SECRET_CAUSE.into());
    let reply = server.get("/readyz").send().await;
    assert_eq!(reply.status, 200);
    let check = json!({"name": "ledger", "ok": false, "needed": false, "hint": "look"});
    assert_eq!(reply.json(), json!({"ready": true, "degraded": true, "checks": [check]}));
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_form_is_told_at_once() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let past = "2020-01-01T00:00:00Z";
    let day = "2026-11-20";
    for (path, form, wrong) in [
        (
            "/api/v1/users",
            json!({"email": "ada", "password": "short", "full_name": "", "timezone": "Mars/Olympus"}),
            vec!["email", "password", "full_name", "timezone"],
        ),
        (
            "/api/v1/api-keys",
            json!({"name": "", "scopes": [], "expires_at": past}),
            vec!["name", "scopes", "expires_at"],
        ),
        (
            "/api/v1/api-keys",
            json!({"scopes": ["all"], "expires_at": past}),
            vec!["name", "scopes", "expires_at"],
        ),
        (
            "/api/v1/report/jobs",
            json!({"kind": "days", "from": "today", "to": day, "tz": "Mars/Olympus", "domain": "no host"}),
            vec!["from", "tz", "domain"],
        ),
        (
            "/api/v1/report/jobs",
            json!({"kind": "timeline", "format": "ndjson", "app": "Code", "from": day, "to": "2026-11-19"}),
            vec!["format", "app", "to"],
        ),
    ] {
        let reply = server.post(path).of(&ada).json(&form).send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.fields()),
            (422, wrong.iter().map(|&w| w.into()).collect()),
            "{form}"
        );
    }
}

#[tokio::test]
async fn who_lacks_a_scope_is_told_which() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = async |scope: &str| {
        let body = json!({"name": scope, "scopes": [scope]});
        let made = server.post("/api/v1/api-keys").of(&ada).json(&body).send().await.json();
        Person { access: made["key"].as_str().unwrap().to_owned(), ..Person::default() }
    };
    let (track, read) = (key("track").await, key("read").await);
    let pinged = ping("Code", "10:00:00", "10:00:05");
    for (reply, scope) in [
        (server.get("/api/v1/report/apps").of(&track).send().await, "read"),
        (server.post("/api/v1/usage/track").of(&read).json(&pinged).send().await, "track"),
        (server.get("/api/v1/users/me").of(&read).send().await, "account"),
    ] {
        assert_eq!(reply.problem(), (403, "missing_scope".into()));
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&format!("the scope {scope}")), "{detail}");
    }
}
