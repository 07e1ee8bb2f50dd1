//! Where a request comes from: the peer, or what a trusted proxy says.

use dayline_http_kit::KitConfig;
use dayline_http_kit::proxy::ForwardedHeader;
use serde_json::{Value, json};

use crate::connections::patient;
use crate::support::{PASSWORD, Server};
use crate::tcp::listen;

/// Signs in over TCP with these headers; gives the answer's head, and the place that the session
/// shows.
async fn sign_in(config: KitConfig, headers: &str) -> (String, Value) {
    let fakes = Server::with(config);
    let ada = fakes.person("ada").await;
    let server = listen(fakes.router.clone(), patient()).await;
    let login = json!({"email": ada.email, "password": PASSWORD, "device_id": "laptop"}).to_string();
    let mut client = server.connect().await;
    client
        .write(&format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n{headers}\r\n\r\n{login}",
            login.len()
        ))
        .await;
    let answer = client.read_to_end().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let tokens: Value = serde_json::from_str(body).unwrap();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let sessions = fakes.get("/api/v1/auth/sessions").header("authorization", &bearer).send().await.json();
    (head.to_owned(), sessions["sessions"][0]["address"].clone())
}

fn trusting_loopback(forwarded_header: ForwardedHeader) -> KitConfig {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    KitConfig { trusted_proxies, forwarded_header, ..KitConfig::default() }
}

const FORWARDED: &str = "host: a\r\nx-forwarded-for: 198.51.100.7\r\nforwarded: for=203.0.113.9";

#[tokio::test]
async fn a_session_shows_the_network_its_device_is_in() {
    assert_eq!(sign_in(KitConfig::default(), "host: a").await.1, "127.0.0.0/24");
}

#[tokio::test]
async fn only_trusted_proxies_are_believed_and_only_in_their_header() {
    assert_eq!(sign_in(KitConfig::default(), FORWARDED).await.1, "127.0.0.0/24");
    let config = trusting_loopback(ForwardedHeader::XForwardedFor);
    assert_eq!(sign_in(config, FORWARDED).await.1, "198.51.100.0/24");
    let config = trusting_loopback(ForwardedHeader::Forwarded);
    assert_eq!(sign_in(config, FORWARDED).await.1, "203.0.113.0/24");
}

#[tokio::test]
async fn the_cookie_travels_over_plain_http_only_on_ones_own_machine() {
    let secure = async |config, headers| sign_in(config, headers).await.0.contains("; Secure");
    assert!(!secure(KitConfig::default(), "host: localhost:8080").await);
    assert!(secure(KitConfig::default(), "host: dayline.example").await);
    let behind_proxy = "host: localhost\r\nx-forwarded-for: 198.51.100.7";
    assert!(secure(trusting_loopback(ForwardedHeader::XForwardedFor), behind_proxy).await);
}
