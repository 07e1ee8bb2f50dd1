//! What connects the trackers that people have already.

use dayline_http_kit::KitConfig;
use serde_json::{Value, json};

use crate::support::{Person, Server, ping};

const CLIENTS: [&str; 6] =
    ["dayline-tracker", "activitywatch", "awatcher", "aw-watcher-web", "wakatime", "curl"];

fn server(url: &str) -> Server {
    Server::with(KitConfig { public_url: Some(url.to_owned()), ..KitConfig::default() })
}

async fn show(server: &Server, person: &Person, client: &str) -> Value {
    let reply = server.get(&format!("/api/v1/connect/{client}")).of(person).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn pasted(connection: &Value) -> Vec<&str> {
    let steps = connection["steps"].as_array().unwrap();
    steps.iter().filter_map(|step| step["paste"].as_str()).collect()
}

#[tokio::test]
async fn what_to_paste_has_the_server_s_address_and_a_place_for_a_key() {
    let server = server("https://dayline.example.org/");
    let ada = server.person("ada").await;
    let editors = show(&server, &ada, "wakatime").await;
    assert_eq!(editors["url"], "https://dayline.example.org");
    assert_eq!(editors["needs_key"], json!({"scopes": ["track", "read"], "format": "uuid"}));
    let file = "[settings]\napi_url = https://dayline.example.org/api/v1\napi_key = KEY";
    assert_eq!(pasted(&editors), [file]);
    let own = show(&server, &ada, "dayline-tracker").await;
    let commands = "dayline-tracker login https://dayline.example.org\ndayline-tracker install";
    assert_eq!((pasted(&own), &own["needs_key"]), (vec![commands], &Value::Null));
    let keys = server.get("/api/v1/api-keys").of(&ada).send().await.json();
    assert_eq!(keys, json!({"api_keys": []}), "looking makes no key");
}

#[tokio::test]
async fn a_fresh_key_is_made_where_it_is_asked_for_and_one_is_needed() {
    let server = server("http://127.0.0.1:8080");
    let ada = server.person("ada").await;
    let body = json!({"name": "workstation"});
    for client in CLIENTS {
        let needed = show(&server, &ada, client).await["needs_key"].clone();
        let reply = server.post(&format!("/api/v1/connect/{client}")).of(&ada).json(&body).send().await;
        let made = reply.json();
        assert_eq!(reply.status, if needed.is_null() { 200 } else { 201 }, "{client}: {made}");
        assert_eq!(made["api_key"].is_null(), needed.is_null(), "{client}: {made}");
        assert_eq!(reply.header("cache-control"), "no-store");
        let Some(key) = made["api_key"]["key"].as_str() else { continue };
        assert!(pasted(&made).iter().all(|paste| paste.contains(key)), "{client}: {made}");
        assert_eq!(made["api_key"]["scopes"], needed["scopes"], "{client}");
        let track = server.post("/api/v1/usage/track").header("authorization", &format!("Bearer {key}"));
        let track = track.json(&ping("Code", "10:00:00", "10:00:05")).send().await;
        assert_eq!(track.status, 202, "{client}: {track:?}");
    }
}

#[tokio::test]
async fn a_tracker_that_nobody_knows_is_not_found() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for unknown in ["nothing", "Curl", "curl%2f", "%ff"] {
        let path = format!("/api/v1/connect/{unknown}");
        assert_eq!(server.get(&path).of(&ada).send().await.status, 404, "{unknown}");
        let made = server.post(&path).of(&ada).json(&json!({"name": "x"})).send().await;
        assert_eq!(made.status, 404, "{unknown}");
    }
    let nameless = server.post("/api/v1/connect/curl").of(&ada).json(&json!({})).send().await;
    assert_eq!(nameless.problem(), (422, "invalid_input".into()));
}
