//! Events of people who keep them: what is stored beside the timeline, who reads it, and how it goes.

use dayline_app::identity::caller::Caller;
use dayline_app::ports::PortError;
use dayline_app::tracking::corrections::{self, Change, Draft};
use dayline_http_kit::instant;
use http::Method;
use serde_json::{Value, json};

use crate::support::{MINUTE, Server, Tracker};

const BUCKET: &str = "/api/0/buckets/w";
const EVENTS: &str = "/api/0/buckets/w/events";

/// Ada, who keeps events for a week and has a bucket, with a key that tracks and reads.
async fn keeper<'a>(server: &'a Server, name: &str) -> (Caller, Tracker<'a>) {
    let ada = server.person(name).await;
    server.keep(&ada, 7).await;
    let client = server.both(&ada).await;
    assert_eq!(client.open("w", "aw-watcher-window", "currentwindow", "laptop").await.status, 200);
    (ada, client)
}

fn at(second: f64) -> String {
    instant::utc(MINUTE.plus((second * 1_000.0) as i64))
}

/// An event from so many seconds after [`MINUTE`] on.
fn event(second: f64, duration: f64, title: &str) -> Value {
    json!({"timestamp": at(second), "duration": duration, "data": {"app": "XTerm", "title": title}})
}

/// The same as it is told.
fn told(id: u64, second: f64, duration: f64, title: &str) -> Value {
    let mut event = event(second, duration, title);
    event["id"] = json!(id);
    event
}

