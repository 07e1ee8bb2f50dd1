//! What clients do worst with (a watcher that does not start, a heartbeat that is thrown away, a queue that is dropped), and
//! what the server does instead.

use dayline_app::identity::key_text::KeyFormat;
use dayline_app::ports::{Limit, PortError};
use dayline_domain::Scope;
use dayline_trackers::activitywatch;
use http::Method;
use serde_json::json;

use crate::support::Server;
use crate::wakatime::plugin::{BULK, bulk, file, person, post, timeline};

const WINDOWS: &str = "aw-watcher-window_laptop";
const OPEN: &str = r#"{"client": "aw-watcher-window", "hostname": "laptop", "type": "currentwindow"}"#;

fn away() -> PortError {
    PortError::Unavailable("gone".into())
}

#[tokio::test]
async fn watchers_start_also_while_nothing_can_be_looked_up() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    server.fake.store.fail(Some(away()));
    let info = watcher.get("/api/0/info").await;
    assert_eq!((info.status.as_u16(), &info.json()["hostname"]), (200, &json!("unknown")));
}

/// The client tries again every ten seconds, and keeps its heartbeats until then.
#[tokio::test]
async fn a_bucket_that_can_t_be_opened_now_can_be_opened_later() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    let path = format!("/api/0/buckets/{WINDOWS}");
    server.fake.store.fail(Some(away()));
    assert_eq!(watcher.post(&path, OPEN).await.message().0, 503);
    server.fake.store.fail(None);
    server.fake.limits.allow(Limit::AccountWritePerUser, 0);
    assert_eq!(watcher.post(&path, OPEN).await.message().0, 429);
    server.fake.limits.allow(Limit::AccountWritePerUser, 1);
    assert_eq!(watcher.post(&path, OPEN).await.status, 200);
}

#[tokio::test]
async fn a_bucket_that_is_there_needs_no_write_at_each_start() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    server.fake.limits.allow(Limit::AccountWritePerUser, 1);
    for status in [200, 304, 304] {
        assert_eq!(watcher.post(&format!("/api/0/buckets/{WINDOWS}"), OPEN).await.status, status);
    }
}

#[tokio::test]
async fn who_has_too_many_buckets_goes_on_with_those_they_have() {
    let server = Server::new();
    let watcher = server.tracker(&server.person("ada").await).await;
    for number in 0..500 {
        assert_eq!(watcher.post(&format!("/api/0/buckets/{number}"), OPEN).await.status, 200);
    }
    assert_eq!(watcher.post("/api/0/buckets/500", OPEN).await.message().0, 409);
    let event = r#"{"timestamp": "2026-11-23T13:52:22Z", "duration": 1, "data": {"app": "XTerm"}}"#;
    assert_eq!(watcher.beat("499", event).await.status, 200);
    assert_eq!(watcher.post("/api/0/buckets/7", OPEN).await.status, 304);
}

#[tokio::test]
async fn an_address_may_be_as_long_as_a_picture_without_costing_its_heartbeat() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    let long = "x".repeat(900 << 10);
    for (second, address) in
        [(20, format!("https://example.org/{long}")), (40, format!("data:image/png,{long}"))]
    {
        let event = format!(
            r#"{{"timestamp": "2026-11-23T13:52:{second}Z", "duration": 5, "data": {{"app": "Safari", "url": "{address}"}}}}"#
        );
        assert_eq!(watcher.beat(WINDOWS, &event).await.status, 200);
    }
    let domains: Vec<_> = server.timeline(&ada).await.0.into_iter().map(|shown| shown.2).collect();
    assert_eq!(domains, [Some("example.org".to_owned()), None]);
}

#[tokio::test]
async fn a_key_that_only_tracks_reads_nothing_by_any_route() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let watcher = server.tracker(&ada).await;
    watcher.open_both("laptop").await;
    let mut refused = 0;
    for pattern in activitywatch::route_patterns().iter().filter(|pattern| *pattern != "/api/0/info") {
        let path = pattern.replace("{id}", WINDOWS).replace("{event}", "1").replace("{key}", "theme");
        let reply = watcher.call(Method::GET, &path, "").await;
        assert!(matches!(reply.status.as_u16(), 403 | 405), "{path}: {reply:?}");
        assert!(!reply.text().contains("laptop"), "{path}: {reply:?}");
        refused += usize::from(reply.status == 403);
    }
    assert_eq!(refused, 9, "what can be read is refused");
    let reader = server.key(&ada, KeyFormat::Prefixed, &[Scope::Read]).await;
    let reader = server.with_authorization(&format!("Bearer {reader}"));
    for pattern in activitywatch::route_patterns() {
        let path = format!("{}?pulsetime=1", pattern.replace("{id}", WINDOWS));
        let reply = reader.post(&path, OPEN).await;
        assert!(matches!(reply.status.as_u16(), 400 | 403 | 405), "{path}: {reply:?}");
    }
    assert_eq!(server.timeline(&ada).await.0, [], "who only reads tells nothing");
}

/// Clients of WakaTime keep what is answered so. What they drop for good, or take for done, is another status.
#[tokio::test]
async fn editors_keep_what_can_t_be_taken_now_and_lose_nothing() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let two = json!([file(-120.0, "proj"), file(0.0, "proj")]);
    server.fake.limits.allow_pings(1);
    assert_eq!(bulk(&server, &ada, &two).await.status, 429);
    server.fake.limits.allow_pings(2);
    server.fake.store.fail(Some(away()));
    assert_eq!(bulk(&server, &ada, &two).await.status, 503);
    server.fake.store.fail(None);
    bulk(&server, &ada, &two).await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -120..0"]);
}

#[tokio::test]
async fn an_editor_with_a_key_that_may_not_track_keeps_its_heartbeats() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let reads = server.key(&ada.caller, KeyFormat::Uuid, &[Scope::Read]).await;
    let reply = post(&server, BULK).basic(&reads).body(json!([file(0.0, "proj")]).to_string()).send().await;
    assert_eq!(reply.status, 403);
}
