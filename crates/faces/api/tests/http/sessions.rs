//! Signing in and out, and what becomes of tokens.

use http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Reply, Server, ping};

async fn status_with(server: &Server, access: &str) -> (u16, String) {
    let reply =
        server.get("/api/v1/users/me").header("authorization", &format!("Bearer {access}")).send().await;
    if reply.status == 200 { (200, String::new()) } else { reply.problem() }
}

async fn refresh(server: &Server, token: &str) -> Reply {
    server.post("/api/v1/auth/refresh").json(&json!({"refresh_token": token})).send().await
}

fn refresh_token(reply: &Reply) -> String {
    reply.json()["refresh_token"].as_str().unwrap().to_owned()
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn a_sign_in_answers_with_tokens_that_nobody_keeps() {
    let server = Server::new();
    server.person("ada").await;
    let login = json!({"email": "ADA@example.org", "password": PASSWORD, "device_id": "phone"});
    let reply = server.post("/api/v1/auth/login").json(&login).send().await;
    let tokens = reply.json();
    let expected = json!({
        "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"],
        "token_type": "Bearer", "expires_in": 900, "session_id": tokens["session_id"],
    });
    assert_eq!(tokens, expected);
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_the_same_answer() {
    let server = Server::new();
    server.person("ada").await;
    let mut answers = Vec::new();
    for (email, password) in [("ada@example.org", "wrong password"), ("eve@example.org", PASSWORD)] {
        let login = json!({"email": email, "password": password, "device_id": "phone"});
        let reply = server.post("/api/v1/auth/login").json(&login).send().await;
        assert_eq!(reply.problem(), (401, "invalid_credentials".into()));
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        answers.push((headers, reply.body));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn without_a_good_token_nobody_is_signed_in() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let not_signed_in = (401, "not_signed_in".to_owned());
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        &ada.access,
        &format!("Bearer {}x", "x".repeat(4_096)),
    ] {
        let reply = server.get("/api/v1/users/me").header("authorization", authorization).send().await;
        assert_eq!(reply.problem(), not_signed_in, "{authorization}");
        assert_eq!(reply.header("www-authenticate"), r#"Bearer realm="dayline""#);
    }
    assert_eq!(server.get("/api/v1/users/me").send().await.problem(), not_signed_in);
    let twice = server.get("/api/v1/users/me").of(&ada).of(&ada).send().await;
    assert_eq!(twice.problem(), not_signed_in);
    // A token of the other kind.
    assert_eq!(status_with(&server, &ada.refresh).await, not_signed_in);
    assert_eq!(status_with(&server, &ada.access).await.0, 200);
}

#[tokio::test]
async fn an_access_token_ends_and_its_session_gives_the_next() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.fake.clock.advance(15 * MINUTE);
    assert_eq!(status_with(&server, &ada.access).await, (401, "not_signed_in".into()));
    let reply = refresh(&server, &ada.refresh).await;
    assert_eq!(reply.json()["session_id"], ada.session);
    let access = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(status_with(&server, &access).await.0, 200);
}

#[tokio::test]
async fn a_refresh_token_seen_again_too_late_ends_its_session() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let second = refresh_token(&refresh(&server, &ada.refresh).await);
    let retry = refresh_token(&refresh(&server, &ada.refresh).await);
    assert_eq!(retry, second, "who lost the answer gets it again");
    let third = refresh_token(&refresh(&server, &second).await);
    server.fake.clock.advance(MINUTE);
    let reply = refresh(&server, &ada.refresh).await;
    assert_eq!(reply.problem(), (401, "token_reused".into()));
    assert!(reply.header("www-authenticate").contains("invalid_token"));
    assert_eq!(refresh(&server, &third).await.problem(), (401, "session_revoked".into()));
    assert_eq!(status_with(&server, &ada.access).await, (401, "session_revoked".into()));
    assert_eq!(refresh(&server, "nonsense").await.problem(), (401, "session_revoked".into()));
}

#[tokio::test]
async fn signing_out_twice_is_fine_and_the_token_is_refused_at_once() {
    let server = Server::new();
    let ada = server.person("ada").await;
    for path in ["/api/v1/auth/logout", "/api/v1/auth/logout", "/api/v1/auth/logout-all"] {
        let reply = server.post(path).of(&ada).send().await;
        assert_eq!(reply.status, 204, "{path}");
        assert!(reply.header("set-cookie").contains("Max-Age=0"), "{reply:?}");
    }
    assert_eq!(status_with(&server, &ada.access).await, (401, "session_revoked".into()));
    assert_eq!(refresh(&server, &ada.refresh).await.problem(), (401, "session_revoked".into()));
    assert_eq!(server.post("/api/v1/auth/logout").send().await.problem(), (401, "not_signed_in".into()));
}

