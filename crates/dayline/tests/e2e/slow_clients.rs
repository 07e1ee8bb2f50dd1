//! Two thousand clients that send nothing, or half of something: others are served, and all are closed in time.

use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::installation;
use crate::support::account::{newcomer, ping, send};
use crate::support::now;

const CLIENTS: usize = 2_000;
/// What the server is told, for each of its time-outs.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How much later than that a busy machine may close.
const SLACK: Duration = Duration::from_secs(7);

/// What a slow client sends before it falls silent.
const BEGINNINGS: [&str; 4] = [
    "",
    "GET /healthz HTTP/1.1\r\nHost: dayl",
    "POST /api/v1/users HTTP/1.1\r\nHost: dayline\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    // A whole request; then the connection is idle.
    "GET /healthz HTTP/1.1\r\nHost: dayline\r\n\r\n",
];

/// As many clients as this machine lets a process have open files for.
fn clients() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    CLIENTS.min(usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(200))
}

/// Sends the beginning and waits for the end; gives how long that took.
async fn wait_for_end(mut connection: TcpStream, beginning: &str) -> Duration {
    connection.write_all(beginning.as_bytes()).await.unwrap();
    let begin = Instant::now();
    let mut answer = Vec::new();
    // An error is an end, too.
    let _ =
        timeout(Duration::from_mins(1), connection.read_to_end(&mut answer)).await.expect("it never ends");
    begin.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_clients_keep_nobody_from_being_served_and_are_closed_in_time() {
    let clients = clients();
    let installation = installation();
    let _server = installation.start(&[
        "--header-timeout",
        "3s",
        "--body-timeout",
        "3s",
        "--idle-timeout",
        "3s",
        "--write-timeout",
        "3s",
    ]);
    let device = newcomer(&installation, "ada").await;
    let mut slow = JoinSet::new();
    for number in 0..clients {
        let connection = TcpStream::connect(installation.address()).await.unwrap();
        slow.spawn(wait_for_end(connection, BEGINNINGS[number % BEGINNINGS.len()]));
    }

    let mut slowest = Duration::ZERO;
    for number in 0..50 {
        let begin = Instant::now();
        send(&device, ping("Code", now().plus(-100_000 + number * 1_000), 1_000)).await;
        slowest = slowest.max(begin.elapsed());
    }
    let mut last = Duration::ZERO;
    while let Some(took) = slow.join_next().await {
        last = last.max(took.unwrap());
    }
    println!("{clients} slow clients, the last closed after {last:?}; slowest ping of others {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "a ping took {slowest:?}");
    assert!(last < TIMEOUT + SLACK, "a slow client was kept for {last:?}");
}
