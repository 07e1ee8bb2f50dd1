//! Days far larger than any that a person has: they are settled like all others, and in a time that
//! grows with them.

use dayline_domain::activity::{Activity, Piece};
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::observation::Observation;
use dayline_domain::timeline::day::LedgerDay;
use dayline_domain::timeline::steps::settle;

use crate::cases::DAY;
use crate::values::{app, interval, observation, source, used};

fn at(ms: i64) -> i64 {
    DAY.start().0 + ms
}

fn counted(day: &LedgerDay) -> Vec<Piece> {
    day.counted().collect()
}

#[test]
fn thousands_of_apps_at_the_same_time_are_settled_like_any_others() {
    let names: Vec<String> = (0..5_000).map(|n| format!("App {n}")).collect();
    let seen = |from: i64, to: i64| -> Vec<Observation> {
        names.iter().map(|name| observation("pc", used(name, None), at(from), at(to))).collect()
    };
    let (first, later) = (seen(0, 60_000), seen(60_000, 65_000));
    let mut day = LedgerDay::empty(DAY, Choices::default());
    for batch in first.chunks(1_000).chain(later.chunks(1_000)) {
        day.record(batch);
    }
    assert_eq!(counted(&day), settle(DAY, &[first, later].concat(), &[], Choices::default()));
    assert_eq!(day.counted().count(), 1);
}

#[test]
fn hundreds_of_devices_at_the_same_time_are_settled_like_any_others() {
    let mut day = LedgerDay::empty(DAY, Choices::default());
    let seen: Vec<Observation> = (0..3_000)
        .map(|n| {
            let start = at(n * 1_000);
            observation(&format!("device {}", n % 300), used("Code", None), start, start + 60_000)
        })
        .collect();
    for observation in &seen {
        day.record(std::slice::from_ref(observation));
    }
    assert_eq!(counted(&day), settle(DAY, &seen, &[], Choices::default()));
    assert!(day.counted().count() >= 3_000);
}

#[test]
fn ten_thousand_corrections_of_a_day_are_found_out_once() {
    let correction = |n: i64| {
        let told = interval(at(n * 4_000), at(n * 4_000 + 3_000));
        let says = if n % 2 == 0 {
            Says::Entry {
                interval: told,
                source: source("pc", Activity::of(app(&format!("Entry {}", n % 7)))),
            }
        } else {
            Says::Erasure { interval: told }
        };
        Correction { id: CorrectionId::from_bits(n as u128), version: n as u64 + 1, says }
    };
    let corrections: Vec<Correction> = (0..10_000).map(correction).collect();
    let seen: Vec<Observation> = (0..2_000)
        .map(|n| observation("pc", used("Code", None), at(n * 20_000), at(n * 20_000 + 20_000)))
        .collect();
    let mut day = LedgerDay::empty(DAY, Choices::default());
    day.correct(&corrections);
    for observation in &seen {
        day.record(std::slice::from_ref(observation));
    }
    let expected = settle(DAY, &seen, &corrections, Choices::default());
    assert_eq!(counted(&day), expected);
    assert!(expected.len() > 10_000);
    let restored =
        LedgerDay::restore(DAY, day.version(), day.choices(), day.observations(), day.corrections());
    assert_eq!(counted(&restored), expected);
}
