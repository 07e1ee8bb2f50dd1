//! What watchers ask.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::info;

use super::answer::failed;
use super::bucket::{Bucket, NotMade};
use super::state::Relay;
use super::translate::{Event, observe};
use crate::clock::Now;

/// Most characters of a bucket's id and of what a watcher says of it.
const MAX_CHARACTERS: usize = 255;

pub(super) async fn info(State(relay): State<Relay>) -> Response {
    Json(json!({
        "hostname": relay.0.computer.device().as_str(),
        "version": concat!("dayline-tracker ", env!("CARGO_PKG_VERSION")),
        "testing": false,
        "device_id": relay.0.computer.device().as_str(),
    }))
    .into_response()
}

pub(super) async fn buckets(State(relay): State<Relay>) -> Response {
    let all = relay.0.buckets.all();
    let shown: BTreeMap<_, _> = all.iter().map(|(id, bucket)| (id, shown(id, bucket))).collect();
    Json(shown).into_response()
}

pub(super) async fn bucket(State(relay): State<Relay>, Path(id): Path<String>) -> Response {
    match relay.0.buckets.get(&id) {
        Some(bucket) => Json(shown(&id, &bucket)).into_response(),
        None => no_bucket(),
    }
}

fn shown(id: &str, bucket: &Bucket) -> Value {
    let Bucket { kind, client, hostname, created } = bucket;
    json!({
        "id": id, "name": null, "type": kind, "client": client, "hostname": hostname,
        "created": created, "data": {}, "last_updated": null,
    })
}

#[derive(Deserialize)]
struct NewBucket {
    client: String,
    #[serde(rename = "type")]
    kind: String,
    hostname: String,
}

pub(super) async fn make(State(relay): State<Relay>, Path(id): Path<String>, body: Bytes) -> Response {
    let NewBucket { client, kind, hostname } = match read(&body) {
        Ok(bucket) => bucket,
        Err(refused) => return *refused,
    };
    if [&id, &client, &kind, &hostname].iter().any(|text| text.chars().count() > MAX_CHARACTERS) {
        return failed(StatusCode::BAD_REQUEST, "a text of the bucket is longer than 255 characters");
    }
    let created = Some(Now::read().utc);
    match relay.0.buckets.make(&id, Bucket { kind, client, hostname, created }) {
        Ok(()) => {
            info!("a watcher of ActivityWatch has a new bucket");
            Json(json!({})).into_response()
        }
        Err(NotMade::IsThere) => StatusCode::NOT_MODIFIED.into_response(),
        Err(NotMade::TooMany) => failed(StatusCode::BAD_REQUEST, "there are too many buckets; delete some"),
    }
}

pub(super) async fn delete(State(relay): State<Relay>, Path(id): Path<String>) -> Response {
    if relay.0.buckets.delete(&id) { Json(json!({})).into_response() } else { no_bucket() }
}

pub(super) async fn heartbeat(
    State(relay): State<Relay>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    if !has_pulsetime(query.as_deref().unwrap_or_default()) {
        return failed(StatusCode::BAD_REQUEST, "pulsetime must be a number of seconds");
    }
    let Some(bucket) = relay.0.buckets.get(&id) else { return no_bucket() };
    match read(&body) {
        Ok(event) => take(&relay, &id, &bucket, vec![event], |mut answers| answers.swap_remove(0)),
        Err(refused) => *refused,
    }
}

/// Clients must give it, although holes between heartbeats are the timeline rule's.
fn has_pulsetime(query: &str) -> bool {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("pulsetime="));
    value.is_some_and(|value| value.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0))
}

pub(super) async fn events(State(relay): State<Relay>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(bucket) = relay.0.buckets.get(&id) else { return no_bucket() };
    let several = match read::<Value>(&body) {
        Ok(Value::Array(several)) => several,
        Ok(one) => vec![one],
        Err(refused) => return *refused,
    };
    take(&relay, &id, &bucket, several, Value::Array)
}

/// Takes events and answers each as it came, with a number. One that can't be read spoils the request, as it does with
/// ActivityWatch.
fn take(
    relay: &Relay,
    id: &str,
    bucket: &Bucket,
    events: Vec<Value>,
    answer: impl Fn(Vec<Value>) -> Value,
) -> Response {
    let mut observations = Vec::new();
    let mut answers = Vec::new();
    for value in events {
        let event = match read_event(&value) {
            Ok(event) => event,
            Err(wrong) => return failed(StatusCode::BAD_REQUEST, &wrong),
        };
        observations.extend(observe(id, bucket, &event, &relay.0.rules, &relay.0.computer));
        answers.push(numbered(value, relay.next_event()));
    }
    let now = Now::read().utc;
    relay.0.board.change(|status| status.relayed = Some(now));
    relay.0.intake.take(observations);
    Json(answer(answers)).into_response()
}

fn read_event(value: &Value) -> Result<Event, String> {
    if !value.is_object() {
        return Err("an event must be a json object".to_owned());
    }
    let event = Event::deserialize(value).map_err(|error| error.to_string())?;
    event.check()?;
    Ok(event)
}

fn numbered(mut event: Value, number: u64) -> Value {
    if let Some(fields) = event.as_object_mut() {
        fields.insert("id".to_owned(), number.into());
    }
    event
}

/// Reads a body, whatever it calls itself.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|error| Box::new(failed(StatusCode::BAD_REQUEST, &error.to_string())))
}

fn no_bucket() -> Response {
    failed(StatusCode::NOT_FOUND, "there is no such bucket")
}

pub(super) async fn not_here() -> Response {
    failed(StatusCode::NOT_FOUND, "the relay only takes what watchers see; look at it in dayline")
}
