//! Stopping with pings still in the log, some time after being told, and at once.

use std::time::Duration;

use dayline_domain::DAY_MS;
use dayline_sim::client::wire::{Body, Format};
use rustix::process::Signal;

use crate::support::account::{account, eventually, newcomer, ping, sign_in, totals};
use crate::support::now;
use crate::support::readiness::readiness;
use crate::support::server::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn pings_still_in_the_log_are_in_the_timeline_after_the_stop() {
    let installation = Installation::alone();
    let mut server = installation.start(&[]);
    let device = newcomer(&installation, "ada").await;
    // The ledger can't be written: everything stays in the log.
    let held = installation.hold_ledger();
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
    drop(held);
    assert_eq!(installation.processed_entries(), 0);

    // It drains the log, also while it is told to stop at once.
    let mut again = installation.start(&[]);
    assert_eq!(again.stop().code(), Some(0));
    assert_eq!(installation.processed_entries(), 20);

    let _reader = installation.start(&[]);
    let device = sign_in(&installation, &account("ada").into(), "reader").await;
    let total: i64 = totals(&device, "apps", &start.day().to_string(), "UTC").await.values().sum();
    assert_eq!(total, 20_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drains_is_not_ready_and_serves_until_it_is_told_again() {
    let installation = Installation::alone();
    let mut server = installation.start(&["--drain", "1h"]);
    let device = newcomer(&installation, "ada").await;
    server.signal(Signal::TERM);
    let leaving = (503, false, vec!["leaving".to_owned()]);
    eventually(leaving, Duration::from_secs(10), async || readiness(&server.processes[0])).await;
    let start = now().plus(-2 * DAY_MS).day().start();
    device.track(&Body::new(&[ping("Code", start, 1_000)], Format::Object).unwrap()).await.unwrap();
    let day = start.day().to_string();
    eventually(1, Duration::from_secs(10), async || totals(&device, "apps", &day, "UTC").await.len()).await;
    server.signal(Signal::TERM);
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(130));
}

#[test]
fn a_second_signal_stops_at_once() {
    let installation = Installation::alone();
    let mut server = installation.start(&["--stop-grace", "1m"]);
    // A request that never ends keeps the server from stopping in order.
    let mut stuck = std::net::TcpStream::connect(installation.address()).unwrap();
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
