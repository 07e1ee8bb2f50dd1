//! Clients that ask and do not read: whatever they ask for, the server's memory stays bounded, with the
//! options that it has by default.

use std::time::Duration;

use dayline_cli_kit::units::rfc3339;
use http::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::support::account::eventually;
use crate::support::now;
use crate::web::{Session, Web, send};

/// What a server may have in memory at any time.
const MOST_MIB: u64 = 512;
const DAYS: i64 = 30;
const PINGS_A_DAY: i64 = 2_000;
const DAY_MS: i64 = 86_400_000;

/// The most that the server has had in memory until now.
fn peak_mib(web: &Web) -> u64 {
    let pid = web.server.processes[0].pid().as_raw_nonzero();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1_024
}

/// A client that sends a request, reads nothing, and has the system keep as little as it can.
async fn silent(web: &Web, request: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut connection = socket.connect(web.installation.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

/// Waits until all of them have the beginning of an answer, or the end of their connection.
async fn until_answered(clients: &[TcpStream]) {
    for client in clients {
        timeout(Duration::from_mins(1), client.readable()).await.expect("answered in time").unwrap();
    }
}

fn get(path: &str, access: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: dayline\r\nauthorization: Bearer {access}\r\n\r\n")
}

/// Fills a month, so that a timeline of them has more than 20 MB.
async fn fill(web: &Web, session: &Session) -> (String, String) {
    let first = now().day().start().plus(-DAYS * DAY_MS);
    let ping = |n: i64| {
        let start = first.plus(n / PINGS_A_DAY * DAY_MS + n % PINGS_A_DAY * 40_000);
        let app = format!("{}{}", "An app with a name as long as names may be, ".repeat(5), n % 3);
        json!({"app_name": app, "start_time": rfc3339(start), "end_time": rfc3339(start.plus(35_000))})
    };
    for batch in 0..DAYS * PINGS_A_DAY / 1_000 {
        let pings: Vec<_> = (batch * 1_000..(batch + 1) * 1_000).map(ping).collect();
        loop {
            let track = web.call(Method::POST, "/api/v1/usage/track").bearer_auth(&session.access);
            let answer = send(track.json(&pings)).await;
            match answer.status {
                202 => break,
                429 | 503 => sleep(Duration::from_millis(200)).await,
                _ => panic!("{answer:?}"),
            }
        }
    }
    let (from, to) = (rfc3339(first), rfc3339(first.plus(DAYS * DAY_MS)));
    let last = format!("/api/v1/usage/timeline?from={}&to={to}", rfc3339(first.plus((DAYS - 1) * DAY_MS)));
    eventually(PINGS_A_DAY as usize, Duration::from_mins(2), async || {
        let day = send(web.get(&last, &session.access)).await.expect(200).json();
        day["intervals"].as_array().unwrap().len()
    })
    .await;
    (from, to)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_nothing_do_not_make_the_server_grow() {
    let web = Web::start(&[]);
    let ada = web.newcomer("ada").await;
    let (from, to) = fill(&web, &ada).await;
    let before = peak_mib(&web);
    let mut clients = Vec::new();

    for _ in 0..1_000 {
        clients.push(silent(&web, &get("/docs/swagger-ui-bundle.js", "")).await);
    }
    until_answered(&clients).await;
    let docs = peak_mib(&web);

    for _ in 0..12 {
        let path = format!("/api/v1/usage/timeline?from={from}&to={to}&outranked=true");
        clients.push(silent(&web, &get(&path, &ada.access)).await);
    }
    for path in
        ["/api/v1/users/me/export", "/api/v1/live", "/api/v1/report/hours?from=2024-01-01&to=2026-11-28"]
    {
        for _ in 0..12 {
            clients.push(silent(&web, &get(path, &ada.access)).await);
        }
    }
    until_answered(&clients).await;
    let long = peak_mib(&web);

    // Many answers of some hundred kilobytes each: a refusal for each of a thousand pings.
    let bad = format!("[{}]", vec!["5"; 1_000].join(","));
    let head = "POST /api/v1/usage/track HTTP/1.1\r\nhost: dayline\r\ncontent-type: application/json";
    let one = format!(
        "{head}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{bad}",
        ada.access,
        bad.len()
    );
    let many = one.repeat(30);
    for _ in 0..500 {
        clients.push(silent(&web, &one).await);
        let last = clients.last_mut().unwrap();
        // As much as the system takes at once: the server reads no more than it has answered.
        let _ = last.try_write(many.as_bytes());
    }
    until_answered(&clients).await;
    send(web.call(Method::GET, "/healthz")).await.expect(200);
    let refusals = peak_mib(&web);

    println!(
        "peak memory in MiB: {before} before, {docs} after 1,000 scripts, {long} after long answers, \
         {refusals} after refusals"
    );
    assert!(refusals <= MOST_MIB, "{refusals} MiB");
}