async fn list(client: &Tracker<'_>, query: &str) -> Value {
    let reply = client.get(&format!("{EVENTS}{query}")).await;
    assert_eq!((reply.status.as_u16(), &reply.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    reply.json()
}

#[tokio::test]
async fn who_keeps_no_events_has_none_and_nobody_notices() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let client = server.both(&ada).await;
    client.open("w", "aw-watcher-window", "currentwindow", "laptop").await;
    let sent = event(0.0, 5.0, "secret");
    let taken = client.beat("w", &sent.to_string()).await.json();
    assert_eq!((&taken["id"], &taken["data"]), (&json!(MINUTE.0), &json!({})));
    assert_eq!(client.post(EVENTS, &json!([sent]).to_string()).await.text(), "null");
    assert_eq!(list(&client, "").await, json!([]));
    assert_eq!(client.get(&format!("{EVENTS}/count")).await.json(), 0);
    let export = client.get("/api/0/export").await;
    assert_eq!(export.json()["buckets"]["w"]["events"], json!([]));
    assert_eq!(client.get(BUCKET).await.json()["last_updated"], json!(null));
    // What was not kept is not there later either.
    server.keep(&ada, 7).await;
    assert_eq!(list(&client, "").await, json!([]));
}

#[tokio::test]
async fn heartbeats_are_merged_within_their_pulse_and_the_timeline_is_what_it_was() {
    let server = Server::new();
    let (ada, client) = keeper(&server, "ada").await;
    for (second, duration, id, start, length) in [
        (0.0, 5.009, 1, 0.0, 5.009),
        (5.009, 1.006, 1, 0.0, 6.015),
        (8.0, 0.0, 1, 0.0, 8.0),
        (10.001, 1.0, 2, 10.001, 1.0),
    ] {
        let taken = client.beat("w", &event(second, duration, "a").to_string()).await;
        assert_eq!((taken.status.as_u16(), taken.json()), (200, told(id, start, length, "a")), "{second}");
    }
    assert_eq!(list(&client, "").await, json!([told(2, 10.001, 1.0, "a"), told(1, 0.0, 8.0, "a")]));
    let shown = server.timeline(&ada).await.0;
    assert_eq!(shown, [("laptop".to_owned(), "XTerm".to_owned(), None, 0, 11_001)], "by its rule alone");
    let without = Server::new();
    let bob = without.person("bob").await;
    let watcher = without.tracker(&bob).await;
    watcher.open("w", "aw-watcher-window", "currentwindow", "laptop").await;
    for (second, duration) in [(10.001, 1.0), (8.0, 0.0), (0.0, 5.009), (5.009, 1.006)] {
        watcher.beat("w", &event(second, duration, "a").to_string()).await;
    }
    assert_eq!(without.timeline(&bob).await.0, shown);
}

#[tokio::test]
async fn of_events_those_are_told_that_touch_a_range_and_of_them_what_lies_in_it() {
    let server = Server::new();
    let (_, client) = keeper(&server, "ada").await;
    let all =
        json!([event(0.0, 10.0, "a"), event(10.0, 10.0, "b"), event(15.0, 0.0, "c"), event(30.0, 5.0, "d")]);
    let stored = client.post(EVENTS, &all.to_string()).await.json();
    let [a, b, c, d] =
        [told(1, 0.0, 10.0, "a"), told(2, 10.0, 10.0, "b"), told(3, 15.0, 0.0, "c"), told(4, 30.0, 5.0, "d")];
    assert_eq!(stored, json!([a, b, c, d]));
    let encoded = |second: f64| at(second).replace(':', "%3A");
    for (query, found) in [
        (String::new(), json!([d, c, b, a])),
        ("?limit=-1".into(), json!([d, c, b, a])),
        ("?limit=all".into(), json!([d, c, b, a])),
        ("?limit=2".into(), json!([d, c])),
        ("?limit=0".into(), json!([])),
        (format!("?start={}", at(16.0)), json!([d, told(2, 16.0, 4.0, "b")])),
        (
            format!("?start={}&end={}&limit=9", encoded(10.0), encoded(12.5)),
            json!([told(2, 10.0, 2.5, "b"), told(1, 10.0, 0.0, "a")]),
        ),
        (format!("?end={}", at(0.0).replace('Z', "+00:00")), json!([told(1, 0.0, 0.0, "a")])),
        (format!("?end={}", at(0.0).replace('Z', "%2B00:00")), json!([told(1, 0.0, 0.0, "a")])),
        (format!("?start={}&end={}", at(20.0), at(10.0)), json!([])),
    ] {
        assert_eq!(list(&client, &query).await, found, "{query}");
        let count = client.get(&format!("{EVENTS}/count{query}")).await.json();
        if !query.contains("limit") {
            assert_eq!(count, found.as_array().unwrap().len(), "{query}");
        }
    }
    assert_eq!(client.get(&format!("{EVENTS}?start=yesterday")).await.message().0, 400);
    let bucket = client.get(BUCKET).await.json();
    assert_eq!(
        (&bucket["last_updated"], &bucket["metadata"]),
        (&json!(at(35.0)), &json!({"start": at(0.0), "end": at(35.0)}))
    );
    assert_eq!(client.get("/api/0/buckets").await.json()["w"], bucket);
}

#[tokio::test]
async fn one_event_is_shown_replaced_and_deleted() {
    let server = Server::new();
    let (ada, client) = keeper(&server, "ada").await;
    client.post(EVENTS, &json!([event(0.0, 10.0, "a"), event(10.0, 10.0, "b")]).to_string()).await;
    assert_eq!(client.get(&format!("{EVENTS}/1")).await.json(), told(1, 0.0, 10.0, "a"));
    let replaced = client.post(EVENTS, &told(1, 5.0, 1.0, "new").to_string()).await.json();
    assert_eq!(replaced, json!([told(1, 5.0, 1.0, "new")]));
    assert_eq!(
        client.post(EVENTS, &event(10.0, 10.0, "b").to_string()).await.json(),
        json!([told(2, 10.0, 10.0, "b")])
    );
    assert_eq!(list(&client, "").await, json!([told(2, 10.0, 10.0, "b"), told(1, 5.0, 1.0, "new")]));
    for path in ["2", "2", "7"] {
        let deleted = client.call(Method::DELETE, &format!("{EVENTS}/{path}"), "{}").await;
        assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({"success": true})), "{path}");
    }
    for gone in ["2", "7", "-1", "x", "99999999999999999999"] {
        assert_eq!(client.get(&format!("{EVENTS}/{gone}")).await.message().0, 404, "{gone}");
    }
    let shown: Vec<_> = server.timeline(&ada).await.0.into_iter().map(|shown| (shown.3, shown.4)).collect();
    assert_eq!(shown, [(0, 20_000)], "what was told stays told");
}

