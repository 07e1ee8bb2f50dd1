//! Behind a path of a host: whatever tells a client where something is tells it with the path.

use dayline_http_kit::KitConfig;
use serde_json::json;

use crate::support::Server;

fn server() -> Server {
    let public_url = Some("https://example.org/time/".to_owned());
    Server::with(KitConfig { public_url, ..KitConfig::default() })
}

#[tokio::test]
async fn what_was_made_is_found_where_the_answer_says() {
    let server = server();
    let user = json!({"email": "eve@example.org", "password": "a long enough secret", "full_name": "Eve"});
    let registered = server.post("/api/v1/users").json(&user).send().await;
    assert_eq!(registered.header("location"), "/time/api/v1/users/me");

    let ada = server.person("ada").await;
    let made = server.post("/api/v1/api-keys").of(&ada).json(&json!({"name": "a", "scopes": ["read"]}));
    let made = made.send().await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/time/api/v1/api-keys/{id}"));

    let asked = json!({"kind": "apps", "from": "2026-11-20", "to": "2026-11-20"});
    let job = server.post("/time/api/v1/report/jobs").of(&ada).json(&asked).send().await;
    let location = job.header("location").to_owned();
    server.make_reports().await;
    let done = server.get(&location).of(&ada).send().await.json();
    assert_eq!(done["result"], format!("{location}/result"));
    assert_eq!(server.get(done["result"].as_str().unwrap()).of(&ada).send().await.status, 200);
}

#[tokio::test]
async fn the_cookie_is_sent_back_under_the_path_alone() {
    let server = server();
    let ada = server.person("ada").await;
    let refresh = json!({"refresh_token": ada.refresh});
    let refreshed = server.post("/api/v1/auth/refresh").json(&refresh).send().await;
    assert!(refreshed.header("set-cookie").contains("; Path=/time/api/v1/auth; "), "{refreshed:?}");
    let ended = server.post("/api/v1/auth/logout").of(&ada).send().await;
    assert!(ended.header("set-cookie").contains("; Path=/time/api/v1/auth; "), "{ended:?}");
}

#[tokio::test]
async fn requests_under_the_path_are_counted_as_those_without_it() {
    let server = server();
    let ada = server.person("ada").await;
    for path in ["/time/api/v1/users/me", "/api/v1/users/me"] {
        assert_eq!(server.get(path).of(&ada).send().await.status, 200, "{path}");
    }
    let metrics = server.get("/time/metrics").send().await;
    let counted = r#"dayline_requests_total{route="/api/v1/users/me",method="GET",status="2xx"} 2"#;
    assert!(metrics.text().lines().any(|line| line == counted), "{}", metrics.text());
}
