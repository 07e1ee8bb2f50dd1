//! The door for trackers of the server's own computer that can send no key.

use std::net::TcpListener;
use std::time::Duration;

use dayline_domain::UtcMs;
use dayline_http_kit::instant;
use dayline_testkit::free_port;
use reqwest::Client;
use serde_json::json;

use crate::support::account::{eventually, newcomer, totals};
use crate::support::now;
use crate::support::server::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_the_door_tracks_for_its_account_and_what_keeps_it_shut_is_said_at_the_start() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    let ada = newcomer(&installation, "ada").await;
    assert_eq!(server.stop().code(), Some(0));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_port = taken.local_addr().unwrap().to_string();
    let free = format!("127.0.0.1:{}", free_port());
    let occupied =
        format!("another program listens on {taken_port}; stop it or choose another port by --trackers");
    for (address, email, why) in [
        (&taken_port, "ada@example.org", occupied.as_str()),
        (&free, "eve@example.org", "--trackers-for: there is no account eve@example.org; register it first"),
    ] {
        let mut refused = installation.spawn(&["--trackers", address, "--trackers-for", email]);
        assert_eq!(refused.wait(Duration::from_secs(15)).code(), Some(1));
        assert!(installation.log().contains(why), "{why}");
    }

    let mut server = installation.start(&["--trackers", &free, "--trackers-for", "ADA@example.org"]);
    let http = Client::new();
    let post = async |path: &str, body: serde_json::Value| {
        let url = format!("http://{free}/api/0/buckets/{path}");
        http.post(url).body(body.to_string()).send().await.unwrap().status().as_u16()
    };
    let bucket = json!({"client": "aw-client-web", "type": "currentwindow", "hostname": "!local"});
    assert_eq!(post("window", bucket).await, 200);
    let start = UtcMs(now().0 / 1_000 * 1_000 - 60_000);
    let event = json!({"timestamp": instant::utc(start), "duration": 5, "data": {"app": "Editor"}});
    assert_eq!(post("window/heartbeat?pulsetime=2", event).await, 200);
    let read = http.get(format!("http://{free}/api/0/buckets")).send().await.unwrap();
    assert_eq!(read.status(), 403);
    let day = start.day().to_string();
    let total = async || totals(&ada, "apps", &day, "UTC").await.get("Editor").copied();
    eventually(Some(5_000), Duration::from_secs(20), total).await;
    assert_eq!(server.stop().code(), Some(0));
}
