//! Who may say where a request comes from, which pages may call, and what answers tell browsers and caches.

use http::Method;
use serde_json::json;

use crate::web::{PASSWORD, Session, Web, send};

const LIMITED: [&str; 2] = ["--login-address-limit", "3+1/h"];

async fn address_of(web: &Web, session: &Session) -> String {
    let list = send(web.get("/api/v1/auth/sessions", &session.access)).await.json();
    let sessions = list["sessions"].as_array().unwrap();
    let this = sessions.iter().find(|item| item["current"] == true).unwrap();
    this["address"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_cannot_say_that_it_is_elsewhere() {
    let web = Web::start(&LIMITED);
    let ada = web.newcomer("ada").await;
    assert_eq!(address_of(&web, &ada).await, "127.0.0.0/24");
    for elsewhere in 1..=2 {
        let guess = web.login(&ada.email, "wrong password", "x");
        let guess = guess.header("x-forwarded-for", format!("198.51.100.{elsewhere}"));
        let guess = guess.header("forwarded", format!("for=203.0.113.{elsewhere}"));
        send(guess.header("x-real-ip", format!("192.0.2.{elsewhere}"))).await.expect(401);
    }
    let guess = web.login(&ada.email, "wrong password", "x").header("x-forwarded-for", "198.51.100.9");
    send(guess).await.expect(429);
}

#[tokio::test]
async fn a_configured_proxy_says_where_a_client_is_and_only_by_its_header() {
    let web = Web::start(&[&LIMITED[..], &["--trusted-proxy", "127.0.0.1"]].concat());
    let email = web.register("ada").await;
    let from = |address: &str| web.login(&email, PASSWORD, "laptop").header("x-forwarded-for", address);
    let ada = crate::web::session(&email, &send(from("203.0.113.7")).await.expect(200));
    assert_eq!(address_of(&web, &ada).await, "203.0.113.0/24");
    // What the client itself wrote stands to the left of what the proxy added.
    for invented in 0..2 {
        send(from(&format!("192.0.2.{invented}, 203.0.113.7"))).await.expect(200);
    }
    send(from("192.0.2.99, 203.0.113.7")).await.expect(429);
    send(from("203.0.113.8").header("forwarded", "for=203.0.113.7")).await.expect(200);
}

#[tokio::test]
async fn pages_of_other_sites_may_not_call_unless_an_operator_says_so() {
    let strict = Web::start(&[]);
    let other = "https://other.example";
    let asks = |web: &Web| {
        let preflight = web.call(Method::OPTIONS, "/api/v1/users/me").header("origin", other);
        send(preflight.header("access-control-request-method", "GET"))
    };
    let refused = asks(&strict).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (405, ""));
    let answer = send(strict.call(Method::GET, "/healthz").header("origin", other)).await;
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{answer:?}");

    let open = Web::start(&["--allowed-origin", other]);
    let allowed = asks(&open).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, other));
    assert_eq!(allowed.header("access-control-allow-credentials"), "", "never with cookies");
    let stranger = open.call(Method::GET, "/healthz").header("origin", "https://stranger.example");
    assert_eq!(send(stranger).await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn answers_with_secrets_are_kept_nowhere_and_none_is_taken_for_something_else() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let key = json!({"name": "tracker", "scopes": ["track"]});
    let device = send(web.post("/api/v1/auth/device", &json!({"device_id": "tv"}))).await;
    let approve = json!({"user_code": device.json()["user_code"]});
    send(web.post("/api/v1/auth/device/approve", &approve).bearer_auth(&ada.access)).await.expect(204);
    let poll = json!({"device_code": device.json()["device_code"]});
    let answers = [
        send(web.login(&ada.email, PASSWORD, "phone")).await.expect(200),
        send(web.refresh(&ada.refresh)).await.expect(200),
        send(web.post("/api/v1/api-keys", &key).bearer_auth(&ada.access)).await.expect(201),
        device,
        send(web.post("/api/v1/auth/device/token", &poll)).await.expect(200),
        send(web.get("/api/v1/users/me", &ada.access)).await.expect(200),
        send(web.get("/api/v1/users/me/export", &ada.access)).await.expect(200),
        send(web.get("/api/v1/users/me/audit", &ada.access)).await.expect(200),
        send(web.get("/api/v1/api-keys", &ada.access)).await.expect(200),
        send(web.get("/api/v1/auth/sessions", &ada.access)).await.expect(200),
        send(web.login(&ada.email, "wrong password", "phone")).await.expect(401),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert!(answer.headers.get("server").is_none(), "{answer:?}");
    }
}
