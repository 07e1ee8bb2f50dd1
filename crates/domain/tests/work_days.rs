//! Work hours against all milliseconds that counted, in zones made by hand.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::sync::Arc;

use dayline_domain::report::{LocalDays, WorkDay, WorkDays, Worked, local_day};
use dayline_domain::{DAY_MS, DayStart, Interval, LocalDate, Weekday, with_days_from};
use proptest::prelude::*;
use support::zone::{FakeZone, zones};
use support::{DAY, at, interval};

const DATE: LocalDate = LocalDate(DAY.0);
const HOUR: i64 = 3_600_000;

fn days(zone: FakeZone, day_start: u16, (from, to): (i32, i32)) -> LocalDays {
    let zone = with_days_from(Arc::new(zone), DayStart::from_minutes(day_start).unwrap());
    LocalDays { zone, from: DATE.plus_days(from), to: DATE.plus_days(to), week_start: Weekday::Monday }
}

fn sheet(days: &LocalDays, counted: &[Interval]) -> Vec<WorkDay> {
    let mut sheet = WorkDays::of(days);
    for counted in counted {
        sheet.add(*counted);
    }
    sheet.days()
}

#[test]
fn a_day_has_its_first_and_last_and_what_lies_between() {
    let counted =
        [interval(9 * HOUR, 12 * HOUR), interval(23 * HOUR, 25 * HOUR), interval(13 * HOUR, 14 * HOUR)];
    let worked = |first, last, ms| Some(Worked { first: at(first), last: at(last), ms });
    let expected = [
        WorkDay { date: DATE, worked: worked(9 * HOUR, 24 * HOUR, 5 * HOUR) },
        WorkDay { date: DATE.plus_days(1), worked: worked(24 * HOUR, 25 * HOUR, HOUR) },
        WorkDay { date: DATE.plus_days(2), worked: None },
    ];
    assert_eq!(sheet(&days(FakeZone::fixed(0), 0, (0, 2)), &counted), expected);
}

proptest! {
    #![proptest_config(support::cases(300))]

    #[test]
    fn each_day_is_what_its_parts_are(
        zone in zones(),
        day_start in 0..=720u16,
        lengths in prop::collection::vec((0..30 * HOUR, 1..40 * HOUR), 0..12),
        reversed: bool,
    ) {
        let days = days(zone, day_start, (-1, 6));
        let mut end = -3 * DAY_MS;
        let mut counted: Vec<Interval> = Vec::new();
        for (gap, length) in lengths {
            counted.push(interval(end + gap, end + gap + length));
            end += gap + length;
        }
        if reversed {
            counted.reverse();
        }
        let mut expected = Vec::new();
        for n in -1..=6 {
            let date = DATE.plus_days(n);
            let Some(day) = local_day(&*days.zone, date) else { continue };
            let parts: Vec<Interval> = counted.iter().filter_map(|counted| counted.clip(day)).collect();
            let first = parts.iter().map(|part| part.start()).min();
            let last = parts.iter().map(|part| part.end()).max();
            let ms = parts.iter().map(|part| part.ms()).sum();
            let worked = first.zip(last).map(|(first, last)| Worked { first, last, ms });
            expected.push(WorkDay { date, worked });
        }
        prop_assert_eq!(sheet(&days, &counted), expected);
    }
}
