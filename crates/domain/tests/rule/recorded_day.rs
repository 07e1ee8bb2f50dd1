//! A real day of one laptop and its browser, 12,212 pings, told in two ways: each line as a use of
//! its device; and the browser's lines as pages of the laptop.

use std::collections::BTreeMap;

use dayline_domain::DAY_MS;
use dayline_domain::activity::Piece;
use dayline_domain::choices::Choices;
use dayline_domain::observation::{Observation, Seen};
use serde_json::Value;

use crate::values::{observation, page, settle_all, used};

/// The recording, which the program's own tests replay; it is there once.
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dayline/tests/data/recorded-day.ndjson");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    TwoDevices,
    WindowAndPages,
}

pub(crate) fn recording(told: Told) -> Vec<Observation> {
    let text = std::fs::read_to_string(RECORDING).unwrap();
    text.lines().map(|line| read(&serde_json::from_str(line).unwrap(), told)).collect()
}

fn read(line: &Value, told: Told) -> Observation {
    let device = line["device_id"].as_str().unwrap();
    let name = line["app_name"].as_str().unwrap();
    let domain = line["url"].as_str().and_then(domain_of);
    let (start, end) = (line["start_ms"].as_i64().unwrap(), line["end_ms"].as_i64().unwrap());
    match (device, told) {
        ("browser", Told::WindowAndPages) => {
            observation("laptop", page(name, domain.as_deref(), false), start, end)
        }
        _ => observation(device, used(name, domain.as_deref()), start, end),
    }
}

/// Enough of an URL parser for the recording, whose hosts are plain.
fn domain_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.to_lowercase();
    assert!(host.is_ascii());
    Some(host.strip_prefix("www.").map(str::to_owned).unwrap_or(host))
}

fn sums(pieces: &[Piece], window: (i64, i64), name: impl Fn(&Piece) -> String) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for piece in pieces {
        let (start, end) = (piece.interval.start().0.max(window.0), piece.interval.end().0.min(window.1));
        if start < end {
            *sums.entry(name(piece)).or_insert(0) += end - start;
        }
    }
    sums
}

fn assert_totals(told: Told, name: &str) {
    let expected: Value = serde_json::from_str(include_str!("../data/recorded-day.expected.json")).unwrap();
    let observations = recording(told);
    assert_eq!(observations.len() as u64, expected["pings"].as_u64().unwrap());
    let expected = &expected[name];
    let pieces = settle_all(&observations, &[], Choices::default());
    assert_eq!(pieces.len() as u64, expected["intervals"].as_u64().unwrap());
    let hour = DAY_MS / 24;
    let windows = [
        ("day_1", (0, DAY_MS)),
        ("day_2", (DAY_MS, 2 * DAY_MS)),
        ("day_1_shifted_-5h", (5 * hour, DAY_MS + 5 * hour)),
    ];
    let read = |value: &Value| -> BTreeMap<String, i64> {
        let sums = value.as_object().unwrap();
        sums.iter().map(|(name, ms)| (name.clone(), ms.as_i64().unwrap())).collect()
    };
    for (window, times) in windows {
        let apps = sums(&pieces, times, |piece| piece.source.activity.app.as_str().to_owned());
        assert_eq!(apps, read(&expected[window]["apps"]), "{window}");
        let domain = |piece: &Piece| {
            let domain = piece.source.activity.domain.as_ref();
            domain.map_or(String::new(), |domain| domain.as_str().to_owned())
        };
        assert_eq!(sums(&pieces, times, domain), read(&expected[window]["domains"]), "{window}");
    }
}

#[test]
fn the_recorded_day_of_two_devices_has_its_totals() {
    assert_totals(Told::TwoDevices, "two_devices");
}

#[test]
fn the_recorded_day_of_a_window_and_pages_has_its_totals() {
    assert_totals(Told::WindowAndPages, "window_and_pages");
}

#[test]
fn a_lock_screen_of_the_recorded_day_counts_for_nothing() {
    let pieces = settle_all(&recording(Told::TwoDevices), &[], Choices::default());
    assert!(pieces.iter().all(|piece| piece.source.activity.app.as_str() != "LockApp.exe"));
    let locked = |observation: &&Observation| match &observation.subject().seen {
        Seen::Use { app, .. } => app.as_str() == "LockApp.exe",
        _ => false,
    };
    assert_eq!(recording(Told::TwoDevices).iter().filter(locked).count(), 707);
}
