use std::sync::Arc;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::intake::Intake;
use crate::spool::{LIMIT, Spool};
use crate::status::Board;

/// A relay that listens, and what it keeps.
struct Running {
    folder: TempDir,
    spool: Arc<Spool>,
    base: String,
}

impl Running {
    async fn start() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).await
    }

    async fn in_folder(folder: TempDir) -> Self {
        let spool = Arc::new(Spool::open(&folder.path().join("spool"), LIMIT, 1).unwrap());
        let board = Arc::new(Board::new(folder.path().join("status.json")));
        let pause = folder.path().join("pause");
        let intake = Intake::new(Arc::clone(&spool), Vec::new(), Arc::clone(&board), pause);
        let relay = Relay::new(Setup {
            computer: crate::device::Computer::named(crate::device::chosen("desk").unwrap()),
            rules: Arc::default(),
            origins: vec!["chrome-extension://mine".to_owned()],
            intake: Arc::new(intake),
            board,
            buckets: &folder.path().join("buckets.json"),
        });
        let listener = listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(relay, listener));
        Self { folder, spool, base }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = Client::new().request(method, format!("{}{path}", self.base));
        request.body(body.to_string()).send().await.unwrap()
    }

    async fn status(&self, method: Method, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body).await.status().as_u16()
    }

    async fn make_bucket(&self) {
        let body = json!({"client": "aw-watcher-window", "type": "currentwindow", "hostname": "laptop"});
        assert_eq!(self.status(Method::POST, "/api/0/buckets/w", &body).await, 200);
    }

    fn kept(&self) -> Vec<String> {
        self.spool.batch(100, usize::MAX).unwrap().texts
    }
}

fn event(app: &str) -> Value {
    json!({"id": null, "timestamp": "2026-11-23T13:52:22.969000+00:00", "duration": 5.009,
        "data": {"app": app, "title": "a secret"}})
}

#[tokio::test]
async fn a_watcher_makes_its_bucket_once_and_sends_heartbeats() {
    let relay = Running::start().await;
    let heartbeat = "/api/0/buckets/w/heartbeat?pulsetime=2.0";
    assert_eq!(relay.status(Method::POST, heartbeat, &event("XTerm")).await, 404);
    relay.make_bucket().await;
    let body = json!({"client": "aw-watcher-window", "type": "currentwindow", "hostname": "laptop"});
    let again = relay.ask(Method::POST, "/api/0/buckets/w", &body).await;
    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));

    let answer = relay.ask(Method::POST, heartbeat, &event("XTerm")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let merged: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert!(merged["id"].is_u64());
    assert_eq!(merged["duration"], event("XTerm")["duration"]);

    let [kept] = &relay.kept()[..] else { panic!("{:?}", relay.kept()) };
    assert!(kept.contains("XTerm") && kept.contains("\"laptop\"") && !kept.contains("secret"), "{kept}");
}

#[tokio::test]
async fn all_spellings_of_a_path_are_answered() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    for path in [
        "/api/0/info",
        "//api/0/info",
        "/api/0/info/",
        "/api/0/buckets",
        "/api/0/buckets/",
        "/api/0/buckets/w/",
    ] {
        assert_eq!(relay.status(Method::GET, path, &Value::Null).await, 200, "{path}");
    }
    let path = "//api/0/buckets/w/heartbeat/?pulsetime=60";
    assert_eq!(relay.status(Method::POST, path, &event("XTerm")).await, 200);
}

#[tokio::test]
async fn buckets_are_shown_and_deleted() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    let shown = relay.ask(Method::GET, "/api/0/buckets/", &Value::Null).await.bytes().await.unwrap();
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    assert_eq!((&shown["w"]["type"], &shown["w"]["data"]), (&json!("currentwindow"), &json!({})));
    assert_eq!(relay.status(Method::DELETE, "/api/0/buckets/w", &json!({})).await, 200);
    assert_eq!(relay.status(Method::DELETE, "/api/0/buckets/w?force=1", &json!({})).await, 404);
    assert_eq!(relay.status(Method::GET, "/api/0/buckets/w", &Value::Null).await, 404);
}

