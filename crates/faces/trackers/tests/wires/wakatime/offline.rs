//! A client that was offline: how it sends its queue, restated from what the Go and Python clients were seen
//! to do.

use std::collections::VecDeque;

use http::StatusCode;
use serde_json::{Value, json};

use super::plugin::{Person, Reply, bulk, file, let_log_be_full, person, timeline};
use crate::support::Server;

/// Most heartbeats that clients send at once.
const BULK: usize = 25;

/// What a client does with the answer to a bulk: which heartbeats go back into its queue, and whether it goes
/// on. The Go client before v1.130.3 goes on at once, for ever, while anything comes back.
fn after(reply: &Reply, sent: Vec<Value>, queue: &mut VecDeque<Value>) -> bool {
    if !matches!(reply.status.as_u16(), 201 | 202) {
        sent.into_iter().rev().for_each(|heartbeat| queue.push_front(heartbeat));
        return false;
    }
    let pairs = reply.body["responses"].as_array().cloned().unwrap_or_default();
    for (at, heartbeat) in sent.into_iter().enumerate() {
        let status = pairs.get(at).and_then(|pair| pair[1].as_u64());
        match status {
            Some(201 | 202) => {}
            Some(400) => assert!(pairs[at][0]["error"].is_string(), "an error without a text fails the bulk"),
            _ => queue.push_back(heartbeat),
        }
    }
    true
}

/// Sends a queue until it is empty or a request fails; gives the sizes of the requests.
async fn sync(server: &Server, person: &Person, queue: &mut VecDeque<Value>) -> Vec<usize> {
    let mut sizes = Vec::new();
    while !queue.is_empty() {
        assert!(sizes.len() < 10, "the client sends for ever");
        let sent: Vec<Value> = queue.drain(..BULK.min(queue.len())).collect();
        sizes.push(sent.len());
        let reply = bulk(server, person, &json!(sent)).await;
        if !after(&reply, sent, queue) {
            break;
        }
    }
    sizes
}

#[tokio::test]
async fn a_queue_of_seventy_is_sent_in_three_requests_and_is_empty_then() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let mut queue: VecDeque<Value> = (0..70).map(|n| file(f64::from(n) * 60.0 - 4_200.0, "proj")).collect();
    assert_eq!(sync(&server, &ada, &mut queue).await, [25, 25, 20]);
    assert!(queue.is_empty());
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -4200..-60"]);
}

#[tokio::test]
async fn odd_heartbeats_in_a_queue_hold_back_nothing() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let odd = [
        json!({"time": 0}),
        json!({"entity": "a.py", "time": 12}),
        json!({"type": "app", "time": 1}),
        json!(null),
    ];
    let good = (0..30).map(|n| file(f64::from(n) * 60.0 - 4_200.0, "proj"));
    // A whole bulk of them comes first.
    let mut queue: VecDeque<Value> = odd.iter().cycle().take(27).cloned().chain(good).collect();
    assert_eq!(sync(&server, &ada, &mut queue).await, [25, 25, 7]);
    assert!(queue.is_empty());
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -4200..-2460"]);
}

#[tokio::test]
async fn a_queue_waits_while_the_server_can_take_nothing_and_nothing_of_it_is_lost() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let mut queue: VecDeque<Value> = (0..70).map(|n| file(f64::from(n) * 60.0 - 4_200.0, "proj")).collect();
    let_log_be_full(&server, true);
    assert_eq!(sync(&server, &ada, &mut queue).await, [25]);
    assert_eq!(queue.len(), 70);
    let_log_be_full(&server, false);
    assert_eq!(sync(&server, &ada, &mut queue).await, [25, 25, 20]);
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -4200..-60"]);
}

#[tokio::test]
async fn a_wrong_key_does_not_empty_a_queue() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let nobody = Person { key: "ffffffff-ffff-4fff-8fff-ffffffffffff".into(), caller: ada.caller };
    let mut queue = VecDeque::from([file(0.0, "proj")]);
    let reply = bulk(&server, &nobody, &json!(queue)).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    sync(&server, &nobody, &mut queue).await;
    assert_eq!(queue.len(), 1);
}
