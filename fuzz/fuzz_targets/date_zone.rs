//! Dates and zones as a report asks for them. Input: a date, a zone and milliseconds since 1970, one a line.

#![no_main]

use std::sync::LazyLock;

use dayline_app::ports::TimeZones;
use dayline_domain::{LocalDate, UtcMs, Zone};
use dayline_local::JiffZones;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<JiffZones> = LazyLock::new(JiffZones::new);

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (date, zone, at) = (next().parse::<LocalDate>(), ZONES.find(next()), next().parse());
    if let Ok(date) = date {
        assert_eq!(Some(date.to_string().as_str()), text.split('\n').next(), "a date has one text");
    }
    let Some(zone) = zone else { return };
    let again = ZONES.find(zone.name()).expect("a zone is found by its own name");
    assert_eq!(again.name(), zone.name());
    if let Ok(date) = date {
        check_day(&*zone, date);
    }
    if let Ok(at) = at {
        check_instant(&*zone, UtcMs(at));
    }
});

/// Days follow each other, and a day starts at the first instant that shows its date or a later one.
fn check_day(zone: &dyn Zone, date: LocalDate) {
    let start = zone.start_of(date);
    assert!(start <= zone.start_of(date.plus_days(1)));
    assert!(zone.start_of(date.plus_days(-1)) <= start);
    assert!(zone.date_at(start) >= date, "{date} in {} starts at {start:?}", zone.name());
    assert!(zone.date_at(start.plus(-1)) < date, "{date} in {} starts before {start:?}", zone.name());
}

/// The offset holds from one transition to the next.
fn check_instant(zone: &dyn Zone, at: UtcMs) {
    let offset = zone.offset_s_at(at);
    assert!(offset.abs() < 26 * 3_600);
    let Some(change) = zone.next_transition(at) else { return };
    assert!(change > at, "the next transition of {} after {at:?} is {change:?}", zone.name());
    assert_ne!(zone.offset_s_at(change), offset);
    for part in 1..8 {
        assert_eq!(zone.offset_s_at(at.plus(change.since(at) / 8 * part)), offset);
    }
    assert_eq!(zone.offset_s_at(change.plus(-1)), offset);
}
