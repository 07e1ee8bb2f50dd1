//! In which forms clients send keys, and what a key allows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dayline_app::identity::key_text::KeyFormat;
use dayline_domain::Scope;
use http::StatusCode;
use serde_json::json;

use super::plugin::{BULK, Call, Person, bulk, file, person, post, timeline, waiting};
use crate::support::Server;

#[tokio::test]
async fn a_key_is_taken_in_every_form_that_clients_send() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let body = json!([file(0.0, "proj")]).to_string();
    let key = &ada.key;
    let packed = |plain: &str| STANDARD.encode(plain);
    let call = || post(&server, BULK).body(body.clone());
    for plain in
        [key.clone(), format!("waka_{key}"), key.to_uppercase(), format!("{key}:"), format!("ada:{key}")]
    {
        call().basic(&plain).send().await.assert_taken(1);
        call().header("authorization", &format!("Bearer {}", packed(&plain))).send().await.assert_taken(1);
    }
    call().header("authorization", &format!("Bearer {key}")).send().await.assert_taken(1);
    for raw in [key.clone(), format!("waka_{key}")] {
        post(&server, &format!("{BULK}?api_key={raw}")).body(body.clone()).send().await.assert_taken(1);
    }
}

#[tokio::test]
async fn without_a_good_key_the_answer_is_401() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let none = "ffffffff-ffff-4fff-8fff-ffffffffffff";
    let refused = async |call: Call<'_>| {
        let reply = call.body(json!([file(0.0, "proj")]).to_string()).send().await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{reply:?}");
        assert!(reply.body["error"].is_string(), "{reply:?}");
    };
    refused(post(&server, BULK)).await;
    refused(post(&server, BULK).basic(none)).await;
    refused(post(&server, BULK).basic("x")).await;
    refused(post(&server, &format!("{BULK}?api_key={none}"))).await;
    // A credential in the head decides alone.
    refused(post(&server, &format!("{BULK}?api_key={}", ada.key)).basic(none)).await;
    assert!(waiting(&server).await.is_empty());
}

#[tokio::test]
async fn a_key_without_the_scope_is_refused() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let key = server.key(&ada.caller, KeyFormat::Uuid, &[Scope::Read]).await;
    let reader = Person { key, caller: ada.caller };
    let reply = bulk(&server, &reader, &json!([file(0.0, "proj")])).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.body["error"].as_str().unwrap().contains("track"), "{reply:?}");
}

#[tokio::test]
async fn a_path_names_the_caller_or_nobody() {
    let server = Server::new();
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    let body = json!([file(-60.0, "proj"), file(0.0, "proj")]).to_string();
    let path = |person: &Person| format!("/api/v1/users/{}/heartbeats.bulk", person.caller.user);
    post(&server, &path(&ada)).of(&ada).body(body.clone()).send().await.assert_taken(2);
    let foreign = post(&server, &path(&bob)).of(&ada).body(body).send().await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(timeline(&server, &ada).await.len(), 1);
    assert!(timeline(&server, &bob).await.is_empty());
}
