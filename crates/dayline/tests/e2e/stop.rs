//! Stopping in order: while requests are on their way, and with pings still in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dayline::client::wire::{Body, Format};
use dayline::client::{Device, Refusal};
use dayline_domain::{DAY_MS, UtcMs};
use rustix::process::Signal;
use tokio::task::JoinSet;

use crate::support::account::{account, eventually, newcomer, ping, sign_in, totals};
use crate::support::now;
use crate::support::server::Place;

/// How long a server may take to stop.
const STOP: Duration = Duration::from_secs(10);
const TRACKERS: usize = 16;
/// How long they send before the server is told to stop.
const LOAD: Duration = Duration::from_secs(1);

/// Sends pings of one second each, one after another, so that each acknowledged one adds a second.
async fn send_until_gone(device: Device, start: UtcMs, stopping: Arc<AtomicBool>) -> Result<Sent, String> {
    for number in 0.. {
        let body = Body::new(&[ping("Code", start.plus(number * 1_000), 1_000)], Format::Object).unwrap();
        let was_stopping = stopping.load(Ordering::SeqCst);
        match device.track(&body).await {
            Ok(_) => {}
            // A new connection may be refused once the server was told to stop; nothing else may happen.
            Err(Refusal::Unanswered(why)) if was_stopping && why.contains("refused") => {
                return Ok(Sent { acknowledged_ms: number * 1_000 });
            }
            Err(refusal) => return Err(format!("{refusal} (stopping: {was_stopping})")),
        }
    }
    unreachable!("the numbers end later than the server");
}

struct Sent {
    acknowledged_ms: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_resets_no_request_and_loses_nothing() {
    let place = Place::new();
    let mut server = place.start(&["--unlimited"]);
    let start = now().plus(-2 * DAY_MS).day().start();
    let stopping = Arc::new(AtomicBool::new(false));
    let mut trackers = JoinSet::new();
    for number in 0..TRACKERS {
        let device = newcomer(&place, &format!("tracker-{number}")).await;
        let sent = send_until_gone(device, start, Arc::clone(&stopping));
        trackers.spawn(async move { (number, sent.await) });
    }
    tokio::time::sleep(LOAD).await;
    stopping.store(true, Ordering::SeqCst);
    let begin = Instant::now();
    server.signal(Signal::TERM);
    let mut acknowledged = Vec::new();
    while let Some(tracker) = trackers.join_next().await {
        let (number, sent) = tracker.unwrap();
        acknowledged.push((number, sent.unwrap().acknowledged_ms));
    }
    let status = tokio::task::block_in_place(|| server.wait(STOP));
    println!("stopped after {:?} with {acknowledged:?}", begin.elapsed());
    assert_eq!(status.code(), Some(0));

    let _again = place.start(&["--unlimited"]);
    let day = start.day().to_string();
    for (number, ms) in acknowledged {
        assert!(ms > 0);
        let device = sign_in(&place, &account(&format!("tracker-{number}")).into(), "reader").await;
        eventually(Some(ms), Duration::from_secs(10), async || {
            totals(&device, "apps", &day, "UTC").await.get("Code").copied()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_still_in_the_log_are_in_the_timeline_after_the_stop() {
    let place = Place::new();
    // No worker: everything stays in the log.
    let mut server = place.start(&["--role", "api"]);
    let device = newcomer(&place, "ada").await;
    let start = now().plus(-2 * DAY_MS).day().start();
    for batch in 0..20 {
        let pings: Vec<_> = (0..1_000)
            .map(|n| {
                ping(if n % 2 == 0 { "Code" } else { "Mail" }, start.plus((batch * 1_000 + n) * 1_000), 1_000)
            })
            .collect();
        device.track(&Body::new(&pings, Format::Lines).unwrap()).await.unwrap();
    }
    assert_eq!(server.stop().code(), Some(0));

    // A worker without an API: it drains the log, also while it is told to stop at once.
    let mut worker = place.spawn(&["--role", "worker"]);
    eventually(true, Duration::from_secs(20), async || place.log().matches("greeting: ready").count() >= 2)
        .await;
    assert_eq!(worker.stop().code(), Some(0));

    let _again = place.start(&["--role", "api"]);
    let device = sign_in(&place, &account("ada").into(), "reader").await;
    let total: i64 = totals(&device, "apps", &start.day().to_string(), "UTC").await.values().sum();
    assert_eq!(total, 20_000_000);
}

#[test]
fn a_second_signal_stops_at_once() {
    let place = Place::new();
    let mut server = place.start(&["--stop-grace", "1m"]);
    // A request that never ends keeps the server from stopping in order.
    let mut stuck = std::net::TcpStream::connect(place.address()).unwrap();
    std::io::Write::write_all(
        &mut stuck,
        b"POST /api/v1/users HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{",
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    server.signal(Signal::INT);
    assert_eq!(server.wait(Duration::from_secs(2)).code(), Some(130));
}