#[tokio::test]
async fn of_addresses_no_more_than_the_origin_is_kept_anywhere() {
    let server = Server::new();
    let (_, client) = keeper(&server, "ada").await;
    client.open("web", "aw-client-web", "web.tab.current", "laptop").await;
    let tab = json!({"timestamp": at(0.0), "data": {
        "url": "https://ada:secret@example.org/secret?secret=1#secret", "title": "https://example.org/secret", "more": [{"x": "http://a.example/secret"}],
    }});
    client.beat("web", &tab.to_string()).await;
    client.post("/api/0/buckets/web/events", &json!([tab]).to_string()).await;
    for path in ["/api/0/buckets/web/events", "/api/0/buckets/web/events/1", "/api/0/export"] {
        let text = client.get(path).await.text().to_owned();
        assert!(text.contains("https://example.org") && !text.contains("secret"), "{path}: {text}");
    }
}

#[tokio::test]
async fn an_export_comes_in_elsewhere_as_it_was_and_only_once() {
    let server = Server::new();
    let (_, hers) = keeper(&server, "ada").await;
    let (bob, his) = keeper(&server, "bob").await;
    hers.open("e%20m%2Fp", "c", "t", "h").await;
    hers.post(EVENTS, &json!([event(0.0, 10.0, "a"), event(10.0, 10.0, "b")]).to_string()).await;
    let export = hers.get("/api/0/export").await;
    assert_eq!(export.headers["content-disposition"], "attachment; filename=aw-buckets-export.json");
    let [a, b] = [event(0.0, 10.0, "a"), event(10.0, 10.0, "b")];
    assert_eq!(export.json()["buckets"]["w"]["events"], json!([b, a]));
    assert_eq!(export.json()["buckets"]["e m/p"]["events"], json!([]));
    let one = hers.get(&format!("{BUCKET}/export")).await;
    assert_eq!(one.headers["content-disposition"], "attachment; filename=aw-bucket-export_w.json");
    assert_eq!(one.json()["buckets"].as_object().unwrap().len(), 1);
    assert_eq!(one.json()["buckets"]["w"], export.json()["buckets"]["w"]);
    let form = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"buckets.json\"; filename=\"aw.json\"\r\n\r\n{}\r\n--xyz--\r\n",
        export.text()
    );
    let headers = [("content-type", "multipart/form-data; boundary=xyz")];
    for _ in 0..2 {
        let reply = his.call_with(Method::POST, "/api/0/import", &headers, form.clone()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(list(&his, "").await, json!([told(1, 10.0, 10.0, "b"), told(2, 0.0, 10.0, "a")]));
    }
    assert_eq!(server.timeline(&bob).await.0.len(), 1);
}

#[tokio::test]
async fn long_lists_come_whole_and_a_revoked_key_cuts_them_off() {
    let server = Server::new();
    let (ada, client) = keeper(&server, "ada").await;
    let title = "t".repeat(200);
    let all: Vec<_> = (0..1_500).map(|n| event(f64::from(n) * 3.0, 1.0, &title)).collect();
    assert_eq!(client.post(EVENTS, &json!(all).to_string()).await.json().as_array().unwrap().len(), 1_500);
    let listed = list(&client, "?limit=-1").await;
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=1_500).rev().collect::<Vec<_>>());
    assert_eq!(list(&client, "?limit=1200").await.as_array().unwrap().len(), 1_200);
    server.keep(&ada, 0).await;
    assert_eq!(list(&client, "").await, json!([]));
}

