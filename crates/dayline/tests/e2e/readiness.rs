//! What one process for all says about itself while a part of it does not work.

use std::time::Duration;

use dayline_sim::client::wire::{Body, Format};

use crate::support::account::{eventually, newcomer, ping};
use crate::support::now;
use crate::support::readiness::readiness;
use crate::support::server::{Installation, get};

const SOON: Duration = Duration::from_secs(10);

fn well() -> (u16, bool, Vec<String>) {
    (200, false, Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_ledger_takes_no_commits_it_is_degraded_and_says_so_and_no_longer() {
    let installation = Installation::alone();
    let server = installation.start(&[]);
    let process = &server.processes[0];
    assert_eq!(readiness(process), well());
    let metrics = || get(process.address, "/metrics").unwrap();
    assert!(metrics().contains("dayline_degraded 0"), "{}", metrics());

    let held = installation.hold_ledger();
    eventually((200, true, vec!["ledger".to_owned()]), SOON, async || readiness(process)).await;
    let shown = metrics();
    for line in [
        "dayline_degraded 1",
        "dayline_check_ok{check=\"ledger\"} 0",
        "dayline_check_ok{check=\"ping_log\"} 1",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(get(process.address, "/readyz").unwrap().contains("disk of the data folder"), "a hint");

    drop(held);
    eventually(well(), SOON, async || readiness(process)).await;
    assert!(metrics().contains("dayline_degraded 0"), "{}", metrics());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_is_full_it_is_not_ready_and_then_it_is() {
    let installation = Installation::alone();
    let server = installation.start(&["--log-high", "64KiB", "--log-low", "32KiB", "--unlimited"]);
    let process = &server.processes[0];
    let device = newcomer(&installation, "ada").await;
    let held = installation.hold_ledger();
    let start = now().plus(-86_400_000);
    let app = "x".repeat(250);
    let pings: Vec<_> = (0..200).map(|n| ping(&format!("{app}{n}"), start.plus(n * 1_000), 500)).collect();
    let body = Body::new(&pings, Format::Array).unwrap();
    while device.track(&body).await.is_ok() {}
    let full = (503, false, vec!["ping_log".to_owned(), "ledger".to_owned()]);
    eventually(full, SOON, async || readiness(process)).await;
    drop(held);
    eventually(well(), SOON, async || readiness(process)).await;
}
