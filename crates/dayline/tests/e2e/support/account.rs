//! People with accounts, and what the API says about them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_domain::UtcMs;
use dayline_sim::client::wire::{Body, Format, Ping, Report, ReportItem, Seen};
use dayline_sim::client::{Account, Client, Device};
use secrecy::SecretString;

use super::server::Installation;

/// A password that nothing else in a run contains.
pub(crate) const PASSWORD: &str = "hunter-77-Rübezahl";

pub(crate) fn account(name: &str) -> Account {
    Account { email: format!("{name}@example.org"), password: SecretString::from(PASSWORD.to_owned()) }
}

pub(crate) fn client(installation: &Installation) -> Client {
    Client::new(&installation.url(), None).unwrap()
}

/// Registers somebody.
pub(crate) async fn register(installation: &Installation, name: &str) -> Arc<Account> {
    let account = account(name);
    client(installation).register(&account, name, false).await.unwrap();
    Arc::new(account)
}

pub(crate) async fn sign_in(installation: &Installation, account: &Arc<Account>, device: &str) -> Device {
    Device::sign_in(client(installation), Arc::clone(account), device).await.unwrap()
}

/// Registers somebody and signs one device in.
pub(crate) async fn newcomer(installation: &Installation, name: &str) -> Device {
    sign_in(installation, &register(installation, name).await, "laptop").await
}

/// A ping of so many milliseconds.
pub(crate) fn ping(app: &str, start: UtcMs, ms: i64) -> Ping {
    Ping::new(Seen::of_use(app), start, start.plus(ms))
}

/// Sends one ping, which must be accepted.
pub(crate) async fn send(device: &Device, ping: Ping) {
    let receipt = device.track(&Body::new(&[ping], Format::Object).unwrap()).await.unwrap();
    assert_eq!(receipt.accepted, 1, "{receipt:?}");
}

/// The totals of a report in milliseconds; no domain is an empty name.
pub(crate) async fn totals(device: &Device, kind: &str, date: &str, tz: &str) -> BTreeMap<String, i64> {
    totals_of(&device.report(kind, date, tz).await.unwrap())
}

/// The same where the database may be away; then nothing.
pub(crate) async fn totals_if_told(
    device: &Device,
    kind: &str,
    date: &str,
    tz: &str,
) -> Option<BTreeMap<String, i64>> {
    device.report(kind, date, tz).await.ok().map(|report| totals_of(&report))
}

fn totals_of(report: &Report) -> BTreeMap<String, i64> {
    let name = |item: &ReportItem| item.app_name.clone().or(item.domain.clone()).unwrap_or_default();
    report.items.iter().map(|item| (name(item), (item.seconds * 1_000.0).round() as i64)).collect()
}

/// Asks until the answer is the expected one; the test fails if it does not become so in time.
pub(crate) async fn eventually<T: PartialEq + std::fmt::Debug>(
    expected: T,
    within: Duration,
    mut ask: impl AsyncFnMut() -> T,
) {
    let begin = Instant::now();
    loop {
        let answer = ask().await;
        if answer == expected {
            return;
        }
        assert!(begin.elapsed() < within, "after {within:?} {answer:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
