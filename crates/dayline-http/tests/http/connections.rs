//! What bounds connections, over real TCP.

use std::time::Duration;

use dayline_http::ServerConfig;

use crate::support::Server;
use crate::tcp::listen;

const HEALTHZ: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn a_connection_is_kept_for_further_requests_and_closed_when_asked() {
    let server = listen(Server::new().router, ServerConfig::default()).await;
    let mut client = server.connect().await;
    client.write(HEALTHZ).await;
    assert!(client.read_until("\r\n\r\nok\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
    client.write("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(client.read_to_end().await.ends_with("\r\n\r\nok\n"));
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let config = ServerConfig { header_timeout: Duration::from_millis(50), ..ServerConfig::default() };
    let server = listen(Server::new().router, config).await;
    let mut client = server.connect().await;
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn a_shut_down_closes_idle_connections_and_returns() {
    let config = ServerConfig { drain: Duration::from_millis(10), ..ServerConfig::default() };
    let server = listen(Server::new().router, config).await;
    let mut client = server.connect().await;
    client.write(HEALTHZ).await;
    client.read_until("\r\n\r\nok\n").await;
    server.shutdown.cancel();
    assert_eq!(client.read_to_end().await, "");
    drop(client);
    server.serving.await.unwrap();
}
