//! Merges of devices, where the oracle's property meets them too seldom.

use dayline_domain::activity::Activity;
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, CorrectionId, Says};
use dayline_domain::merges::{Merge, Merges, Terms};
use dayline_domain::timeline::day::LedgerDay;
use dayline_domain::{DeviceId, UtcDay};

use crate::values::{app, device, interval, observation, source, used};

/// The terms of whom `old` is merged into `new`.
fn merged() -> Terms {
    let merges = Merges::of([Merge { device: device("old"), into: device("new") }]);
    Terms { merges, ..Terms::default() }
}

fn entry(id: u128, version: u64, name: &str) -> Correction {
    let says = Says::Entry { interval: interval(0, 60_000), source: source(name, Activity::of(app("Call"))) };
    Correction { id: CorrectionId::from_bits(id), version, says }
}

fn counted_on(day: &LedgerDay) -> Vec<DeviceId> {
    day.counted().map(|piece| piece.source.device.clone()).collect()
}

#[test]
fn an_entry_that_decides_only_later_is_merged_as_well() {
    let mut day = LedgerDay::empty(UtcDay(0), Choices::default());
    let covering = entry(2, 2, "new");
    day.correct(&[entry(1, 1, "old"), covering.clone()]);
    assert_eq!(counted_on(&day), [device("new")]);
    let change = day.choose(merged()).expect("other terms");
    assert!(change.counted.is_empty());
    let deleted = Correction { version: 3, says: Says::Nothing, ..covering };
    day.correct(std::slice::from_ref(&deleted));
    assert_eq!(counted_on(&day), [device("new")]);
    let told = [entry(1, 1, "old"), deleted];
    let restored = LedgerDay::restore(UtcDay(0), day.version(), merged(), [], told);
    assert!(restored.counted().eq(day.counted()));
}

#[test]
fn a_renewed_day_has_another_version_and_all_of_its_hours_to_be_written() {
    let mut day = LedgerDay::empty(UtcDay(0), Choices::default());
    day.record(&[
        observation("pc", used("Code", None), 0, 60_000),
        observation("pc", used("Mail", None), 7_200_000, 7_260_000),
    ]);
    let before: Vec<_> = day.counted().collect();
    let change = day.renew();
    assert_eq!((change.from_version, change.to_version, day.version()), (1, 2, 2));
    assert!(change.counted.is_empty() && change.observed.is_empty() && !change.corrected);
    assert_eq!(change.hours, day.hours());
    assert!(day.counted().eq(before));
}
