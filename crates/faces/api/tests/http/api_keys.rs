//! API keys: made, listed, used, deleted; and what they do not allow.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Call, Person, Reply, Server, ping};

const KEYS: &str = "/api/v1/api-keys";

async fn make(server: &Server, person: &Person, key: Value) -> Value {
    let reply = server.post(KEYS).of(person).json(&key).send().await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

fn with<'a>(call: Call<'a>, key: &Value) -> Call<'a> {
    call.header("authorization", &format!("Bearer {}", key["key"].as_str().unwrap()))
}

fn track<'a>(server: &'a Server, key: &Value) -> Call<'a> {
    with(server.post("/api/v1/usage/track"), key).json(&ping("Code", "10:00:00", "10:00:05"))
}

fn not_signed_in(reply: &Reply) -> bool {
    reply.problem() == (401, "not_signed_in".into())
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_text() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let asked =
        json!({"name": " tracker ", "scopes": ["read", "track"], "expires_at": "2027-01-01T01:00:00+01:00"});
    let reply = server.post(KEYS).of(&ada).json(&asked).send().await;
    let made = reply.json();
    let item = json!({
        "id": made["id"], "name": "tracker", "scopes": ["track", "read"],
        "created_at": "2026-11-20T12:00:00.000Z", "last_used_at": null, "expires_at": "2027-01-01T00:00:00.000Z",
    });
    let mut expected = item.clone();
    expected["key"] = made["key"].clone();
    assert_eq!(made, expected);
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("dlk_"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("location"), format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap()));

    let list = server.get(KEYS).of(&ada).send().await;
    assert_eq!(list.json(), json!({"api_keys": [item]}));
    assert!(!list.text().contains(text));
}

#[tokio::test]
async fn a_key_may_look_like_a_uuid_and_is_taken_as_clients_write_it() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = make(&server, &ada, json!({"name": "editor", "scopes": ["track"], "format": "uuid"})).await;
    let text = key["key"].as_str().unwrap();
    assert_eq!((text.len(), &text[14..15]), (36, "4"));
    for sent in [text.to_owned(), text.to_uppercase(), format!("waka_{text}")] {
        assert_eq!(track(&server, &json!({"key": sent})).send().await.status, 202, "{sent}");
    }
    for plain in [json!("prefixed"), Value::Null] {
        let asked = json!({"name": "plain", "scopes": ["track"], "format": plain});
        assert!(make(&server, &ada, asked).await["key"].as_str().unwrap().starts_with("dlk_"));
    }
}

#[tokio::test]
async fn a_key_tracks_under_its_name_and_its_use_is_noted() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = make(&server, &ada, json!({"name": "tracker", "scopes": ["track", "read"]})).await;
    server.fake.clock.advance(1_000);
    assert_eq!(track(&server, &key).send().await.status, 202);
    server.process_log().await;
    let timeline = with(server.get("/api/v1/usage/timeline?date=2026-11-20"), &key).send().await;
    assert_eq!(timeline.json()["intervals"][0]["device_id"], "tracker");
    let list = server.get(KEYS).of(&ada).send().await.json();
    assert_eq!(list["api_keys"][0]["last_used_at"], "2026-11-20T12:00:01.000Z");
}

#[tokio::test]
async fn a_key_allows_its_scopes_and_never_the_account() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let tracks = make(&server, &ada, json!({"name": "tracks", "scopes": ["track"]})).await;
    let reads = make(&server, &ada, json!({"name": "reads", "scopes": ["read"]})).await;
    let report = |key: &Value| with(server.get("/api/v1/report/apps?date=2026-11-20"), key);
    let missing = (403, "missing_scope".to_owned());
    assert_eq!(track(&server, &tracks).send().await.status, 202);
    assert_eq!(report(&tracks).send().await.problem(), missing);
    assert_eq!(track(&server, &reads).send().await.problem(), missing);
    assert_eq!(report(&reads).send().await.status, 200);
    for key in [&tracks, &reads] {
        assert_eq!(with(server.get("/api/v1/users/me"), key).send().await.problem(), missing);
        assert_eq!(with(server.get(KEYS), key).send().await.problem(), missing);
        assert_eq!(with(server.post("/api/v1/auth/logout"), key).send().await.problem(), missing);
    }
}

#[tokio::test]
async fn a_deleted_an_expired_and_an_unknown_key_are_refused() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let gone = make(&server, &ada, json!({"name": "gone", "scopes": ["track"]})).await;
    let path = format!("{KEYS}/{}", gone["id"].as_str().unwrap());
    assert_eq!(track(&server, &gone).send().await.status, 202);
    assert_eq!(server.request(Method::DELETE, &path).of(&ada).send().await.status, 204);
    assert!(not_signed_in(&track(&server, &gone).send().await));
    for unknown in [path.as_str(), "/api/v1/api-keys/nonsense"] {
        let reply = server.request(Method::DELETE, unknown).of(&ada).send().await;
        assert_eq!(reply.problem(), (404, "not_found".into()));
    }

    let soon = "2026-11-20T12:00:01Z";
    let old = make(&server, &ada, json!({"name": "old", "scopes": ["track"], "expires_at": soon})).await;
    assert_eq!(track(&server, &old).send().await.status, 202);
    server.fake.clock.advance(1_000);
    assert!(not_signed_in(&track(&server, &old).send().await));
    assert!(not_signed_in(&track(&server, &json!({"key": "dlk_made-up"})).send().await));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_named() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for (key, fields) in [
        (json!({}), vec!["name", "scopes"]),
        (json!({"name": "x", "scopes": []}), vec!["scopes"]),
        (json!({"name": "x", "scopes": "track"}), vec!["scopes"]),
        (json!({"name": "x", "scopes": [1]}), vec!["scopes"]),
        (json!({"name": "x", "scopes": ["account"]}), vec!["scopes"]),
        (json!({"name": "", "scopes": ["track"], "expires_at": "tomorrow"}), vec!["name", "expires_at"]),
        (json!({"name": "x", "scopes": ["track"], "expires_at": "2026-11-20T12:00:00Z"}), vec!["expires_at"]),
        (json!({"name": "x", "scopes": ["track"], "format": "UUID"}), vec!["format"]),
        (json!({"name": "x", "scopes": [], "format": 4}), vec!["format", "scopes"]),
    ] {
        let reply = server.post(KEYS).of(&ada).json(&key).send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.fields()),
            (422, fields.into_iter().map(String::from).collect()),
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_keys() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = json!({"name": "tracker", "scopes": ["track"]});
    for _ in 0..50 {
        make(&server, &ada, key.clone()).await;
    }
    let reply = server.post(KEYS).of(&ada).json(&key).send().await;
    assert_eq!(reply.problem(), (409, "too_many_keys".into()));
}
