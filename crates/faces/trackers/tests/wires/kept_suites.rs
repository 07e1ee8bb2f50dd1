//! The same suites as far as they look at what a server has stored, restated for somebody who keeps events: aw-server's
//! `test_client.py` and aw-client-js's `test.ts`.

use dayline_domain::{DAY_MS, RawEventDays};
use dayline_http_kit::instant;
use http::Method;
use serde_json::{Value, json};

use crate::support::{MINUTE, Server, Tracker};

const EVENTS: &str = "/api/0/buckets/test/events";
const HOUR: i64 = 3_600_000;

/// A client of somebody who keeps events for good, with a bucket.
async fn client(server: &Server) -> Tracker<'_> {
    let ada = server.person("ada").await;
    server.keep(&ada, RawEventDays::MAX).await;
    let client = server.both(&ada).await;
    assert_eq!(client.open("test", "client-test", "testevents", "host").await.status, 200);
    client
}

/// An event from so many milliseconds after [`MINUTE`].
fn event(start: i64, length: i64, label: &str) -> Value {
    let start = instant::utc(MINUTE.plus(start));
    json!({"id": null, "timestamp": start, "duration": length as f64 / 1_000.0, "data": {"label": label}})
}

/// So many events of this length, one after another.
fn periodic(number: i64, start: i64, length: i64) -> Vec<Value> {
    (0..number).map(|n| event(start + n * length, length, "test")).collect()
}

async fn beat(client: &Tracker<'_>, pulse: f64, event: &Value) {
    let path = format!("/api/0/buckets/test/heartbeat?pulsetime={pulse}");
    let reply = client.post(&path, &event.to_string()).await;
    assert!(reply.status == 200 && reply.json()["id"].is_u64(), "{reply:?}");
}

async fn insert(client: &Tracker<'_>, events: &[Value]) {
    let reply = client.post(EVENTS, &json!(events).to_string()).await;
    assert_eq!(reply.json().as_array().map(Vec::len), Some(events.len()), "{reply:?}");
}