#[tokio::test]
async fn nobody_reads_or_changes_what_somebody_else_keeps() {
    let server = Server::new();
    let (_, hers) = keeper(&server, "ada").await;
    let (_, his) = keeper(&server, "bob").await;
    hers.open("hers", "c", "t", "h").await;
    hers.post("/api/0/buckets/hers/events", &event(0.0, 10.0, "secret").to_string()).await;
    hers.post("/api/0/settings/hers", "\"secret\"").await;
    for (method, path, status) in [
        (Method::GET, "/api/0/buckets/hers", 404),
        (Method::GET, "/api/0/buckets/hers/events", 404),
        (Method::GET, "/api/0/buckets/hers/events/count", 404),
        (Method::GET, "/api/0/buckets/hers/events/1", 404),
        (Method::GET, "/api/0/buckets/w/events/1", 404),
        (Method::GET, "/api/0/buckets/hers/export", 404),
        (Method::POST, "/api/0/buckets/hers/events", 404),
        (Method::POST, "/api/0/buckets/hers/heartbeat?pulsetime=5", 404),
        (Method::DELETE, "/api/0/buckets/hers/events/1", 200),
        (Method::DELETE, "/api/0/buckets/w/events/1", 200),
        (Method::DELETE, "/api/0/buckets/hers?force=1", 404),
        (Method::GET, "/api/0/buckets", 200),
        (Method::GET, "/api/0/export", 200),
        (Method::GET, "/api/0/settings", 200),
        (Method::GET, "/api/0/settings/hers", 200),
        (Method::DELETE, "/api/0/settings/hers", 200),
    ] {
        let reply = his.call(method.clone(), path, told(1, 0.0, 10.0, "evil").to_string()).await;
        assert_eq!(reply.status, status, "{method} {path}");
        let text = reply.text();
        assert!(!text.contains("secret") && !text.contains("hers"), "{method} {path}: {text}");
        let stranger = server.stranger().call(method.clone(), path, "{}").await;
        assert_eq!(stranger.status, 401, "{method} {path}");
    }
    assert_eq!(hers.get("/api/0/buckets/hers/events").await.json(), json!([told(1, 0.0, 10.0, "secret")]));
    assert_eq!(hers.get("/api/0/settings/hers").await.json(), "secret");
}

