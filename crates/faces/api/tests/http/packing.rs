//! Long answers packed for who takes that; never those with a secret in them.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Reply, Server};

/// Ada used 900 apps for a second each: her day is long enough to be sent in pieces, a report of it is not.
async fn with_ada() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let ping = |n: usize| {
        let time = |n: usize| format!("2026-11-20T08:{:02}:{:02}Z", n / 60, n % 60);
        json!({"app_name": format!("App {n}"), "start_time": time(n), "end_time": time(n + 1)})
    };
    let pings: Vec<Value> = (0..900).map(ping).collect();
    assert_eq!(server.post("/api/v1/usage/track").of(&ada).json(&json!(pings)).send().await.status, 202);
    server.process_log().await;
    (server, ada)
}

fn unpacked(reply: &Reply) -> String {
    assert_eq!(
        (reply.status.as_u16(), reply.header("content-encoding")),
        (200, "gzip"),
        "{:?}",
        reply.headers
    );
    let vary =
        reply.headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("accept-encoding"));
    assert!(vary, "{:?}", reply.headers);
    let mut text = String::new();
    GzDecoder::new(&reply.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_long_answer_is_packed_for_who_takes_that_and_says_the_same() {
    let (server, ada) = with_ada().await;
    let entry = json!({"app_name": "Meeting", "start_time": "2026-11-19T08:00:00Z", "end_time": "2026-11-19T08:00:01Z"});
    for _ in 0..10 {
        server.post("/api/v1/usage/corrections").of(&ada).json(&entry).send().await;
    }
    server.process_log().await;
    let job = json!({"kind": "timeline", "format": "csv", "from": "2026-11-20", "to": "2026-11-20"});
    let job =
        server.post("/api/v1/report/jobs").of(&ada).json(&job).send().await.header("location").to_owned();
    server.make_reports().await;
    for (path, accept) in [
        ("/api/v1/usage/timeline?date=2026-11-20", "*/*"),
        ("/api/v1/usage/timeline?date=2026-11-20", "text/csv"),
        ("/api/v1/report/apps?date=2026-11-20", "*/*"),
        ("/api/v1/report/apps?date=2026-11-20", "text/csv"),
        ("/api/v1/users/me/export", "*/*"),
        ("/api/v1/usage/corrections", "*/*"),
        (&format!("{job}/result.csv"), "*/*"),
    ] {
        let call = || server.get(path).of(&ada).header("accept", accept);
        let plain = call().send().await;
        assert_eq!((plain.status.as_u16(), plain.header("content-encoding")), (200, ""), "{path}");
        let packed = call().header("accept-encoding", "br;q=1.0, gzip;q=0.8, *;q=0.1").send().await;
        assert!(
            packed.body.len() * 3 < plain.body.len(),
            "{path}: {} {}",
            packed.body.len(),
            plain.body.len()
        );
        assert_eq!(unpacked(&packed), plain.text(), "{path} {accept}");
        let refused = call().header("accept-encoding", "identity, gzip;q=0").send().await;
        assert_eq!(refused.body, plain.body, "{path}");
    }
}

#[tokio::test]
async fn a_packed_answer_is_not_sent_again_either() {
    let (server, ada) = with_ada().await;
    for path in ["/api/v1/usage/timeline?date=2026-11-20", "/api/v1/report/apps?date=2026-11-20"] {
        let packing = || server.get(path).of(&ada).header("accept-encoding", "gzip");
        let strong = server.get(path).of(&ada).send().await.header("etag").to_owned();
        let weak = packing().send().await.header("etag").to_owned();
        assert_eq!(weak, format!("W/{strong}"), "{path}");
        for held in [&strong, &weak] {
            assert_eq!(packing().header("if-none-match", held).send().await.status, 304, "{path} {held}");
            let plain = server.get(path).of(&ada).header("if-none-match", held).send().await;
            assert_eq!(plain.status, 304, "{path} {held}");
        }
    }
}

#[tokio::test]
async fn what_is_short_secret_or_without_an_end_is_never_packed() {
    let (server, ada) = with_ada().await;
    let login = json!({"email": ada.email, "password": PASSWORD, "device_id": "x".repeat(128)});
    let key = json!({"name": "k".repeat(100), "scopes": ["track", "read"]});
    let device = json!({"device_id": "x".repeat(128), "device_name": "n".repeat(100)});
    for call in [
        server.post("/api/v1/auth/login").json(&login),
        server.post("/api/v1/auth/device").json(&device),
        server.post("/api/v1/api-keys").of(&ada).json(&key),
        server.get("/api/v1/live").of(&ada),
        server.get("/api/v1/users/me").of(&ada),
        server.get("/api/v1/report/apps?date=2026-11-19").of(&ada),
        server.get("/api/v1/nothing").of(&ada),
    ] {
        let reply = call.header("accept-encoding", "gzip").send().await;
        assert_eq!(reply.header("content-encoding"), "", "{reply:?}");
    }
}

#[tokio::test]
async fn a_table_begins_with_a_byte_order_mark_where_that_is_asked_for() {
    let (server, ada) = with_ada().await;
    let job = json!({"kind": "apps", "format": "csv", "from": "2026-11-20", "to": "2026-11-20"});
    let job =
        server.post("/api/v1/report/jobs").of(&ada).json(&job).send().await.header("location").to_owned();
    server.make_reports().await;
    for path in [
        "/api/v1/usage/timeline?date=2026-11-20",
        "/api/v1/report/apps?date=2026-11-20",
        &format!("{job}/result.csv?"),
    ] {
        let table = async |path: &str| server.get(path).of(&ada).header("accept", "text/csv").send().await;
        let (plain, marked) = (table(path).await, table(&format!("{path}&bom=true")).await);
        assert_eq!(marked.text(), format!("\u{feff}{}", plain.text()), "{path}");
        assert_ne!(marked.header("etag"), plain.header("etag"), "{path}");
        assert_eq!(table(&format!("{path}&bom=false")).await.body, plain.body, "{path}");
    }
    let json = server.get("/api/v1/report/apps?date=2026-11-20&bom=true").of(&ada).send().await;
    assert_eq!(json.json()["items"].as_array().unwrap().len(), 900);
}
