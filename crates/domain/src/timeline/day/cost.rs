//! What recording costs, in stretches that are looked at or made: as much at the end of a busy day
//! as at its beginning.

use std::sync::Arc;

use crate::choices::Choices;
use crate::names::{AppName, DeviceId, Domain};
use crate::observation::{Observation, Seen, Subject};
use crate::time::{DAY_MS, Interval, UtcDay};
use crate::timeline::day::LedgerDay;
use crate::timeline::stretch::STRETCHES;

const DAY: UtcDay = UtcDay(20_000);
const SECOND: i64 = 1_000;

fn observation(device: &str, seen: Seen, start: i64, end: i64) -> Observation {
    let device = DeviceId::new(device).unwrap();
    let interval = Interval::new(DAY.start().plus(start), DAY.start().plus(end)).unwrap();
    Observation::new(Arc::new(Subject { device, seen }), interval)
}

fn used(name: &str) -> Seen {
    Seen::Use { app: AppName::new(name).unwrap(), domain: None, project: None }
}

fn page(domain: &str) -> Seen {
    let domain = Some(Domain::new(domain).unwrap());
    Seen::Page { browser: AppName::new("Firefox").unwrap(), domain, audible: false }
}

fn beat() -> Seen {
    Seen::Beat { app: AppName::new("Code").unwrap(), project: None, language: None }
}

/// Stretches for each tenth of the observations, recorded one by one.
fn cost(observations: &[Observation]) -> Vec<usize> {
    let mut day = LedgerDay::empty(DAY, Choices::default());
    let mut tenth = |observations: &[Observation]| {
        let before = STRETCHES.get();
        for observation in observations {
            day.record(std::slice::from_ref(observation));
        }
        STRETCHES.get() - before
    };
    observations.chunks(observations.len().div_ceil(10)).map(&mut tenth).collect()
}

fn assert_linear(observations: &[Observation], most_each: usize) {
    let cost = cost(observations);
    let each: Vec<usize> = cost.iter().map(|cost| cost * 10 / observations.len()).collect();
    assert!(each.iter().all(|&each| each > 0 && each <= most_each), "{each:?} stretches an observation");
    assert!(cost[9] * 10 <= cost[1] * 11, "{each:?} stretches an observation, tenth by tenth");
}

#[test]
fn a_day_of_8640_observations_in_order_costs_the_same_from_morning_to_night() {
    let points: Vec<Observation> = (0..8_640)
        .map(|n| {
            observation(
                "pc",
                used(["Code", "Mail"][n as usize / 7 % 2]),
                n * 10 * SECOND,
                n * 10 * SECOND + 1,
            )
        })
        .collect();
    assert_linear(&points, 40);
}

#[test]
fn switching_every_few_seconds_on_two_devices_with_pages_beats_and_away_costs_the_same_all_day() {
    let mut observations = Vec::new();
    let apps = ["Firefox", "Code", "Mail", "Terminal", "Chat"];
    for n in 0..(DAY_MS / (7 * SECOND) - 1) {
        let (start, end) = (n * 7 * SECOND, (n + 1) * 7 * SECOND);
        observations.push(observation("pc", used(apps[n as usize % 5]), start, end));
        if n % 2 == 0 {
            observations.push(observation("phone", used(apps[n as usize % 3]), start + 3 * SECOND, end));
        }
        if n % 3 == 0 {
            observations.push(observation("pc", page(&format!("{}.org", n % 50)), start, end));
        }
        if n % 4 == 0 {
            observations.push(observation("pc", beat(), start, start + 1));
        }
        if n % 100 == 0 {
            observations.push(observation("pc", Seen::Away, start, end));
        }
    }
    assert_linear(&observations, 400);
}

#[test]
fn a_ping_that_grows_costs_the_same_however_long_the_day_was() {
    let mut observations: Vec<Observation> = (0..5_000)
        .map(|n| observation("pc", used(&format!("App {}", n % 60)), n * 10 * SECOND, (n + 1) * 10 * SECOND))
        .collect();
    let start = 50_000 * SECOND;
    observations.extend((1..5_000).map(|n| observation("pc", used("Code"), start, start + n * SECOND)));
    assert_linear(&observations, 60);
}