#[tokio::test]
async fn all_other_sessions_can_be_ended_and_all() {
    let server = Server::new();
    let laptop = server.person("ada").await;
    let phone = server.sign_in(laptop.clone(), "phone").await;
    let reply = server.post("/api/v1/auth/logout-all?keep_current=true").of(&laptop).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("set-cookie")), (204, ""));
    assert_eq!(reply.header("api-keys-deleted"), "0");
    assert_eq!(status_with(&server, &phone.access).await, (401, "session_revoked".into()));
    assert_eq!(status_with(&server, &laptop.access).await.0, 200);
    let reply = server.post("/api/v1/auth/logout-all?keep_current=yes").of(&laptop).send().await;
    assert_eq!(
        (reply.problem(), reply.fields()),
        ((422, "invalid_input".into()), vec!["keep_current".into()])
    );
    server.post("/api/v1/auth/logout-all").of(&laptop).send().await;
    assert_eq!(status_with(&server, &laptop.access).await, (401, "session_revoked".into()));
}

#[tokio::test]
async fn the_list_shows_devices_and_no_token() {
    let server = Server::new();
    let laptop = server.person("ada").await;
    server.fake.clock.advance(1_234);
    let login = json!({"email": laptop.email, "password": PASSWORD, "device_id": "phone", "device_name": " Ada's phone "});
    let phone = server.post("/api/v1/auth/login").json(&login).send().await.json();
    let reply = server.get("/api/v1/auth/sessions").of(&laptop).send().await;
    assert_eq!(
        reply.json(),
        json!({"sessions": [
            {"id": phone["session_id"], "device_id": "phone", "device_name": "Ada's phone", "address": null,
             "created_at": "2026-11-20T12:00:01.234Z", "last_used_at": "2026-11-20T12:00:01.234Z", "current": false},
            {"id": laptop.session, "device_id": "laptop", "device_name": null, "address": null,
             "created_at": "2026-11-20T12:00:00.000Z", "last_used_at": "2026-11-20T12:00:00.000Z", "current": true},
        ]})
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(!reply.text().contains("access|") && !reply.text().contains("refresh|"));
}

#[tokio::test]
async fn one_session_can_be_ended_once() {
    let server = Server::new();
    let laptop = server.person("ada").await;
    let phone = server.sign_in(laptop.clone(), "phone").await;
    let end = |id: &str| server.request(Method::DELETE, &format!("/api/v1/auth/sessions/{id}")).of(&laptop);
    assert_eq!(end(&phone.session).send().await.status, 204);
    assert_eq!(status_with(&server, &phone.access).await, (401, "session_revoked".into()));
    for unknown in [phone.session.as_str(), "00000000-0000-7000-8000-000000000000", "nonsense", "%FF"] {
        assert_eq!(end(unknown).send().await.problem(), (404, "not_found".into()), "{unknown}");
    }
}

#[tokio::test]
async fn devices_whose_name_says_nothing_stay_signed_in_and_apart() {
    let server = Server::new();
    let one = server.person("ada").await;
    let (one, other) = (server.sign_in(one.clone(), "unknown").await, server.sign_in(one, "unknown").await);
    for device in [&one, &other] {
        let seen = ping("Code", "10:00:00", "10:00:05");
        assert_eq!(server.post("/api/v1/usage/track").of(device).json(&seen).send().await.status, 202);
    }
    server.process_log().await;
    let devices = server.get("/api/v1/devices").of(&one).send().await.json();
    let devices = devices["devices"].as_array().unwrap();
    let names: Vec<_> = devices.iter().filter_map(|device| device["device_id"].as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("unknown-")).count(), 2, "{devices:?}");
}

#[tokio::test]
async fn a_second_sign_in_of_a_device_replaces_its_session() {
    let server = Server::new();
    let first = server.person("ada").await;
    let second = server.sign_in(first.clone(), "laptop").await;
    assert_eq!(status_with(&server, &first.access).await, (401, "session_revoked".into()));
    assert_eq!(status_with(&server, &second.access).await.0, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = Server::new();
    let laptop = server.person("ada").await;
    let phone = server.sign_in(laptop.clone(), "phone").await;
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        server.post("/api/v1/users/me/password").of(&laptop).json(&body)
    };
    let reply = change("wrong", "another long secret").send().await;
    assert_eq!((reply.problem().0, reply.fields()), (422, vec!["current_password".into()]));
    let reply = change(PASSWORD, "password").send().await;
    assert_eq!((reply.problem().0, reply.fields()), (422, vec!["new_password".into()]));
    assert_eq!(change(PASSWORD, "another long secret").send().await.status, 204);
    assert_eq!(status_with(&server, &phone.access).await, (401, "session_revoked".into()));
    assert_eq!(status_with(&server, &laptop.access).await.0, 200);
}

