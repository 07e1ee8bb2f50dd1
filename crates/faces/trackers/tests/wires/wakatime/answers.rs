//! What clients are answered, so that none of them sends a heartbeat for ever and none holds back those that
//! come after an odd one.

use http::StatusCode;
use serde_json::{Value, json};

use super::plugin::{BEGIN, BULK, VSCODE, bulk, file, let_log_be_full, person, post, timeline, waiting};
use crate::support::Server;

/// Heartbeats of which nothing can be kept, or not all.
fn odd() -> Vec<Value> {
    vec![
        json!({"entity": "a.py", "time": 0}),
        json!({"entity": "a.py", "time": null}),
        json!({"entity": "a.py"}),
        json!({"entity": "a.py", "time": "soon"}),
        json!({"entity": "a.py", "time": BEGIN + 7_200.0}),
        json!({"entity": "a.py", "time": 1.0}),
        json!({"entity": "a.py", "time": 1e300}),
        json!({"entity": "x".repeat(10_000), "type": "app", "time": BEGIN}),
        json!({"entity": "Standup", "type": "event", "category": "meeting", "time": BEGIN}),
        json!({}),
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
    ]
}

#[tokio::test]
async fn every_heartbeat_is_answered_by_itself_and_in_one_way_whatever_it_is() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let odd = odd();
    for one in &odd {
        bulk(&server, &ada, &json!([one])).await.assert_taken(1);
    }
    bulk(&server, &ada, &json!(odd)).await.assert_taken(odd.len());
    assert!(timeline(&server, &ada).await.is_empty());
}

#[tokio::test]
async fn an_odd_heartbeat_does_not_cost_its_neighbours() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let mut all = odd();
    all.insert(0, file(-120.0, "proj"));
    all.push(file(0.0, "proj"));
    bulk(&server, &ada, &json!(all)).await.assert_taken(all.len());
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -120..0"]);
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_and_halves_of_pairs_cost_their_own_field_alone() {
    let heartbeat = |at: f64, entity: &str, project: &str| {
        format!(
            r#"{{"entity":"{entity}","type":"file","time":{},"project":"{project}","user_agent":"{VSCODE}"}}"#,
            BEGIN + at
        )
    };
    let text = format!("[{},{}]", heartbeat(-60.0, r"caf\udce9", "proj"), heartbeat(0.0, "CAFÉ", "proj"));
    let bytes: Vec<u8> = text.bytes().filter(|&byte| byte != 0x89).collect();
    assert!(std::str::from_utf8(&bytes).is_err());
    let server = Server::new();
    let ada = person(&server, "ada").await;
    post(&server, BULK).of(&ada).body(bytes).send().await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj - -60..0"]);
}

#[tokio::test]
async fn heartbeats_of_twenty_years_ago_are_taken() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let year = 365.25 * 86_400.0;
    bulk(&server, &ada, &json!([file(-19.9 * year, "old"), file(-21.0 * year, "older")]))
        .await
        .assert_taken(2);
    let records = waiting(&server).await;
    assert!(records.iter().any(|record| record.contains("old")));
    assert!(!records.iter().any(|record| record.contains("older")));
}

#[tokio::test]
async fn a_heartbeat_that_comes_again_is_taken_again_and_changes_nothing() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    for _ in 0..3 {
        bulk(&server, &ada, &json!([file(-120.0, "proj"), file(0.0, "proj"), file(0.0, "proj")]))
            .await
            .assert_taken(3);
        assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -120..0"]);
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_since_nobody_can_tell_how_many_heartbeats_it_has() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    for body in ["", "x", "[{", r#"[{"time":1},]"#] {
        let reply = post(&server, BULK).of(&ada).body(body).send().await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.body["error"].is_string(), "{reply:?}");
    }
}

/// Clients keep what is answered so, and send it again later.
#[tokio::test]
async fn while_the_log_is_full_nothing_is_taken_and_clients_keep_it() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let_log_be_full(&server, true);
    let reply = bulk(&server, &ada, &json!([file(0.0, "proj")])).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
    assert!(reply.body["error"].is_string(), "{reply:?}");
    let_log_be_full(&server, false);
    bulk(&server, &ada, &json!([file(0.0, "proj")])).await.assert_taken(1);
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let heartbeats = |count: usize| Value::Array(vec![json!({"time": BEGIN}); count]);
    bulk(&server, &ada, &heartbeats(1_000)).await.assert_taken(1_000);
    assert_eq!(bulk(&server, &ada, &heartbeats(1_001)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
