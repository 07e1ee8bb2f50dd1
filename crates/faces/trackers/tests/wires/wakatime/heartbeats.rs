//! Heartbeats in all forms that clients send, and what becomes of them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::plugin::{BEGIN, BULK, VIM, VSCODE, bulk, file, person, post, timeline, waiting};
use crate::support::Server;

/// Two heartbeats two minutes apart, which hold a beat in between.
fn two() -> Value {
    json!([file(-120.0, "proj"), file(0.0, "proj")])
}

const TWO: [&str; 1] = ["laptop vscode - proj Python -120..0"];

#[tokio::test]
async fn heartbeats_are_taken_on_every_path_that_clients_use() {
    for prefix in ["/api", "/api/v1", "/api/compat/wakatime/v1"] {
        for path in
            ["/users/current/heartbeats.bulk", "/users/current/heartbeats", "/heartbeats", "/heartbeat"]
        {
            let server = Server::new();
            let ada = person(&server, "ada").await;
            let call = post(&server, &format!("{prefix}{path}")).of(&ada).header("x-machine-name", "laptop");
            call.body(two().to_string()).send().await.assert_taken(2);
            assert_eq!(timeline(&server, &ada).await, TWO, "{prefix}{path}");
        }
    }
}

#[tokio::test]
async fn a_body_may_be_one_an_array_or_a_string_of_either_and_of_any_content_type() {
    let one = file(0.0, "proj");
    let twice = |body: &Value| json!(body.to_string()).to_string();
    for (body, heartbeats) in [
        (one.to_string(), 1),
        (two().to_string(), 2),
        (twice(&one), 1),
        (twice(&two()), 2),
        (format!("\u{feff}{}", two()), 2),
        ("[]".to_owned(), 0),
    ] {
        for content_type in [None, Some("text/plain;charset=UTF-8"), Some("application/json")] {
            let server = Server::new();
            let ada = person(&server, "ada").await;
            let call = post(&server, BULK).of(&ada).body(body.clone());
            let call = if let Some(of) = content_type { call.header("content-type", of) } else { call };
            call.send().await.assert_taken(heartbeats);
        }
    }
}

#[tokio::test]
async fn a_packed_body_is_unpacked() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(two().to_string().as_bytes()).unwrap();
    let call = post(&server, BULK).of(&ada).header("content-encoding", "gzip");
    call.header("x-machine-name", "laptop").body(packed.finish().unwrap()).send().await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, TWO);
}

/// What the Python client sent, byte for byte but for the times and the key.
#[tokio::test]
async fn a_request_of_the_python_client_is_taken_as_it_is() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let heartbeat = |at: f64| {
        json!({"time": BEGIN + at, "entity": "proj/main.py", "type": "file", "category": null, "is_write": true,
            "project": "proj", "branch": "master", "language": "Python", "dependencies": [], "lines": 2,
            "lineno": "2", "cursorpos": "3", "user_agent": VIM})
    };
    let call = post(&server, BULK).of(&ada).header("user-agent", VIM).header("accept", "application/json");
    let call = call.header("content-type", "application/json").header("x-machine-name", "my box");
    call.body(json!([heartbeat(-60.123), heartbeat(-1.5)]).to_string()).send().await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, ["my box vim - proj Python -60.123..-1.5"]);
}

/// An app, a file and a domain in one run of the Go client, whose machine has a name that must be encoded.
#[tokio::test]
async fn apps_files_and_pages_of_one_run_of_the_go_client_are_told_apart() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let app = |at: f64| {
        json!({"branch": "", "category": "browsing", "entity": "Terminal", "type": "app", "project": "",
            "time": BEGIN + at, "user_agent": VSCODE})
    };
    let domain = json!({"branch": "", "category": "coding", "entity": "https://www.example.org/a?q=1",
        "type": "domain", "language": "Org", "project": "", "time": BEGIN - 60.0,
        "user_agent": "chrome/120.0.0 linux_x86-64 chrome-wakatime/3.0.18"});
    let body = json!([app(-300.0), file(-120.0, "proj"), domain, app(-10.0)]);
    let call = post(&server, BULK).of(&ada).header("user-agent", VSCODE);
    call.header("x-machine-name", "my+box+%C3%A9").body(body.to_string()).send().await.assert_taken(4);
    let expected = [
        "my box é Terminal - - - -300..-120",
        "my box é vscode - proj Python -120..-60",
        "my box é chrome - - - -60..-10",
    ];
    assert_eq!(timeline(&server, &ada).await, expected);
}

#[tokio::test]
async fn what_a_browser_sends_is_taken() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let url = |at: f64| {
        json!({"id": "8a7b3b10-0000-4000-8000-000000000000", "entity": "https://github.com/ada/engine", "type": "url",
            "time": format!("{}", BEGIN + at), "project": "<<LAST_PROJECT>>", "branch": "<<LAST_BRANCH>>",
            "language": "<<LAST_LANGUAGE>>", "plugin": "firefox/128.0 linux_x86-64 firefox-wakatime/3.0.18"})
    };
    let path = format!("{BULK}?api_key={}", ada.key);
    let call = post(&server, &path).header("content-type", "text/plain;charset=UTF-8");
    call.body(json!([url(-90.5), url(-30.25)]).to_string()).send().await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, ["the key firefox - - - -90.5..-30.25"]);
}

#[tokio::test]
async fn without_a_machine_the_device_is_called_as_the_key() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    bulk(&server, &ada, &two()).await.assert_taken(2);
    assert_eq!(timeline(&server, &ada).await, ["the key vscode - proj Python -120..0"]);
}

#[tokio::test]
async fn neither_files_nor_branches_nor_addresses_are_kept() {
    let server = Server::new();
    let ada = person(&server, "ada").await;
    let secrets = json!([
        {"entity": "/secret-path/secret-file.py", "branch": "secret-branch", "dependencies": ["secret-dep"],
            "time": BEGIN, "user_agent": VSCODE},
        {"entity": "https://example.org/secret-page?secret-query", "type": "url", "time": BEGIN, "user_agent": VSCODE},
        {"entity": "secret talk", "type": "event", "time": BEGIN, "user_agent": VSCODE},
    ]);
    bulk(&server, &ada, &secrets).await.assert_taken(3);
    let records = waiting(&server).await;
    assert!(!records.is_empty());
    for record in records {
        assert!(!record.contains("secret"), "{record:?}");
    }
}

#[tokio::test]
async fn shuffled_and_doubled_heartbeats_make_the_same_timeline() {
    let heartbeats: Vec<Value> = (0..12)
        .map(|n| file(f64::from(n) * 70.0 - 1_000.0, if n % 5 < 3 { "proj" } else { "other" }))
        .collect();
    let server = Server::new();
    let (ada, bob) = (person(&server, "ada").await, person(&server, "bob").await);
    bulk(&server, &ada, &json!(heartbeats)).await.assert_taken(12);
    let shuffled: Vec<&Value> =
        [7, 1, 10, 3, 3, 11, 0, 5, 2, 9, 8, 4, 6, 1].iter().map(|&n| &heartbeats[n]).collect();
    for few in shuffled.chunks(3) {
        bulk(&server, &bob, &json!(few)).await.assert_taken(few.len());
        server.process_log().await;
    }
    let in_order = timeline(&server, &ada).await;
    assert_eq!(in_order.len(), 5);
    assert_eq!(timeline(&server, &bob).await, in_order);
}
