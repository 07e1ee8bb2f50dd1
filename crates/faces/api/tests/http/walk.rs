//! What a new user does, from the registration to the first report.

use http::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, Server, ping};

#[tokio::test]
async fn from_registration_to_a_report() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let pings = json!([
        ping("Code", "10:00:00", "10:00:05.5"),
        {"app_name": "Firefox", "url": "https://www.github.com/a/b?c", "device_id": "phone",
         "start_time": "2026-11-20T11:00:00+01:00", "end_time": "2026-11-20T11:00:02.345+01:00"},
    ]);
    let reply = server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json(), json!({"status": "queued", "accepted": 2, "rejected": []}));
    server.process_log().await;
    let reply = server.get("/api/v1/report/apps?date=2026-11-20").of(&ada).send().await;
    assert_eq!(
        reply.json(),
        json!({
            "from": "2026-11-20", "to": "2026-11-20", "tz": "UTC", "total_seconds": 5.5,
            "items": [{"app_name": "Code", "seconds": 5.5}],
        })
    );
}

#[tokio::test]
async fn a_profile_is_shown_as_it_was_registered() {
    let server = Server::new();
    let user = json!({
        "email": " Ada@Example.org", "password": PASSWORD, "full_name": "Ada Lovelace", "timezone": "asia/tokyo",
        "unknown": {"fields": ["are", "ignored"]},
    });
    let reply = server.post("/api/v1/users").json(&user).send().await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.header("location"), "/api/v1/users/me");
    let profile = reply.json();
    assert_eq!(
        profile,
        json!({
            "id": profile["id"], "email": "Ada@Example.org", "full_name": "Ada Lovelace",
            "timezone": "Asia/Tokyo",
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z",
        })
    );
}

#[tokio::test]
async fn requests_and_pings_are_counted() {
    let server = Server::new();
    let ada = server.person("ada").await;
    let pings = json!([ping("Code", "10:00:00", "10:00:05"), ping("Code", "10:00:05", "10:00:00"), 5]);
    server.post("/api/v1/usage/track").of(&ada).json(&pings).send().await;
    server.get("/api/v1/nobody-chose-this").send().await;
    server.metrics.pings_settled(7);
    let metrics = server.get("/metrics").header("accept", "application/openmetrics-text");
    let text = metrics.send().await.text().to_owned();
    for line in [
        r#"dayline_requests_total{route="/api/v1/usage/track",method="POST",status="2xx"} 1"#,
        r#"dayline_requests_total{route="none",method="GET",status="4xx"} 1"#,
        r#"dayline_request_duration_seconds_count{route="/api/v1/users",method="POST"} 1"#,
        "dayline_pings_accepted_total 1",
        r#"dayline_pings_rejected_total{code="end_before_start"} 1"#,
        r#"dayline_pings_rejected_total{code="invalid_ping"} 1"#,
        "dayline_pings_settled_total 7",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(!text.contains("nobody-chose-this") && !text.contains("ada"));
    assert!(text.ends_with("# EOF\n"));
}
