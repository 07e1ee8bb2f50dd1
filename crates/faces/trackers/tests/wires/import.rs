//! Exports of other servers, brought in by the route that they have for it.

use std::io::Write;

use dayline_app::identity::key_text::KeyFormat;
use dayline_app::ports::AppendError;
use dayline_domain::Scope;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Server, Shown, Tracker};

const IMPORT: &str = "/api/0/import";

fn export() -> Value {
    json!({"buckets": {
        "aw-watcher-window_laptop": {
            "id": "aw-watcher-window_laptop", "created": "2016-01-01T00:00:00Z", "name": null, "data": {},
            "type": "currentwindow", "client": "aw-watcher-window", "hostname": "laptop", "last_updated": null,
            "events": [
                {"id": 3, "timestamp": "2026-11-23T13:52:20.000000+00:00", "duration": 10.0,
                    "data": {"app": "XTerm", "title": "secret title"}},
                {"timestamp": "yesterday", "data": {}},
                null,
                {"timestamp": "2026-11-23T13:52:00Z", "duration": -1, "data": {"app": "Never"}},
            ],
        },
        "aw-watcher-afk_laptop": {
            "events": [{"timestamp": "2026-11-23T13:52:25Z", "duration": 5, "data": {"status": "afk"}}],
            "type": "afkstatus", "client": "aw-watcher-afk", "hostname": "laptop",
        },
        "aw-watcher-input_laptop": {
            "type": "os.hid.input", "client": "aw-watcher-input", "hostname": "laptop",
            "events": [{"timestamp": "2026-11-23T13:52:21Z", "duration": 5, "data": {"presses": 3}}],
        },
        "empty": {"type": "currentwindow", "client": "c", "hostname": "laptop"},
    }})
}

fn expected() -> Vec<Shown> {
    vec![("laptop".into(), "XTerm".into(), None, 20_000, 25_000)]
}

async fn import(client: &Tracker<'_>, export: &Value) -> u16 {
    let reply = client.post(IMPORT, &export.to_string()).await;
    if reply.status == 200 {
        assert_eq!(reply.text(), "null");
    } else {
        reply.message();
    }
    reply.status.as_u16()
}

#[tokio::test]
async fn an_export_comes_in_once_however_often_it_is_sent() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let client = server.tracker(&ada).await;
    assert_eq!(import(&client, &export()).await, 200);
    let first = server.timeline(&ada).await;
    assert_eq!(first.0, expected());
    assert_eq!(import(&client, &export()).await, 200);
    assert_eq!(server.timeline(&ada).await, first, "the same, and the same version of it");
}

#[tokio::test]
async fn an_export_may_be_packed_or_the_file_of_a_form() {
    let text = export().to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let form = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"buckets.json\"; filename=\"aw.json\"\r\n\
         Content-Type: application/json\r\n\r\n{text}\r\n--xyz--\r\n"
    );
    for (header, body) in [
        (("content-encoding", "gzip"), packed.finish().unwrap()),
        (("content-type", "multipart/form-data; boundary=xyz"), form.into_bytes()),
    ] {
        let server = Server::new();
        let ada = server.person("ada").await;
        let reply = server.tracker(&ada).await.call_with(Method::POST, IMPORT, &[header], body).await;
        assert_eq!(reply.status, 200, "{header:?}: {reply:?}");
        assert_eq!(server.timeline(&ada).await.0, expected(), "{header:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_there_stays_as_it_is_and_takes_the_events() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let client = server.tracker(&ada).await;
    client.open("aw-watcher-window_laptop", "aw-watcher-window", "currentwindow", "desk").await;
    let other =
        json!({"buckets": {"aw-watcher-window_laptop": export()["buckets"]["aw-watcher-window_laptop"]}});
    assert_eq!(import(&client, &other).await, 200);
    let on: Vec<_> = server.timeline(&ada).await.0.into_iter().map(|shown| shown.0).collect();
    assert_eq!(on, ["desk"]);
}

#[tokio::test]
async fn nothing_is_taken_of_what_is_no_export() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let client = server.tracker(&ada).await;
    let good = &export()["buckets"]["aw-watcher-window_laptop"];
    for wrong in [
        json!([]),
        json!({}),
        json!({"buckets": []}),
        json!({"buckets": {"a": good, "b": {"type": "currentwindow", "events": []}}}),
        json!({"buckets": {"a": good, "b": {"type": "t", "client": "c", "hostname": "h", "events": 7}}}),
        json!({"buckets": {"a": good, "b\n": good}}),
        json!({"buckets": {"a": good, "b": {"type": "x".repeat(256), "client": "c", "hostname": "h"}}}),
    ] {
        assert_eq!(import(&client, &wrong).await, 400, "{wrong}");
    }
    let event = r#"{"timestamp":"2026-11-23T13:52:20Z","data":{"app":"a"}}"#;
    let many = format!(
        r#"{{"buckets": {{"a": {{"type": "currentwindow", "client": "c", "hostname": "h", "events": [{}]}}}}}}"#,
        vec![event; 50_001].join(",")
    );
    assert_eq!(client.post(IMPORT, &many).await.message().0, 413);
    assert_eq!(server.timeline(&ada).await.0, []);
    let reader = server.key(&ada, KeyFormat::Prefixed, &[Scope::Read]).await;
    let reader = server.with_authorization(&format!("Bearer {reader}"));
    assert_eq!(import(&reader, &export()).await, 403, "a key that reads brings in nothing");
    assert_eq!(import(&server.stranger(), &export()).await, 401);
}

#[tokio::test(start_paused = true)]
async fn an_export_waits_for_the_log_and_one_person_brings_in_one_at_a_time() {
    let server = Server::new();
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (hers, his) = (server.tracker(&ada).await, server.tracker(&bob).await);
    server.fake.log.refuse(Some(AppendError::Full { retry_after_s: 1 }));
    let export = export();
    let mend = async {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(import(&hers, &export).await, 503, "one of hers is being taken");
        server.fake.log.refuse(None);
    };
    let (first, other, ()) = tokio::join!(import(&hers, &export), import(&his, &export), mend);
    assert_eq!((first, other), (200, 200));
    assert_eq!(server.timeline(&ada).await.0, expected());
    assert_eq!(server.timeline(&bob).await.0, expected());
}
