//! A real recorded day gives exactly the expected totals, however it is sent and whatever happens meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use dayline_domain::{AppName, Labels, UtcDay};
use dayline_sim::client::Device;
use serde_json::Value;

use super::installation;
use crate::support::account::{PASSWORD, account, eventually, sign_in, totals};
use crate::support::command::{dayline, end};
use crate::support::server::{Installation, Server};
use crate::support::{dice, now};

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded-day.ndjson");
/// The rule's own tests have it, too.
const EXPECTED: &str = include_str!("../../../domain/tests/data/recorded-day.expected.json");

/// How the day is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Each line as a use of its device.
    TwoDevices,
    /// The browser's lines as pages of the laptop.
    WindowAndPages,
}

impl Told {
    fn key(self) -> &'static str {
        match self {
            Self::TwoDevices => "two_devices",
            Self::WindowAndPages => "window_and_pages",
        }
    }

    /// The file to replay.
    fn file(self, installation: &Installation) -> PathBuf {
        if self == Self::TwoDevices {
            return PathBuf::from(RECORDING);
        }
        let recording = std::fs::read_to_string(RECORDING).unwrap();
        let lines: Vec<String> = recording.lines().map(as_page).collect();
        let file = installation.folder().join("window-and-pages.ndjson");
        std::fs::write(&file, lines.join("\n")).unwrap();
        file
    }
}

fn as_page(line: &str) -> String {
    let mut ping: Value = serde_json::from_str(line).unwrap();
    if ping["device_id"] == "browser" {
        ping["device_id"] = "laptop".into();
        ping["kind"] = "page".into();
        ping["audible"] = false.into();
    }
    ping.to_string()
}

/// Per app or domain, milliseconds.
type Totals = BTreeMap<String, i64>;

/// The day on which the recording is played: as late as all of it is in the past.
fn first_day() -> UtcDay {
    UtcDay(now().day().0 - 2)
}

/// The reports that the expected file has totals for: its key, the local day, the zone.
fn days() -> [(&'static str, UtcDay, &'static str); 3] {
    let (first, second) = (first_day(), UtcDay(first_day().0 + 1));
    [("day_1", first, "UTC"), ("day_2", second, "UTC"), ("day_1_shifted_-5h", first, "Etc/GMT+5")]
}

fn expected(told: Told) -> Vec<(Totals, Totals)> {
    let file: Value = serde_json::from_str(EXPECTED).unwrap();
    let file = &file[told.key()];
    let totals = |value: &Value| serde_json::from_value::<Totals>(value.clone()).unwrap();
    days()
        .iter()
        .map(|(key, ..)| (shown(totals(&file[key]["apps"])), totals(&file[key]["domains"])))
        .collect()
}

/// Totals of apps by the names that reports show them by.
fn shown(told: Totals) -> Totals {
    let labels = Labels::default();
    let mut totals = Totals::new();
    for (name, ms) in told {
        let app = AppName::new(&name).unwrap();
        *totals.entry(labels.shown(&app).as_str().to_owned()).or_default() += ms;
    }
    totals
}

async fn reported(device: &Device) -> Vec<(Totals, Totals)> {
    let mut reports = Vec::new();
    for (_, day, tz) in days() {
        let day = day.to_string();
        let (apps, domains) =
            tokio::join!(totals(device, "apps", &day, tz), totals(device, "domains", &day, tz));
        reports.push((apps, domains));
    }
    reports
}

async fn expect_the_totals(installation: &Installation, told: Told) {
    let device = sign_in(installation, &account("ada").into(), "reader").await;
    eventually(expected(told), Duration::from_secs(20), async || reported(&device).await).await;
}

fn replay(installation: &Installation, told: Told, options: &[&str]) -> std::process::Child {
    let mut command = dayline(&["replay", "--register", "--email", "ada@example.org"]);
    command.arg(told.file(installation));
    command.args(["--url", &installation.url(), "--day", &first_day().to_string()]);
    command.args(options).env("DAYLINE_PASSWORD", PASSWORD).spawn().unwrap()
}

async fn sent_like_this_it_gives_the_totals(told: Told, options: &[&str]) {
    let installation = installation();
    let _server = installation.start(&[]);
    end(replay(&installation, told, options)).expect_success();
    expect_the_totals(&installation, told).await;
}

#[tokio::test]
async fn sent_in_order_the_recorded_day_gives_exactly_the_expected_totals() {
    sent_like_this_it_gives_the_totals(Told::TwoDevices, &[]).await;
}

#[tokio::test]
async fn told_as_windows_and_pages_of_one_laptop_it_gives_exactly_its_totals() {
    sent_like_this_it_gives_the_totals(Told::WindowAndPages, &[]).await;
}

#[tokio::test]
async fn windows_and_pages_shuffled_and_twice_give_the_same() {
    let seed = dice().next().to_string();
    let options = ["--shuffle", "--repeat", "2", "--batch", "1-1000", "--seed", &seed];
    sent_like_this_it_gives_the_totals(Told::WindowAndPages, &options).await;
}

#[tokio::test]
async fn shuffled_and_twice_in_batches_of_any_size_it_gives_the_same() {
    let seed = dice().next().to_string();
    let options = ["--shuffle", "--repeat", "2", "--batch", "1-1000", "--seed", &seed];
    sent_like_this_it_gives_the_totals(Told::TwoDevices, &options).await;
}

#[tokio::test]
async fn over_one_session_with_devices_named_in_each_ping_it_gives_the_same() {
    sent_like_this_it_gives_the_totals(Told::TwoDevices, &["--one-session", "--batch", "1000"]).await;
}

#[tokio::test]
async fn with_the_server_killed_again_and_again_it_gives_the_same() {
    for told in [Told::TwoDevices, Told::WindowAndPages] {
        replayed_to_a_server_that_is_killed_it_gives_the_totals(told).await;
    }
}

async fn replayed_to_a_server_that_is_killed_it_gives_the_totals(told: Told) {
    let mut dice = dice();
    let installation = installation();
    // Signing in again and again is not what is tried here.
    let mut server: Server = installation.start(&["--unlimited"]);
    let seed = dice.next().to_string();
    let options = ["--shuffle", "--repeat", "2", "--batch", "1-40", "--seed", &seed];
    let mut replay = replay(&installation, told, &options);
    let mut kills = 0;
    while replay.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(dice.between(10, 250)));
        server.kill();
        kills += 1;
        server = installation.spawn(&["--unlimited"]);
        // Every third server is killed while it starts.
        if kills % 3 != 0 {
            server.wait_until_ready();
        }
    }
    server.wait_until_ready();
    end(replay).expect_success();
    assert!(kills >= 3, "it was over after {kills} kills");
    expect_the_totals(&installation, told).await;
}
