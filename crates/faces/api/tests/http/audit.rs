//! The audit log, as the person reads it.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server};

fn kinds(page: &Value) -> Vec<&str> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_person_reads_what_happened_to_their_account() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let eve = server.person("eve").await;
    server.fake.clock.advance(1_000);
    let login = json!({"email": ada.email, "password": "wrong password", "device_id": "phone"});
    server.post("/api/v1/auth/login").json(&login).send().await;
    let key = json!({"name": "tracker", "scopes": ["track"]});
    server.post("/api/v1/api-keys").of(&ada).json(&key).send().await;

    let reply = server.get("/api/v1/users/me/audit").of(&ada).send().await;
    let page = reply.json();
    assert_eq!(kinds(&page), ["key_created", "sign_in_failed", "signed_in", "registered"]);
    assert_eq!(page["next_before"], Value::Null);
    assert_eq!(
        page["entries"][1],
        json!({
            "id": page["entries"][1]["id"], "at": "2026-11-20T12:00:01.000Z", "kind": "sign_in_failed",
            "subject": "phone", "address": null,
        })
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    for secret in ["wrong password", PASSWORD, "dlk_", ada.access.as_str()] {
        assert!(!reply.text().contains(secret));
    }
    let hers = server.get("/api/v1/users/me/audit").of(&eve).send().await.json();
    assert_eq!(kinds(&hers), ["signed_in", "registered"]);
}

#[tokio::test]
async fn the_log_is_read_page_by_page() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let ada = server.sign_in(ada, "phone").await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/users/me/audit?limit=2".to_owned();
    loop {
        let page = server.get(&path).of(&ada).send().await.json();
        seen.extend(kinds(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_before"].as_u64() else { break };
        path = format!("/api/v1/users/me/audit?limit=2&before={next}");
    }
    assert_eq!(seen, ["signed_in", "signed_in", "registered"]);
}

#[tokio::test]
async fn a_strange_place_or_number_is_named() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("before=-1", "before")]
    {
        let reply = server.get(&format!("/api/v1/users/me/audit?{query}")).of(&ada).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec![field.into()]), "{query}");
    }
}