async fn get(client: &Tracker<'_>, query: &str) -> Vec<Value> {
    let reply = client.get(&format!("{EVENTS}{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json().as_array().unwrap().clone()
}

fn without_ids(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        event["id"] = json!(null);
    }
    events
}

/// `test_heartbeat`, `test_queued_heartbeat`; `Heartbeat`.
#[tokio::test]
async fn heartbeats_near_each_other_are_one_event() {
    let server = Server::new();
    let client = client(&server).await;
    beat(&client, 0.0, &event(0, 0, "test")).await;
    beat(&client, 10.0, &event(1_000, 0, "test")).await;
    assert_eq!(without_ids(get(&client, "?limit=1").await), [event(0, 1_000, "test")]);
    let all: Vec<String> = (0..10).map(|n| event(2_000, n, "at once").to_string()).collect();
    futures_util::future::join_all(all.iter().map(|event| client.beat("test", event))).await;
    assert_eq!(get(&client, "").await.len(), 2);
}

/// `test_heartbeat_random_order`.
#[tokio::test]
async fn heartbeats_in_any_order_are_all_taken() {
    let server = Server::new();
    let client = client(&server).await;
    for n in 0..100 {
        beat(&client, 2.0, &event(n * 37 % 100 * 1_000, 1_000, "test")).await;
    }
    let events = get(&client, "?limit=-1").await;
    let ends: Vec<f64> = events.iter().map(|event| event["duration"].as_f64().unwrap()).collect();
    assert!(!events.is_empty() && ends.iter().sum::<f64>() >= 100.0, "{events:?}");
}

/// `test_insert_event`, `test_insert_events`, `test_get_event_single`.
#[tokio::test]
async fn events_come_back_as_they_were_sent_and_one_by_one() {
    let server = Server::new();
    let client = client(&server).await;
    let events = periodic(10, -50 * DAY_MS, HOUR);
    insert(&client, &events).await;
    let mut stored = get(&client, "").await;
    for event in &stored {
        assert_eq!(client.get(&format!("{EVENTS}/{}", event["id"])).await.json(), *event);
    }
    stored.reverse();
    assert_eq!(without_ids(stored), events);
}

/// `test_get_events_interval`.
#[tokio::test]
async fn of_a_day_of_a_thousand_hours_come_its_own_and_what_touches_it() {
    let server = Server::new();
    let client = client(&server).await;
    let start = -50 * DAY_MS;
    let events = periodic(1_000, start, HOUR);
    insert(&client, &events).await;
    let at = |ms: i64| instant::utc(MINUTE.plus(ms)).replace('Z', "%2B00:00");
    let query = format!("?limit=50&start={}&end={}", at(start), at(start + DAY_MS));
    let mut found = without_ids(get(&client, &query).await);
    assert_eq!(found.len(), 25);
    assert_eq!(found[0], event(start + DAY_MS, 0, "test"), "the first is cut off");
    found.reverse();
    assert_eq!(found[..24], events[..24]);
}

/// `test_store_many_events`, `test_midnight`.
#[tokio::test]
async fn many_events_and_those_around_midnight_are_all_stored() {
    let server = Server::new();
    let client = client(&server).await;
    let events = periodic(1_000, -50 * DAY_MS, HOUR);
    insert(&client, &events).await;
    let mut stored = without_ids(get(&client, "?limit=-1").await);
    stored.reverse();
    assert_eq!(stored, events);
    let midnight = -DAY_MS - 14 * HOUR - 2 * 60_000;
    insert(&client, &periodic(100, midnight, 60_000)).await;
    assert_eq!(get(&client, "?limit=-1").await.len(), 1_100);
}

/// `test_midnight_heartbeats`.
#[tokio::test]
async fn heartbeats_around_midnight_are_merged_as_elsewhere() {
    let server = Server::new();
    let client = client(&server).await;
    let start = -DAY_MS - 14 * HOUR - 2 * 60_000;
    for (n, label) in (0..20).zip(["1", "1", "2", "3", "4"].into_iter().cycle()) {
        beat(&client, 90.0, &event(start + n * 60_000, 60_000, label)).await;
    }
    assert_eq!(get(&client, "?limit=-1").await.len(), 16);
    let after = instant::utc(MINUTE.plus(start + 600_001)).replace('Z', "%2B00:00");
    assert_eq!(get(&client, &format!("?start={after}")).await.len(), 8);
}

/// `test_export`, `test_settings`.
#[tokio::test]
async fn exports_have_buckets_with_events_and_settings_are_texts() {
    let server = Server::new();
    let client = client(&server).await;
    let export = client.get("/api/0/export").await.json();
    assert_eq!(
        (&export["buckets"]["test"]["id"], &export["buckets"]["test"]["events"]),
        (&json!("test"), &json!([]))
    );
    for (key, value) in [("test", "test"), ("list", "[1, 2, 3]"), ("dict", r#"{"a": 1, "b": 2}"#)] {
        client.post(&format!("/api/0/settings/{key}"), &json!(value).to_string()).await;
        assert_eq!(client.get(&format!("/api/0/settings/{key}")).await.json(), value);
        assert_eq!(client.get("/api/0/settings").await.json()[key], value);
    }
    assert_eq!(client.get("/api/0/settings/test2").await.json(), json!(null));
}

/// `get data`, `Insert event, get event, replace event, and assert`, `Create, delete and get buckets`.
#[tokio::test]
async fn an_event_that_is_replaced_is_one_event() {
    let server = Server::new();
    let client = client(&server).await;
    assert_eq!(client.get("/api/0/buckets/test").await.json()["data"], json!({}));
    insert(&client, &[event(0, 0, "a label")]).await;
    let mut event = get(&client, "?limit=1").await.remove(0);
    event["data"]["label"] = json!("a new label");
    insert(&client, std::slice::from_ref(&event)).await;
    assert_eq!(client.get(&format!("{EVENTS}/{}", event["id"])).await.json(), event);
    assert_eq!(get(&client, "?limit=1").await, [event]);
    assert_eq!(client.call(Method::DELETE, "/api/0/buckets/test?force=1", "{}").await.status, 200);
    assert_eq!(client.get("/api/0/buckets/").await.json(), json!({}));
}
