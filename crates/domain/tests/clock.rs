//! Which instants a clock on the wall means, in zones made by hand.

mod support;

use dayline_domain::zone::{all_showing, shown_at};
use dayline_domain::{DAY_MS, UtcMs};
use proptest::prelude::*;
use support::at;
use support::zone::{FakeZone, zones};

const HOUR: i64 = 3_600_000;

#[test]
fn what_the_clock_skips_is_never_shown_and_what_it_repeats_is_shown_twice() {
    // Two hours into the day clocks are put forward from 02:00 to 03:00, or back from 02:00 to 01:00.
    let spring = FakeZone { before: 0, changes: vec![(at(2 * HOUR), 3600)] };
    let autumn = FakeZone { before: 0, changes: vec![(at(2 * HOUR), -3600)] };
    let shown = |hours: i64| at(hours * HOUR + HOUR / 2).0;
    let found = |zone: &FakeZone, hours| {
        let found = all_showing(zone, shown(hours)).into_iter();
        found.map(|at: UtcMs| at.0 - support::at(0).0).collect::<Vec<_>>()
    };
    assert_eq!(found(&spring, 1), [HOUR * 3 / 2]);
    assert_eq!(found(&spring, 2), [0_i64; 0]);
    assert_eq!(found(&spring, 3), [HOUR * 5 / 2]);
    assert_eq!(found(&autumn, 1), [HOUR * 3 / 2, HOUR * 5 / 2]);
    assert_eq!(found(&autumn, 2), [HOUR * 7 / 2]);
}

proptest! {
    #![proptest_config(support::cases(500))]

    #[test]
    fn the_instants_that_show_something_are_all_that_do(zone in zones(), ms in -3 * DAY_MS..8 * DAY_MS) {
        let shown = shown_at(&zone, at(ms));
        let found = all_showing(&zone, shown);
        prop_assert!(found.contains(&at(ms)));
        prop_assert!(found.is_sorted());
        // Each offset that the zone ever has shows it at one instant, if it is in force then.
        let offsets = [zone.before].into_iter().chain(zone.changes.iter().map(|(_, offset)| *offset));
        let mut all: Vec<_> = offsets.map(|offset| UtcMs(shown - i64::from(offset) * 1_000)).collect();
        all.retain(|at| shown_at(&zone, *at) == shown);
        all.sort_unstable();
        all.dedup();
        prop_assert_eq!(found, all);
    }
}