#[tokio::test]
async fn a_key_that_tracks_reads_nothing_and_one_that_reads_writes_nothing() {
    let server = Server::new();
    let (ada, both) = keeper(&server, "ada").await;
    let tracks = server.tracker(&ada).await;
    let key =
        server.key(&ada, dayline_app::identity::key_text::KeyFormat::Uuid, &[dayline_domain::Scope::Read]);
    let reads = server.with_authorization(&format!("Bearer {}", key.await));
    both.beat("w", &event(0.0, 1.0, "secret").to_string()).await;
    both.post("/api/0/settings/theme", "\"secret\"").await;
    for path in [
        "buckets",
        "buckets/w",
        "buckets/w/events",
        "buckets/w/events/count",
        "buckets/w/events/1",
        "buckets/w/export",
        "export",
        "settings",
        "settings/theme",
    ] {
        let path = format!("/api/0/{path}");
        assert_eq!(tracks.get(&path).await.message().0, 403, "{path}");
        assert_eq!(reads.get(&path).await.status, 200, "{path}");
    }
    // Nor does an answer tell with what a heartbeat was merged, or what number an event has.
    let taken = tracks.beat("w", &event(1.0, 1.0, "secret").to_string()).await.json();
    assert_eq!(
        (&taken["timestamp"], &taken["duration"], &taken["id"]),
        (&json!(at(1.0)), &json!(1.0), &json!(MINUTE.0 + 1_000))
    );
    assert_eq!(tracks.post(EVENTS, &event(9.0, 1.0, "secret").to_string()).await.text(), "null");
    assert_eq!(list(&both, "").await.as_array().unwrap().len(), 2);
    for (method, path) in [
        (Method::POST, "/api/0/buckets/w/events"),
        (Method::POST, "/api/0/buckets/w/heartbeat?pulsetime=5"),
        (Method::DELETE, "/api/0/buckets/w/events/1"),
        (Method::POST, "/api/0/settings/theme"),
        (Method::DELETE, "/api/0/settings/theme"),
    ] {
        let reply = reads.call(method.clone(), path, event(0.0, 1.0, "evil").to_string()).await;
        assert_eq!(reply.message().0, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_erased_is_gone_here_too_and_stays_away() {
    let server = Server::new();
    let (ada, client) = keeper(&server, "ada").await;
    let all = json!([event(0.0, 5.0, "a"), event(5.0, 5.0, "secret"), event(20.0, 5.0, "b")]);
    client.post(EVENTS, &all.to_string()).await;
    let erasure = Draft { start: MINUTE.plus(6_000), end: MINUTE.plus(8_000), entry: None };
    corrections::apply(&server.fake.app, &ada, Change::New(erasure)).await.unwrap();
    server.process_log().await;
    client.post(EVENTS, &all.to_string()).await;
    assert_eq!(list(&client, "").await, json!([told(3, 20.0, 5.0, "b"), told(1, 0.0, 5.0, "a")]));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_waits_until_its_event_is_stored() {
    let server = Server::new();
    let (ada, client) = keeper(&server, "ada").await;
    client.beat("w", &event(0.0, 1.0, "a").to_string()).await;
    let away = || Some(PortError::Unavailable("away".into()));
    server.fake.store.fail(away());
    let mend = async {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        server.fake.store.fail(None);
    };
    let sent = event(1.0, 1.0, "a").to_string();
    let (taken, ()) = tokio::join!(client.beat("w", &sent), mend);
    assert_eq!((taken.status.as_u16(), taken.json()), (200, told(1, 0.0, 2.0, "a")));
    server.fake.store.fail(away());
    assert_eq!(client.beat("w", &event(2.0, 1.0, "a").to_string()).await.message().0, 503);
    server.fake.store.fail(None);
    assert_eq!(server.timeline(&ada).await.0.len(), 1);
}

#[tokio::test]
async fn settings_are_any_value_by_a_name() {
    let server = Server::new();
    let client = server.both(&server.person("ada").await).await;
    for (key, value) in [
        ("theme", json!("dark")),
        ("list", json!([1, 2, 3])),
        ("dict", json!({"a": 1, "b": {"c": null}})),
        ("theme", json!(7)),
        ("caf%C3%A9", json!(null)),
    ] {
        let path = format!("/api/0/settings/{key}");
        let set = client.post(&path, &value.to_string()).await;
        assert_eq!((set.status.as_u16(), set.json()), (200, value.clone()), "{key}");
        assert_eq!(client.get(&path).await.json(), value, "{key}");
    }
    let all = json!({"theme": 7, "list": [1, 2, 3], "dict": {"a": 1, "b": {"c": null}}, "café": null});
    assert_eq!(client.get("/api/0/settings/").await.json(), all);
    assert_eq!(client.call(Method::DELETE, "/api/0/settings/theme", "{}").await.status, 200);
    assert_eq!(client.get("/api/0/settings/theme").await.text(), "null");
    let long = "x".repeat(128);
    assert_eq!(client.post(&format!("/api/0/settings/{long}"), "1").await.message().0, 400);
    assert_eq!(client.post(&format!("/api/0/settings/{}", &long[1..]), "1").await.status, 200);
    assert_eq!(client.post("/api/0/settings/a", "{").await.message().0, 400);
    let too_long = json!("x".repeat(64 << 10)).to_string();
    assert_eq!(client.post("/api/0/settings/a", &too_long).await.message().0, 413);
}
