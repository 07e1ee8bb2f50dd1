//! What bounds connections, over real TCP: time, number and size, and how they end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use dayline_api::route_patterns;
use dayline_http_kit::{ConnectionConfig, KitConfig, Metrics};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::support::Server;
use crate::tcp::{Client, GET, GET_LAST, Listening, OK, PATIENCE, listen};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_mins(10);

/// No time runs out in a test, unless the test says so.
pub(crate) fn patient() -> ConnectionConfig {
    ConnectionConfig {
        header_timeout: LONG,
        idle_timeout: LONG,
        write_timeout: LONG,
        ..ConnectionConfig::default()
    }
}

/// A route whose handler waits until the test lets it go.
fn waiting() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (begun, go) = (Arc::<Notify>::default(), Arc::<Notify>::default());
    let (says, waits) = (begun.clone(), go.clone());
    let handler = async move || {
        says.notify_one();
        waits.notified().await;
        "ok\n"
    };
    (Router::new().route("/healthz", get(handler)), begun, go)
}

#[tokio::test]
async fn a_connection_is_kept_for_further_requests_and_closed_when_asked() {
    let server = listen(Server::new().router, patient()).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    assert!(client.read_until(OK).await.starts_with("HTTP/1.1 200 OK\r\n"));
    client.write(GET_LAST).await;
    assert!(client.read_to_end().await.ends_with(OK));
}

