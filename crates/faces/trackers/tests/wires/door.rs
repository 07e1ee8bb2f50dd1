//! The door for trackers of the server's own computer.

use dayline_http_kit::KitConfig;
use http::Method;
use serde_json::json;

use crate::support::{Reply, Server, Tracker};

const EVENT: &str =
    r#"{"timestamp": "2026-11-23T13:52:22.969Z", "duration": 5.009, "data": {"app": "XTerm"}}"#;
const BEAT: &str = "/api/0/buckets/w/heartbeat?pulsetime=2";

async fn server(may_read: bool) -> (Server, dayline_app::identity::caller::Caller) {
    let allowed = ["moz-extension://*".parse().unwrap()].to_vec();
    let mut server = Server::with(KitConfig { allowed_origins: allowed, ..KitConfig::default() });
    let ada = server.person("ada").await;
    server.open_door(&ada, may_read);
    (server, ada)
}

async fn call(
    tracker: &Tracker<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    tracker.call_with(method, path, headers, body.to_owned()).await
}

#[tokio::test]
async fn who_comes_by_the_door_tracks_for_its_person_without_a_credential() {
    let (server, ada) = server(false).await;
    let local = server.stranger();
    let host = [("host", "127.0.0.1:5600")];
    let info = call(&local, Method::GET, "/api/0/info", &host, "").await;
    assert_eq!((info.status.as_u16(), &info.json()["hostname"]), (200, &json!("desk")));
    let bucket = r#"{"client": "c", "type": "currentwindow", "hostname": "unknown"}"#;
    assert_eq!(call(&local, Method::POST, "/api/0/buckets/w", &host, bucket).await.status, 200);
    assert_eq!(call(&local, Method::POST, BEAT, &[("host", "localhost")], EVENT).await.status, 200);
    let extension = [("host", "[::1]:5600"), ("origin", "moz-extension://1b2c3d4e")];
    assert_eq!(call(&local, Method::POST, BEAT, &extension, EVENT).await.status, 200);
    let shown = server.timeline(&ada).await.0;
    assert_eq!(shown, [("desk".to_owned(), "XTerm".to_owned(), None, 22_969, 27_978)]);
}

#[tokio::test]
async fn the_door_is_shut_for_pages_of_other_sites_whatever_they_call_it() {
    let (server, _) = server(true).await;
    let local = server.stranger();
    for headers in [
        &[("host", "evil.example")][..],
        &[("host", "127.0.0.1.evil.example:5600")],
        &[("host", "127.0.0.1@evil.example")],
        &[],
    ] {
        let refused = call(&local, Method::POST, BEAT, headers, EVENT).await;
        assert_eq!(refused.message(), (400, "Host header is invalid".into()), "{headers:?}");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:5600", "chrome-extension://abc"] {
        let headers = [("host", "127.0.0.1:5600"), ("origin", origin)];
        assert_eq!(call(&local, Method::POST, BEAT, &headers, EVENT).await.message().0, 403, "{origin}");
    }
}

#[tokio::test]
async fn the_door_is_for_writing_unless_it_may_read() {
    let host = [("host", "127.0.0.1:5600")];
    for (may_read, status) in [(false, 403), (true, 200)] {
        let (server, _) = server(may_read).await;
        let local = server.stranger();
        for path in ["buckets", "buckets/w/events", "export", "settings", "settings/theme"] {
            let bucket = r#"{"client": "c", "type": "currentwindow", "hostname": "unknown"}"#;
            call(&local, Method::POST, "/api/0/buckets/w", &host, bucket).await;
            let reply = call(&local, Method::GET, &format!("/api/0/{path}"), &host, "").await;
            assert_eq!(reply.status, status, "{path}");
        }
        let info = call(&local, Method::GET, "/api/0/info", &host, "").await.json();
        assert_eq!(info["testing"], may_read, "as it was asked for here");
    }
}

#[tokio::test]
async fn the_door_is_shut_when_its_person_is_gone() {
    let (server, ada) = server(false).await;
    let accounts = &server.fake.app.accounts;
    accounts.delete(ada.user, server.fake.app.clock.now()).await.unwrap().unwrap();
    let refused = call(&server.stranger(), Method::POST, BEAT, &[("host", "127.0.0.1")], EVENT).await;
    assert_eq!(refused.message().0, 401);
}