#[tokio::test]
async fn deleting_needs_the_password_and_a_deleted_person_is_nobody() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let delete = |body| server.request(Method::DELETE, "/api/v1/users/me").of(&ada).json(&body);
    for (body, detail) in [(json!({}), "is missing"), (json!({"password": "wrong"}), "is not your password")]
    {
        let reply = delete(body).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec!["password".into()]));
        assert!(reply.text().contains(detail), "{reply:?}");
    }
    assert_eq!(status_with(&server, &ada.access).await.0, 200);
    assert_eq!(delete(json!({"password": PASSWORD})).send().await.status, 204);
    assert_eq!(status_with(&server, &ada.access).await, (401, "session_revoked".into()));
    let login = json!({"email": ada.email, "password": PASSWORD, "device_id": "laptop"});
    let reply = server.post("/api/v1/auth/login").json(&login).send().await;
    assert_eq!(reply.problem(), (401, "invalid_credentials".into()));
    let again: Person = server.person("ada").await;
    assert_ne!(again.id, ada.id);
}

#[tokio::test]
async fn browsers_refresh_by_a_cookie_from_pages_of_this_site() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let cookie = format!("dayline_refresh={}", ada.refresh);
    let refresh =
        || server.post("/api/v1/auth/refresh").header("host", "dayline.example").header("cookie", &cookie);
    let reply = refresh().header("origin", "https://evil.example").send().await;
    assert_eq!(reply.problem(), (403, "foreign_origin".into()));
    assert_eq!(refresh().send().await.problem(), (403, "foreign_origin".into()));
    let reply = refresh().header("origin", "https://dayline.example").send().await;
    let next = format!("dayline_refresh={}; ", refresh_token(&reply));
    assert!(reply.header("set-cookie").starts_with(&next), "{reply:?}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/auth"] {
        assert!(reply.header("set-cookie").contains(attribute), "{attribute}");
    }
    for left_out in
        [server.post("/api/v1/auth/refresh"), server.post("/api/v1/auth/refresh").json(&Value::Null)]
    {
        let reply = left_out.send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec!["refresh_token".into()]));
    }
}

#[tokio::test]
async fn a_profile_changes_only_where_asked() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.fake.clock.advance(1);
    let change = |body| server.request(Method::PATCH, "/api/v1/users/me").of(&ada).json(&body);
    let reply =
        change(json!({"timezone": "Tokyo Standard Time", "full_name": null, "email": "ada@example.org"}))
            .send()
            .await;
    let profile = reply.json();
    assert_eq!(profile["timezone"], "Asia/Tokyo");
    assert_eq!(profile["full_name"], "ada");
    assert_eq!(profile["email"], "ada@example.org");
    assert_eq!(profile["updated_at"], "2026-11-20T12:00:00.001Z");
    let reply = change(json!({"timezone": "Nowhere", "full_name": ""})).send().await;
    assert_eq!(reply.fields(), ["full_name", "timezone"]);
}

#[tokio::test]
async fn another_address_needs_the_password_and_must_be_free() {
    let server = Server::new();
    let ada = server.person("ada").await;
    server.person("bob").await;
    let change = |body| server.request(Method::PATCH, "/api/v1/users/me").of(&ada).json(&body);
    for body in
        [json!({"email": "new@example.org"}), json!({"email": "new@example.org", "password": "wrong"})]
    {
        let reply = change(body).send().await;
        assert_eq!((reply.problem().0, reply.fields()), (422, vec!["password".into()]));
    }
    let taken = change(json!({"email": "Bob@example.org", "password": PASSWORD})).send().await;
    assert_eq!(taken.problem(), (409, "email_taken".into()));
    let reply = change(json!({"email": "new@example.org", "password": PASSWORD})).send().await;
    assert_eq!((reply.status.as_u16(), &reply.json()["email"]), (200, &json!("new@example.org")));
    let audit = server.get("/api/v1/users/me/audit").of(&ada).send().await.json();
    assert_eq!(audit["entries"][0]["kind"], "email_changed");
    assert_eq!(audit["entries"][0]["subject"], "ada@example.org");
}

#[tokio::test]
async fn signing_out_deletes_api_keys_where_asked_and_says_so() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let key = async || {
        let body = json!({"name": "tracker", "scopes": ["track"]});
        assert_eq!(server.post("/api/v1/api-keys").of(&ada).json(&body).send().await.status, 201);
    };
    let left = async || {
        let keys = server.get("/api/v1/api-keys").of(&ada).send().await.json();
        keys["api_keys"].as_array().unwrap().len()
    };
    let others = "/api/v1/auth/logout-all?keep_current=true";
    key().await;
    let reply = server.post(others).of(&ada).json(&json!({"delete_api_keys": "yes"})).send().await;
    assert_eq!((reply.problem().0, reply.fields()), (422, vec!["delete_api_keys".into()]));
    let reply = server.post(others).of(&ada).json(&json!({"delete_api_keys": false})).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("api-keys-deleted"), left().await), (204, "0", 1));
    let reply = server.post(others).of(&ada).json(&json!({"delete_api_keys": true})).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("api-keys-deleted"), left().await), (204, "1", 0));

    key().await;
    let change = json!({
        "current_password": PASSWORD, "new_password": "another long secret", "delete_api_keys": true,
    });
    let reply = server.post("/api/v1/users/me/password").of(&ada).json(&change).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("api-keys-deleted"), left().await), (204, "1", 0));
}