#[tokio::test]
async fn requests_sent_without_waiting_are_answered_in_order() {
    let server = listen(Server::new().router, patient()).await;
    let mut client = server.connect().await;
    client.write(&format!("{GET}GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n{GET_LAST}")).await;
    let answers = client.read_to_end().await;
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"], "{answers}");
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let server = listen(Server::new().router, ConnectionConfig { header_timeout: SHORT, ..patient() }).await;
    assert_eq!(server.connect().await.read_to_end().await, "");
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let server = listen(Server::new().router, ConnectionConfig { header_timeout: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    client.write("GET /healthz HTTP/1.1\r\n").await;
    // Each byte comes in time; all of them together do not.
    while client.try_write("a: b\r\n").await {
        sleep(SHORT / 10).await;
    }
}

#[tokio::test]
async fn a_slow_head_is_cut_off_also_on_a_connection_that_was_good_before() {
    let server = listen(Server::new().router, ConnectionConfig { header_timeout: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    client.read_until(OK).await;
    // The wait for the next request is long; once it has begun, it must hurry.
    sleep(SHORT * 2).await;
    client.write(GET).await;
    client.read_until(OK).await;
    client.write("GET /healthz HTTP/1.1\r\n").await;
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = listen(Server::new().router, ConnectionConfig { idle_timeout: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    client.read_until(OK).await;
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn a_body_that_trickles_in_is_answered_with_408_and_cut_off() {
    let fakes = Server::with(KitConfig { body_timeout: SHORT, ..KitConfig::default() });
    let ada = fakes.person("ada").await;
    let server = listen(fakes.router.clone(), patient()).await;
    let mut client = server.connect().await;
    client.write(&post_as(&ada.access, "content-length: 1000")).await;
    while client.try_write(" ").await && !client.has_answer() {
        sleep(SHORT / 10).await;
    }
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close\r\n") && answer.contains("body_timeout"), "{answer}");
}

#[tokio::test]
async fn a_client_that_takes_no_answer_is_cut_off() {
    let metrics = Metrics::new(route_patterns());
    let config = ConnectionConfig { write_timeout: SHORT, metrics: Some(metrics.clone()), ..patient() };
    let fakes = Server::with_metrics(&metrics);
    let server = listen(fakes.router.clone(), config).await;
    let client = server.connect().await;
    // Enough answers to fill what the system buffers; the client reads none of them.
    let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    while client.write_nowait(request) {
        sleep(Duration::from_millis(1)).await;
        if fakes.connections().await == 0 {
            break;
        }
    }
    fakes.until_connections(0).await;
}

#[tokio::test]
async fn one_client_too_many_that_takes_no_answer_cuts_off_the_one_that_has_done_so_for_longest() {
    let metrics = Metrics::new(route_patterns());
    let config = ConnectionConfig { max_stuck: 1, metrics: Some(metrics.clone()), ..patient() };
    let fakes = Server::with_metrics(&metrics);
    let server = listen(fakes.router.clone(), config).await;
    let (first, second) = (server.connect().await, server.connect().await);
    // Enough answers to fill what the system buffers, first for the one and then for the other.
    let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1_000);
    for client in [&first, &second] {
        let mut blocked = 0;
        while blocked < 20 && fakes.connections().await == 2 {
            blocked = if client.can_write() { 0 } else { blocked + 1 };
            assert!(client.write_nowait(&request));
            sleep(Duration::from_millis(1)).await;
        }
    }
    fakes.until_connections(1).await;
    let mut other = server.connect().await;
    other.write(GET_LAST).await;
    other.read_until(OK).await;
    assert!(!first.write_nowait(&request), "the first is cut off");
    assert!(second.write_nowait(&request), "the second is not");
}

#[tokio::test]
async fn one_connection_too_many_closes_the_one_that_idles_longest() {
    let server = listen(Server::new().router, ConnectionConfig { max_connections: 2, ..patient() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    for client in [&mut first, &mut second] {
        client.write(GET).await;
        client.read_until(OK).await;
        // Milliseconds tell which of them waits longer.
        sleep(Duration::from_millis(5)).await;
    }
    let mut third = server.connect().await;
    third.write(GET).await;
    assert_eq!(first.read_to_end().await, "");
    third.read_until(OK).await;
    second.write(GET).await;
    second.read_until(OK).await;
}

#[tokio::test]
async fn one_connection_too_many_closes_one_that_never_completed_a_request_first() {
    let server = listen(Server::new().router, ConnectionConfig { max_connections: 3, ..patient() }).await;
    let mut known = server.connect().await;
    known.write(GET).await;
    known.read_until(OK).await;
    sleep(Duration::from_millis(5)).await;
    let mut silent = server.connect().await;
    sleep(Duration::from_millis(5)).await;
    let mut slow = server.connect().await;
    slow.write("GET /healthz HTTP/1.1\r\nhost:").await;
    let mut others = Vec::new();
    for lost in [&mut silent, &mut slow] {
        let mut new = server.connect().await;
        new.write(GET).await;
        assert_eq!(lost.read_to_end().await, "");
        new.read_until(OK).await;
        others.push(new);
    }
    known.write(GET).await;
    known.read_until(OK).await;
}

#[tokio::test]
async fn a_connection_with_a_request_in_flight_is_never_closed_for_another() {
    let (router, begun, go) = waiting();
    let server = listen(router, ConnectionConfig { max_connections: 1, ..patient() }).await;
    let mut busy = server.connect().await;
    busy.write(GET).await;
    begun.notified().await;
    let mut other = server.connect().await;
    other.write(GET).await;
    // The other one has been waiting for a while when the first is answered.
    sleep(SHORT * 2).await;
    go.notify_one();
    assert!(busy.read_until(OK).await.contains(" 200 "));
    begun.notified().await;
    go.notify_one();
    assert!(other.read_until(OK).await.contains(" 200 "));
}

/// Two thousand clients that send nothing, half a head, or a request and then nothing.
async fn two_thousand(server: &Listening) -> Vec<Client> {
    let mut clients = Vec::new();
    for n in 0..2_000 {
        let mut client = server.connect().await;
        match n % 3 {
            0 => true,
            1 => client.try_write("POST /api/v1/usage/track HTTP/1.1\r\nhost:").await,
            _ => client.try_write(GET).await,
        };
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn two_thousand_slow_and_idle_connections_keep_nobody_from_being_served() {
    let metrics = Metrics::new(route_patterns());
    let fakes = Server::with_metrics(&metrics);
    let server = listen(fakes.router.clone(), ConnectionConfig { metrics: Some(metrics), ..patient() }).await;
    let _slow = two_thousand(&server).await;
    fakes.until_connections(2_000).await;
    let mut client = server.connect().await;
    client.write(GET_LAST).await;
    assert!(client.read_to_end().await.ends_with(OK));
}

#[tokio::test]
async fn two_thousand_slow_and_idle_connections_are_all_closed_in_time() {
    let metrics = Metrics::new(route_patterns());
    let fakes = Server::with_metrics(&metrics);
    let (header_timeout, idle_timeout, metrics) = (SHORT, SHORT, Some(metrics));
    let config = ConnectionConfig { header_timeout, idle_timeout, metrics, ..patient() };
    let server = listen(fakes.router.clone(), config).await;
    let _slow = two_thousand(&server).await;
    fakes.until_connections(0).await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_server_ends() {
    let (router, begun, go) = waiting();
    let server = listen(router, patient()).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    begun.notified().await;
    server.shutdown.cancel();
    server.until_closed_to_new_ones().await;
    go.notify_one();
    let answer = client.read_to_end().await;
    assert!(answer.contains("connection: close\r\n") && answer.ends_with(OK), "{answer}");
    drop(client);
    server.serving.await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_on_its_way_when_the_server_ends_is_answered() {
    let server =
        listen(Server::new().router, ConnectionConfig { drain: LONG, grace: LONG, ..patient() }).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    client.read_until(OK).await;
    server.shutdown.cancel();
    server.until_closed_to_new_ones().await;
    client.write(GET).await;
    let answer = client.read_to_end().await;
    assert!(answer.contains("connection: close\r\n") && answer.ends_with(OK), "{answer}");
    drop(client);
    server.serving.await.unwrap();
}

#[tokio::test]
async fn a_shut_down_closes_idle_connections() {
    let server = listen(Server::new().router, ConnectionConfig { drain: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    client.read_until(OK).await;
    server.shutdown.cancel();
    assert_eq!(client.read_to_end().await, "");
    drop(client);
    server.serving.await.unwrap();
}

#[tokio::test]
async fn a_connection_without_a_whole_request_does_not_hold_a_shut_down() {
    let metrics = Metrics::new(route_patterns());
    let fakes = Server::with_metrics(&metrics);
    let config = ConnectionConfig { drain: SHORT, grace: LONG, metrics: Some(metrics), ..patient() };
    let server = listen(fakes.router.clone(), config).await;
    let _nothing = server.connect().await;
    let mut half = server.connect().await;
    half.write("GET /healthz HTTP/1.1\r\n").await;
    fakes.until_connections(2).await;
    server.shutdown.cancel();
    tokio::time::timeout(PATIENCE, server.serving).await.expect("ends in time").unwrap();
}

#[tokio::test]
async fn a_shut_down_waits_only_so_long() {
    let (router, begun, _go) = waiting();
    let server = listen(router, ConnectionConfig { grace: SHORT, ..patient() }).await;
    let mut client = server.connect().await;
    client.write(GET).await;
    begun.notified().await;
    server.shutdown.cancel();
    server.serving.await.unwrap();
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn an_answer_arrives_although_the_body_was_not_wanted() {
    let fakes = Server::new();
    let server = listen(fakes.router.clone(), patient()).await;
    for _ in 0..20 {
        let mut client = server.connect().await;
        let body = "x".repeat(1 << 20);
        client.write(&post_as("no token", &format!("content-length: {}", body.len()))).await;
        client.write(&body).await;
        assert!(client.read_to_end().await.starts_with("HTTP/1.1 401 "));
    }
}

#[tokio::test]
async fn several_runtimes_of_one_thread_serve_one_port() {
    let router = Server::new().router;
    let socket = || {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket
    };
    let first = socket();
    first.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = first.local_addr().unwrap();
    let second = socket();
    second.bind(address).unwrap();
    let shutdown = tokio_util::sync::CancellationToken::new();
    let threads = [first, second].map(|socket| {
        let (router, shutdown) = (router.clone(), shutdown.clone());
        let std = std::net::TcpListener::from(std::os::fd::OwnedFd::from(
            socket.listen(64).unwrap().into_std().unwrap(),
        ));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(std).unwrap();
                dayline_http_kit::serve(listener, router, patient(), shutdown).await;
            });
        })
    });
    for _ in 0..40 {
        let mut client = Client::connect(address).await;
        client.write(GET_LAST).await;
        assert!(client.read_to_end().await.ends_with(OK));
    }
    shutdown.cancel();
    for thread in threads {
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    }
}

/// The head of a request that sends pings.
pub(crate) fn post_as(token: &str, header: &str) -> String {
    format!(
        "POST /api/v1/usage/track HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{header}\r\n\r\n"
    )
}
