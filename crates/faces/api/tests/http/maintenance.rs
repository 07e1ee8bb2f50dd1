//! Maintenance: what the API answers while nothing but pings is written.

use dayline_http_kit::{KitConfig, Metrics};
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Person, Server, ping};

/// A server in maintenance, with somebody who registered before.
async fn in_maintenance() -> (Server, Person) {
    let server = Server::new();
    let ada = server.person("ada").await;
    let Server { mut fake, .. } = server;
    fake.app.rules.maintenance = true;
    (Server::of(fake, KitConfig::default(), Metrics::new([])), ada)
}

#[tokio::test]
async fn every_route_that_changes_something_is_refused_but_for_pings_and_the_sessions_that_send_them() {
    let (server, ada) = in_maintenance().await;
    let document = serde_json::to_value(dayline_api::document()).unwrap();
    let mut goes_on = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch", "delete"].into_iter().filter(|method| item[method].is_object())
        {
            let method: Method = method.to_uppercase().parse().unwrap();
            let somewhere = path.replace("{id}", "0190f5d4-0000-7000-8000-000000000001");
            let reply = server.request(method, &somewhere).of(&ada).json(&json!({})).send().await;
            if reply.problem() != (503, "maintenance".to_owned()) {
                goes_on.push(path.as_str());
                continue;
            }
            assert_eq!(reply.header("retry-after"), "60", "{path}");
        }
    }
    goes_on.sort_unstable();
    assert_eq!(goes_on, ["/api/v1/auth/refresh", "/api/v1/usage/track"]);
}

#[tokio::test]
async fn pings_are_taken_sessions_go_on_and_what_is_there_is_read() {
    let (server, ada) = in_maintenance().await;
    let reply =
        server.post("/api/v1/usage/track").of(&ada).json(&ping("Code", "10:00:00", "10:00:05")).send().await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    let renew = json!({"refresh_token": ada.refresh});
    let reply = server.post("/api/v1/auth/refresh").json(&renew).send().await;
    assert_eq!((reply.status, reply.json()["refresh_token"].as_str()), (StatusCode::OK, Some(&*ada.refresh)));
    for path in ["/api/v1/users/me", "/api/v1/report/apps?date=2026-11-20", "/api/v1/auth/sessions"] {
        assert_eq!(server.get(path).of(&ada).send().await.status, StatusCode::OK, "{path}");
    }
}
