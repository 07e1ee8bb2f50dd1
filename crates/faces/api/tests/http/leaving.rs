//! A server that is about to stop: clients go elsewhere, and none is cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dayline_http_kit::{ConnectionConfig, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::connections::patient;
use crate::support::Server;
use crate::tcp::{Client, GET, OK, listen};

#[tokio::test]
async fn a_server_that_is_leaving_answers_once_on_each_connection_and_takes_new_ones() {
    let leaving = Arc::<AtomicBool>::default();
    let config = ConnectionConfig { leaving: Arc::clone(&leaving), ..patient() };
    let server = listen(Server::new().router, config).await;
    let mut kept = server.connect().await;
    kept.write(GET).await;
    kept.read_until(OK).await;
    leaving.store(true, Ordering::Relaxed);
    for mut client in [kept, server.connect().await] {
        client.write(GET).await;
        let answer = client.read_to_end().await;
        assert!(answer.contains("connection: close\r\n") && answer.ends_with(OK), "{answer}");
    }
}

#[tokio::test]
async fn connections_that_nobody_has_accepted_when_the_server_stops_are_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(address).await;
        client.write(GET).await;
        clients.push(client);
    }
    let stopped = CancellationToken::new();
    stopped.cancel();
    let serving = tokio::spawn(serve(listener, Server::new().router, patient(), stopped));
    for mut client in clients {
        assert!(client.read_to_end().await.ends_with(OK));
    }
    serving.await.unwrap();
}