#[tokio::test]
async fn several_events_come_at_once_or_alone() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    let path = "/api/0/buckets/w/events";
    assert_eq!(relay.status(Method::POST, path, &json!([event("A"), event("B")])).await, 200);
    assert_eq!(relay.status(Method::POST, path, &event("C")).await, 200);
    assert_eq!(relay.kept().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_nothing_is_kept() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    let mut backwards = event("A");
    backwards["duration"] = json!(-5.0);
    let no_time = json!({"data": {"app": "A"}});
    let heartbeat = "/api/0/buckets/w/heartbeat?pulsetime=2.0";
    for (path, body) in [
        (heartbeat, &backwards),
        (heartbeat, &no_time),
        (heartbeat, &json!("text")),
        (heartbeat, &json!(["2026-11-23T13:52:22Z", 1.0, {"app": "A"}])),
        ("/api/0/buckets/w/heartbeat", &event("A")),
        ("/api/0/buckets/w/heartbeat?pulsetime=soon", &event("A")),
        ("/api/0/buckets/w/events", &json!([event("A"), backwards])),
        ("/api/0/buckets/new", &json!({"client": "x"})),
    ] {
        assert_eq!(relay.status(Method::POST, path, body).await, 400, "{path} {body}");
    }
    assert_eq!(relay.kept(), Vec::<String>::new());
    let answer = Client::new().post(format!("{}{heartbeat}", relay.base)).body("{").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
}

#[tokio::test]
async fn nobody_can_read_what_was_seen() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    for path in
        ["/api/0/buckets/w/events", "/api/0/export", "/api/0/buckets/w/export", "/api/0/settings", "/"]
    {
        let status = relay.status(Method::GET, path, &Value::Null).await;
        assert!(matches!(status, 404 | 405), "{path} {status}");
    }
}

#[tokio::test]
async fn extensions_are_let_in_and_pages_are_not() {
    let relay = Running::start().await;
    relay.make_bucket().await;
    let ask = |method: Method, origin: &'static str| {
        let url = format!("{}/api/0/buckets/w/heartbeat?pulsetime=80", relay.base);
        Client::new().request(method, url).header("origin", origin).body(event("A").to_string()).send()
    };
    for origin in ["moz-extension://4f2d1a5e", "chrome-extension://mine"] {
        let asked = ask(Method::OPTIONS, origin).await.unwrap();
        assert_eq!(
            (asked.status().as_u16(), asked.headers()["access-control-allow-origin"].to_str().unwrap()),
            (204, origin)
        );
        let sent = ask(Method::POST, origin).await.unwrap();
        assert_eq!(
            (sent.status().as_u16(), sent.headers()["access-control-allow-origin"].to_str().unwrap()),
            (200, origin)
        );
    }
    let before = relay.kept().len();
    for method in [Method::OPTIONS, Method::POST] {
        let answer = ask(method, "https://example.org").await.unwrap();
        assert_eq!(answer.status().as_u16(), 403);
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    assert_eq!(relay.kept().len(), before);
}

#[tokio::test]
async fn a_foreign_name_that_points_here_is_refused() {
    let relay = Running::start().await;
    let request =
        Client::new().get(format!("{}/api/0/info", relay.base)).header("host", "rebound.example.org");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    assert_eq!(answer.bytes().await.unwrap(), r#"{"message":"Host header is invalid"}"#.as_bytes());
}

#[tokio::test]
async fn a_watcher_goes_on_with_its_bucket_after_a_restart() {
    let Running { folder, spool, .. } = {
        let relay = Running::start().await;
        relay.make_bucket().await;
        relay
    };
    drop(spool);
    // The first relay still holds its spool; a restarted one has the same file of buckets.
    let again = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("buckets.json"), again.path().join("buckets.json")).unwrap();
    let relay = Running::in_folder(again).await;
    assert_eq!(relay.status(Method::POST, "/api/0/buckets/w/heartbeat?pulsetime=2", &event("A")).await, 200);
    assert_eq!(relay.kept().len(), 1);
}

#[tokio::test]
async fn a_taken_port_is_told_in_one_sentence() {
    let relay = Running::start().await;
    let address: SocketAddr = relay.base["http://".len()..].parse().unwrap();
    let error = listen(address).await.unwrap_err();
    assert!(
        error.contains("stop the ActivityWatch server there, or use --relay off") && !error.contains('\n'),
        "{error}"
    );
}
