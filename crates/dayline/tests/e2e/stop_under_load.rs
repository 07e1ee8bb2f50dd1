//! Stopping in order while requests are on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dayline_domain::{DAY_MS, UtcMs};
use dayline_sim::client::wire::{Body, Format};
use dayline_sim::client::{Device, Refusal};
use rustix::process::Signal;
use tokio::task::JoinSet;

use super::installation;
use crate::support::account::{account, eventually, newcomer, ping, sign_in, totals};
use crate::support::now;

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
    let installation = installation();
    let mut server = installation.start(&["--unlimited"]);
    let start = now().plus(-2 * DAY_MS).day().start();
    let stopping = Arc::new(AtomicBool::new(false));
    let mut trackers = JoinSet::new();
    for number in 0..TRACKERS {
        let device = newcomer(&installation, &format!("tracker-{number}")).await;
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

    let _again = installation.start(&["--unlimited"]);
    let day = start.day().to_string();
    for (number, ms) in acknowledged {
        assert!(ms > 0);
        let device = sign_in(&installation, &account(&format!("tracker-{number}")).into(), "reader").await;
        eventually(Some(ms), Duration::from_secs(10), async || {
            totals(&device, "apps", &day, "UTC").await.get("Code").copied()
        })
        .await;
    }
}
