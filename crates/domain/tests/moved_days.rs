//! Local days that begin later than at midnight, in zones made by hand.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::sync::Arc;

use dayline_domain::report::{local_day, local_days};
use dayline_domain::zone::shown_at;
use dayline_domain::{DAY_MS, DayStart, Interval, LocalDate, UtcMs, Zone, with_days_from};
use proptest::prelude::*;
use support::zone::{FakeZone, zones};
use support::{DAY, at, interval};

const HOUR: i64 = 3_600_000;
const DATE: LocalDate = LocalDate(DAY.0);

fn start(minutes: u16) -> DayStart {
    DayStart::from_minutes(minutes).unwrap()
}

fn moved(zone: FakeZone, minutes: u16) -> Arc<dyn Zone> {
    with_days_from(Arc::new(zone), start(minutes))
}

/// In hours, how long the days from `DATE` on are.
fn lengths(zone: &dyn Zone, days: i32) -> Vec<i64> {
    let day = |n| local_day(zone, DATE.plus_days(n)).map_or(0, |day| day.ms() / HOUR);
    (0..days).map(day).collect()
}

#[test]
fn a_day_that_begins_at_four_has_what_is_before_on_the_day_before() {
    let zone = moved(FakeZone::fixed(-5 * 3600), 4 * 60);
    assert_eq!(local_day(&*zone, DATE), Some(interval(9 * HOUR, 33 * HOUR)));
    assert_eq!((zone.date_at(at(9 * HOUR - 1)), zone.date_at(at(9 * HOUR))), (DATE.plus_days(-1), DATE));
    assert_eq!((zone.name(), zone.day_start(), zone.offset_s_at(at(0))), ("Test/Fake", start(240), -18_000));
}

#[test]
fn the_day_in_which_the_clock_is_changed_has_23_or_25_hours() {
    let spring = || FakeZone { before: -5 * 3600, changes: vec![(at(DAY_MS + 7 * HOUR), -4 * 3600)] };
    let autumn = || FakeZone { before: -4 * 3600, changes: vec![(at(DAY_MS + 6 * HOUR), -5 * 3600)] };
    // At 02:00 of the second day: it is the night of the first one if days begin at four.
    assert_eq!(lengths(&*moved(spring(), 0), 3), [24, 23, 24]);
    assert_eq!(lengths(&*moved(spring(), 240), 3), [23, 24, 24]);
    assert_eq!(lengths(&*moved(autumn(), 0), 3), [24, 25, 24]);
    assert_eq!(lengths(&*moved(autumn(), 240), 3), [25, 24, 24]);
}

#[test]
fn a_beginning_that_the_clock_skips_is_where_it_goes_on_and_one_shown_twice_is_the_first() {
    // From 02:00 to 03:00, and from 02:00 back to 01:00; days begin at 02:30 and at 01:30.
    let spring = FakeZone { before: 0, changes: vec![(at(2 * HOUR), 3600)] };
    assert_eq!(moved(spring, 150).start_of(DATE), at(2 * HOUR));
    let autumn = moved(FakeZone { before: 0, changes: vec![(at(2 * HOUR), -3600)] }, 90);
    let half_past = at(HOUR + HOUR / 2);
    assert_eq!(autumn.start_of(DATE), half_past);
    // At 01:10 by the clock that was put back, it still is the day that has begun.
    assert_eq!(autumn.date_at(at(2 * HOUR + HOUR / 6)), DATE);
    assert_eq!(autumn.date_at(half_past.plus(-1)), DATE.plus_days(-1));
}

#[test]
fn a_day_that_the_zone_skips_is_empty_whenever_days_begin() {
    let skips = || FakeZone { before: -10 * 3600, changes: vec![(at(10 * HOUR), 14 * 3600)] };
    for minutes in [0, 1, 240, 720] {
        let zone = moved(skips(), minutes);
        let days = (-2..3).map(|n| local_day(&*zone, DATE.plus_days(n)).map_or(0, Interval::ms));
        let days: Vec<i64> = days.collect();
        assert_eq!(days.iter().sum::<i64>(), 4 * DAY_MS, "{minutes}: {days:?}");
        assert!(days.iter().all(|ms| *ms <= DAY_MS), "{minutes}: {days:?}");
    }
    assert_eq!(local_day(&*moved(skips(), 0), DATE), None);
}

#[test]
fn a_day_whose_midnight_is_skipped_begins_by_the_clock_all_the_same() {
    let zone = || FakeZone { before: -3 * 3600, changes: vec![(at(3 * HOUR), -2 * 3600)] };
    assert_eq!(moved(zone(), 0).start_of(DATE), at(3 * HOUR));
    assert_eq!(moved(zone(), 30).start_of(DATE), at(3 * HOUR));
    assert_eq!(moved(zone(), 240).start_of(DATE), at(6 * HOUR));
}

/// The instants at which something may be odd: changes, beginnings of days, and what is around them.
fn odd_instants(zone: &dyn Zone) -> Vec<UtcMs> {
    let mut instants: Vec<UtcMs> = (-6..14).map(|n| zone.start_of(DATE.plus_days(n))).collect();
    let mut now = at(-5 * DAY_MS);
    while let Some(change) = zone.next_transition(now) {
        instants.push(change);
        now = change;
    }
    instants.iter().flat_map(|at| [-1, 0, 1, 1_800_000].map(|ms| at.plus(ms))).collect()
}

proptest! {
    #![proptest_config(support::cases(500))]

    #[test]
    fn at_midnight_it_is_the_zone_itself(zone in zones()) {
        let zone: Arc<dyn Zone> = Arc::new(zone);
        let moved = with_days_from(Arc::clone(&zone), DayStart::default());
        prop_assert!(Arc::ptr_eq(&zone, &moved));
    }

    #[test]
    fn days_tile_the_time(zone in zones(), minutes in 0..=720u16) {
        let zone = moved(zone, minutes);
        let all = local_days(&*zone, DATE.plus_days(-5)..=DATE.plus_days(12)).unwrap();
        let mut end = all.start();
        for n in -5..=12 {
            let date = DATE.plus_days(n);
            let Some(day) = local_day(&*zone, date) else {
                prop_assert_eq!(zone.start_of(date), end);
                continue;
            };
            prop_assert_eq!(day.start(), end);
            prop_assert_eq!((zone.date_at(day.start()), zone.date_at(day.end().plus(-1))), (date, date));
            end = day.end();
        }
        prop_assert_eq!(end, all.end());
    }

    #[test]
    fn a_day_starts_where_its_clock_first_shows_its_beginning(zone in zones(), minutes in 0..=720u16) {
        let zone = moved(zone, minutes);
        for n in -5..=12 {
            let wanted = (i64::from(DATE.0) + i64::from(n)) * DAY_MS + start(minutes).ms();
            let begins = zone.start_of(DATE.plus_days(n));
            prop_assert!(shown_at(&*zone, begins) >= wanted);
            for instant in odd_instants(&*zone).into_iter().filter(|instant| *instant < begins) {
                prop_assert!(shown_at(&*zone, instant) < wanted, "{:?} {:?}", instant, begins);
            }
        }
    }

    #[test]
    fn every_instant_is_of_the_day_that_holds_it(zone in zones(), minutes in 0..=720u16) {
        let zone = moved(zone, minutes);
        for instant in odd_instants(&*zone) {
            let day = local_day(&*zone, zone.date_at(instant)).unwrap();
            prop_assert!(day.start() <= instant && instant < day.end(), "{:?} {:?}", instant, day);
        }
    }
}
