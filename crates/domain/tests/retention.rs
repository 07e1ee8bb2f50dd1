//! Where the border lies between what is kept and what is past, in any zone and with days that begin at any time.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::sync::Arc;

use dayline_domain::{DAY_MS, DayStart, Retention, UtcDay, UtcMs, Zone, kept_since, with_days_from};
use proptest::prelude::*;
use support::zone::{FakeZone, zones};
use support::{DAY, at};

const HOUR: i64 = 3_600_000;

fn keep(text: &str) -> Retention {
    text.parse().unwrap()
}

fn moved(zone: FakeZone, minutes: u16) -> Arc<dyn Zone> {
    with_days_from(Arc::new(zone), DayStart::from_minutes(minutes).unwrap())
}

fn first_day(text: &str, zone: &dyn Zone, now: UtcMs) -> UtcDay {
    kept_since([keep(text)], zone, now).unwrap().day
}

#[test]
fn today_and_so_many_whole_days_before_it_are_kept_by_the_persons_own_clock() {
    let yesterday = UtcDay(DAY.0 - 1);
    assert_eq!(first_day("1d", &FakeZone::fixed(0), at(HOUR)), yesterday);
    // In the west it is still yesterday, and days begin later in UTC's; in the east they begin in the day before.
    let west = FakeZone::fixed(-5 * 3600);
    assert_eq!(first_day("1d", &west, at(5 * HOUR - 1)), UtcDay(DAY.0 - 2));
    assert_eq!(first_day("1d", &west, at(5 * HOUR)), yesterday);
    let east = FakeZone::fixed(2 * 3600);
    assert_eq!(first_day("1d", &east, at(0)), UtcDay(DAY.0 - 2));
    assert_eq!(first_day("1d", &east, at(22 * HOUR)), yesterday);
}

#[test]
fn a_day_that_begins_at_four_is_kept_until_four() {
    let late = moved(FakeZone::fixed(0), 240);
    assert_eq!(first_day("1d", &*late, at(4 * HOUR - 1)), UtcDay(DAY.0 - 2));
    assert_eq!(first_day("1d", &*late, at(4 * HOUR)), UtcDay(DAY.0 - 1));
}

#[test]
fn over_a_change_of_the_clock_days_and_not_hours_are_counted() {
    // At 02:00 of the day before the clock went forward.
    let spring = FakeZone { before: 3600, changes: vec![(at(-23 * HOUR), 2 * 3600)] };
    let kept = kept_since([keep("1d")], &spring, at(12 * HOUR)).unwrap();
    assert_eq!(spring.start_of(kept.date), at(-25 * HOUR));
    assert_eq!(kept.day, UtcDay(DAY.0 - 2));
}

#[test]
fn the_shortest_of_several_holds_and_without_any_all_is_kept() {
    let (zone, now) = (FakeZone::fixed(0), at(0));
    assert_eq!(kept_since([keep("3y"), keep("30d")], &zone, now), kept_since([keep("30d")], &zone, now));
    assert_eq!(kept_since([keep("1mo"), keep("3y")], &zone, now), kept_since([keep("1mo")], &zone, now));
    assert_eq!(kept_since([], &zone, now), None);
}

fn retentions() -> impl Strategy<Value = Retention> {
    prop_oneof![
        (1u16..3_000).prop_map(|n| keep(&format!("{n}d"))),
        (1u16..100).prop_map(|n| keep(&format!("{n}mo"))),
        (1u16..20).prop_map(|n| keep(&format!("{n}y"))),
    ]
}

proptest! {
    #[test]
    fn nothing_goes_of_a_kept_day_and_all_goes_that_is_a_day_older(
        zone in zones(),
        minutes in 0u16..=720,
        keep in retentions(),
        now in -10 * DAY_MS..10 * DAY_MS,
    ) {
        let (zone, now) = (moved(zone, minutes), at(now));
        let kept = kept_since([keep], &*zone, now).unwrap();
        let begins = zone.start_of(kept.date);
        prop_assert!(kept.day.start() <= begins, "a part of the first kept day would go");
        prop_assert!(begins.since(kept.day.start()) < DAY_MS, "more than a day of what is past would stay");
        prop_assert!(kept.date < zone.date_at(now));
    }

    #[test]
    fn what_is_kept_never_comes_to_be_past_and_goes_back(
        zone in zones(),
        minutes in 0u16..=720,
        keep in retentions(),
        (now, later) in (-10 * DAY_MS..10 * DAY_MS, 0..10 * DAY_MS),
    ) {
        let zone = moved(zone, minutes);
        let day = |now| kept_since([keep], &*zone, now).unwrap().day;
        prop_assert!(day(at(now)) <= day(at(now + later)));
    }

    #[test]
    fn nobody_anywhere_is_outside_of_the_bounds_that_need_no_zone(
        offset in -16 * 3600..16 * 3600,
        minutes in 0u16..=720,
        keep in retentions(),
        now in -10 * DAY_MS..10 * DAY_MS,
    ) {
        let (zone, now) = (moved(FakeZone::fixed(offset), minutes), at(now));
        let day = kept_since([keep], &*zone, now).unwrap().day;
        prop_assert!(keep.earliest(now) <= day && day <= keep.latest(now));
    }
}
