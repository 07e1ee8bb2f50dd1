//! The export: everything about a person, whole or recognisably not.

use axum::body::Body;
use dayline_app::identity::authenticate::authenticate;
use dayline_app::ports::PortError;
use dayline_app::tracking::preferences::prefer;
use dayline_app::tracking::{buckets, raw_events, tracker_settings};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::raw_event::{EventData, RawEvent};
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{Preferences, RawEventDays};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Server, ping};

const EXPORT: &str = "/api/v1/users/me/export";

fn lines(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

/// So many pings of five seconds, each of another app.
async fn track(server: &Server, person: &Person, pings: usize) {
    let time = |second: usize| format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    let ping_at = |at: usize| ping(&format!("App {at}"), &time(5 * at), &time(5 * at + 5));
    for batch in (0..pings).collect::<Vec<_>>().chunks(500) {
        let body = Value::Array(batch.iter().map(|at| ping_at(*at)).collect());
        assert_eq!(server.post("/api/v1/usage/track").of(person).json(&body).send().await.status, 202);
    }
    server.process_log().await;
}

#[tokio::test]
async fn an_export_as_one_object_has_the_same_lines() {
    let server = Server::new();
    let ada = server.person("ada").await;
    track(&server, &ada, 1_000).await;
    let reply = server.get("/api/v1/users/me/export.json").of(&ada).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    let name = r#"attachment; filename="dayline-export-2026-11-20.json""#;
    assert_eq!(reply.header("content-disposition"), name);
    let whole = server.get(EXPORT).of(&ada).send().await;
    assert_eq!(reply.json(), json!({"lines": lines(whole.text())}));
}

#[tokio::test]
async fn an_export_has_a_line_for_everything_and_says_how_many_there_are() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.person("mallory").await;
    let key = json!({"name": "tracker", "scopes": ["track"]});
    let key = server.post("/api/v1/api-keys").of(&ada).json(&key).send().await.json();
    let pings = json!([
        ping("Code", "09:00:00", "09:00:10"),
        {"app_name": "Firefox", "url": "https://github.com/a?b", "device_id": "phone",
         "start_time": "2026-11-20T09:00:05Z", "end_time": "2026-11-20T09:00:15Z"},
        {"app_name": "Code", "start_time": "2026-11-18T23:59:55Z", "end_time": "2026-11-19T00:00:05Z"},
    ]);
    server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    server.process_log().await;
    let phone = server.request(http::Method::PATCH, "/api/v1/devices/phone").of(&ada);
    assert_eq!(phone.json(&json!({"name": "My phone"})).send().await.status, 200);
    open_bucket(&server, &ada).await;

    let reply = server.get(EXPORT).of(&ada).send().await;
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert_eq!(reply.header("cache-control"), "no-store");
    let name = r#"attachment; filename="dayline-export-2026-11-20.ndjson""#;
    assert_eq!(reply.header("content-disposition"), name);
    let mut lines = lines(reply.text());
    assert_eq!(
        types(&lines),
        [
            "profile",
            "session",
            "api_key",
            "device",
            "bucket",
            "raw_event",
            "tracker_setting",
            "audit",
            "audit",
            "audit",
            "audit",
            "observation",
            "interval",
            "observation",
            "interval",
            "observation",
            "observation",
            "interval",
            "interval",
            "outranked",
            "end",
        ]
    );
    assert_eq!((&lines[0]["email"], &lines[0]["id"]), (&json!(ada.email), &json!(ada.id)));
    assert_eq!((&lines[1]["device_id"], &lines[1]["current"]), (&json!("laptop"), &json!(true)));
    assert_eq!(lines[2]["name"], "tracker");
    assert_eq!(
        lines[3],
        json!({"type": "device", "device_id": "phone", "name": "My phone", "merged_into": null})
    );
    assert_of_trackers(&mut lines);
    assert_eq!((&lines[4]["kind"], &lines[4]["subject"]), (&json!("device_renamed"), &json!("phone")));
    assert_eq!(lines[5]["kind"], "key_created");
    assert_eq!(
        (&lines[8]["start_time"], &lines[8]["kind"]),
        (&json!("2026-11-18T23:59:55.000Z"), &json!("use"))
    );
    assert_eq!(
        (&lines[9]["start_time"], &lines[9]["end_time"]),
        (&lines[8]["start_time"], &lines[8]["end_time"])
    );
    assert_eq!(
        lines[13],
        json!({
            "type": "observation", "kind": "use", "app_name": "Firefox", "domain": "github.com", "project": null,
            "device_id": "phone", "start_time": "2026-11-20T09:00:05.000Z", "end_time": "2026-11-20T09:00:15.000Z",
        })
    );
    assert_eq!(
        lines[15],
        json!({
            "type": "interval", "app_name": "Firefox", "domain": "github.com", "project": null, "language": null,
            "device_id": "phone", "start_time": "2026-11-20T09:00:05.000Z", "end_time": "2026-11-20T09:00:15.000Z",
        })
    );
    assert_eq!(
        (&lines[16]["app_name"], &lines[16]["start_time"]),
        (&json!("Code"), &lines[15]["start_time"])
    );
    assert_eq!(
        lines[17],
        json!({"type": "end", "counts": {
            "profile": 1, "session": 1, "api_key": 1, "device": 1, "category": 0, "alias": 0, "bucket": 1, "raw_event": 1, "tracker_setting": 1, "audit": 4, "put_aside": 0, "correction": 0,
            "observation": 4, "interval": 4, "outranked": 1,
        }})
    );
    for secret in
        [PASSWORD, key["key"].as_str().unwrap(), ada.access.as_str(), ada.refresh.as_str(), "mallory"]
    {
        assert!(!reply.text().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_was_observed_is_in_an_export_by_kind_and_may_be_sent_again() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let (start, end) = ("2026-11-20T09:00:00.000Z", "2026-11-20T09:00:10.000Z");
    let pings = json!([
        {"kind": "use", "app_name": "Firefox", "domain": null, "project": "dayline",
         "device_id": "pc", "start_time": start, "end_time": end},
        {"kind": "page", "app_name": "Firefox", "domain": "github.com", "audible": true,
         "device_id": "pc", "start_time": start, "end_time": end},
        {"kind": "beat", "app_name": "Code", "project": null, "language": "Rust",
         "device_id": "pc", "start_time": start},
        {"kind": "away", "device_id": "pc", "start_time": start, "end_time": end},
        {"kind": "here", "device_id": "pc", "start_time": start, "end_time": end},
    ]);
    let observations = async |person: &Person, pings: &Value| {
        let reply = server.post("/api/v1/usage/track").of(person).json(pings).send().await;
        assert_eq!(reply.json()["accepted"], 5, "{reply:?}");
        server.process_log().await;
        let mut all = lines(server.get(EXPORT).of(person).send().await.text());
        all.retain(|line| line["type"] == "observation");
        all
    };
    let mut exported = observations(&ada, &pings).await;
    for line in &mut exported {
        line.as_object_mut().unwrap().remove("type");
    }
    let mut sent = pings.as_array().unwrap().clone();
    sent.sort_by_key(Value::to_string);
    exported.sort_by_key(Value::to_string);
    assert_eq!(exported, sent);
    assert_eq!(observations(&eve, &json!(exported)).await.len(), 5);
}

#[tokio::test]
async fn pings_that_were_put_aside_are_in_the_export_of_whom_they_are() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    server.fake.store.refuse_app(Some("Nix"));
    let pings = json!([ping("Nix", "09:00:00", "09:00:10"), ping("Code", "10:00:00", "10:00:10")]);
    server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    server.process_log().await;
    let lines = lines(server.get(EXPORT).of(&ada).send().await.text());
    let found: Vec<&Value> = lines.iter().filter(|line| line["type"] == "put_aside").collect();
    let expected = json!({
        "type": "put_aside", "put_aside_at": found[0]["put_aside_at"], "unreadable": null, "correction": null,
        "pings": [{
            "kind": "use", "app_name": "Nix", "domain": null, "project": null, "device_id": "laptop",
            "start_time": "2026-11-20T09:00:00.000Z", "end_time": "2026-11-20T09:00:10.000Z",
        }],
    });
    assert_eq!(found, [&expected]);
    assert_eq!(lines.last().unwrap()["counts"]["put_aside"], 1);
    assert!(!server.get(EXPORT).of(&eve).send().await.text().contains("Nix"));
}

/// The lines about foreign trackers, which are taken out.
fn assert_of_trackers(lines: &mut Vec<Value>) {
    assert_eq!(
        lines.remove(4),
        json!({
            "type": "bucket", "id": "aw-watcher-window_laptop", "kind": "currentwindow", "client": "aw-watcher-window",
            "host": "laptop", "opened_by": null, "created_at": "2026-11-20T12:00:00.000Z",
        })
    );
    assert_eq!(
        lines.remove(4),
        json!({
            "type": "raw_event", "bucket": "aw-watcher-window_laptop", "id": 1, "data": {"app": "Code"},
            "start_time": "2026-11-20T11:59:55.000Z", "end_time": "2026-11-20T12:00:00.000Z",
        })
    );
    assert_eq!(lines.remove(4), json!({"type": "tracker_setting", "name": "theme", "value": ["dark"]}));
}

/// Opens a bucket as another program's tracker would, keeps an event in it, and has something remembered.
async fn open_bucket(server: &Server, person: &Person) {
    let bearer = authenticate(&server.fake.app, &person.access, None).await.unwrap();
    let word = |text: &str| BucketWord::new(text).unwrap();
    let bucket = Bucket {
        id: BucketId::new("aw-watcher-window_laptop").unwrap(),
        kind: word("currentwindow"),
        client: word("aw-watcher-window"),
        host: word("laptop"),
    };
    let (app, id) = (&server.fake.app, bucket.id.clone());
    assert_eq!(buckets::open(app, &bearer, bucket).await, Ok(true));
    let raw_event_days = RawEventDays::new(7).unwrap();
    prefer(app, &bearer, Preferences { raw_event_days, ..Preferences::default() }).await.unwrap();
    let now = app.clock.now();
    let event = RawEvent::new(now.plus(-5_000), now, EventData::new(r#"{"app":"Code"}"#).unwrap());
    assert!(raw_events::keep_beat(app, &bearer, &id, &event, 0).await.unwrap().is_some());
    let (name, value) = (SettingName::new("theme").unwrap(), SettingValue::new(r#"["dark"]"#).unwrap());
    tracker_settings::set(app, &bearer, name, value).await.unwrap();
}

async fn piece(body: &mut Body) -> Result<String, axum::Error> {
    let bytes = body.frame().await.unwrap()?.into_data().unwrap();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn an_export_is_written_in_small_pieces_whatever_there_is() {
    let server = Server::new();
    let ada = server.person("ada").await;
    track(&server, &ada, 2_000).await;
    let (_, mut body) = server.get(EXPORT).of(&ada).open().await;
    let (mut text, mut pieces) = (String::new(), 0);
    while let Some(frame) = body.frame().await {
        let piece = frame.unwrap().into_data().unwrap();
        assert!(piece.len() < 40_000, "{}", piece.len());
        text.push_str(std::str::from_utf8(&piece).unwrap());
        pieces += 1;
    }
    assert!(pieces > 5, "{pieces}");
    let lines = lines(&text);
    assert_eq!(lines.last().unwrap()["counts"]["interval"], 2_000);
    assert_eq!(types(&lines).iter().filter(|line| **line == "interval").count(), 2_000);
}

#[tokio::test]
async fn an_export_that_fails_midway_is_cut_off_without_an_end() {
    let server = Server::new();
    let ada = server.person("ada").await;
    track(&server, &ada, 500).await;
    server.fake.clock.advance(60_000);
    let later =
        json!({"app_name": "Code", "start_time": "2026-11-20T23:00:00Z", "end_time": "2026-11-21T01:00:00Z"});
    server.fake.clock.advance(14 * 3_600_000);
    let ada = server.sign_in(ada, "laptop").await;
    server.post("/api/v1/usage/track").of(&ada).json(&later).send().await;
    server.process_log().await;

    let (_, mut body) = server.get(EXPORT).of(&ada).open().await;
    let mut text = piece(&mut body).await.unwrap();
    server.fake.store.fail(Some(PortError::Unavailable("gone".into())));
    let failure = loop {
        match piece(&mut body).await {
            Ok(piece) => text.push_str(&piece),
            Err(error) => break error,
        }
    };
    assert!(!failure.to_string().contains("gone"));
    assert!(text.contains(r#""type":"interval""#) && !text.contains(r#""type":"end""#));
}

#[tokio::test]
async fn what_fails_at_once_is_a_problem() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.fake.store.fail(Some(PortError::Unavailable("gone".into())));
    assert_eq!(server.get(EXPORT).of(&ada).send().await.problem(), (503, "unavailable".into()));
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_exports_at_a_time() {
    let server = Server::new();
    let (ada, eve) = (server.person("ada").await, server.person("eve").await);
    let open = [server.get(EXPORT).of(&ada).open().await, server.get(EXPORT).of(&ada).open().await];
    let reply = server.get(EXPORT).of(&ada).send().await;
    assert_eq!((reply.problem(), reply.header("retry-after")), ((429, "too_many_streams".into()), "10"));
    assert_eq!(server.get(EXPORT).of(&eve).send().await.status, 200);
    drop(open);
    assert_eq!(server.get(EXPORT).of(&ada).send().await.status, 200);
}
