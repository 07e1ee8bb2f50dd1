//! What every source of time zones keeps. It must know `UTC`, `Etc/GMT+5` and `Asia/Tokyo`.

use std::sync::Arc;

use dayline_app::ports::TimeZones;
use dayline_domain::{DAY_MS, LocalDate, UtcDay, UtcMs};

use super::Fact;

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Arc<dyn TimeZones>>] = &[
    Fact::new("names_are_found_in_any_case_and_come_back_as_spelled", |z| {
        Box::pin(async move { names_are_found_in_any_case_and_come_back_as_spelled(&*z) })
    }),
    Fact::new("what_windows_calls_a_zone_is_that_zone", |z| {
        Box::pin(async move { what_windows_calls_a_zone_is_that_zone(&*z) })
    }),
    Fact::new("other_names_are_not_found", |z| Box::pin(async move { other_names_are_not_found(&*z) })),
    Fact::new("a_fixed_zone_never_changes", |z| Box::pin(async move { a_fixed_zone_never_changes(&*z) })),
    Fact::new("days_start_at_local_midnight", |z| Box::pin(async move { days_start_at_local_midnight(&*z) })),
];

const FIXED: [(&str, i32); 3] = [("UTC", 0), ("Etc/GMT+5", -18_000), ("Asia/Tokyo", 32_400)];
/// 2026-11-20T12:00:00Z.
const NOW: UtcMs = UtcMs(1_795_176_000_000);

fn names_are_found_in_any_case_and_come_back_as_spelled(zones: &dyn TimeZones) {
    for (name, _) in FIXED {
        for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            assert_eq!(zones.find(&spelling).unwrap().name(), name);
        }
    }
}

fn what_windows_calls_a_zone_is_that_zone(zones: &dyn TimeZones) {
    for windows in ["Tokyo Standard Time", "tokyo standard time"] {
        assert_eq!(zones.find(windows).unwrap().name(), "Asia/Tokyo");
    }
    assert!(zones.find("Tokyo Daylight Time").is_none());
}

fn other_names_are_not_found(zones: &dyn TimeZones) {
    for name in [
        "",
        "UTC ",
        " UTC",
        "UTC\0",
        "Mars/Olympus",
        "Asia",
        "Asia/",
        "EST5EDT,M3.2.0,M11.1.0",
        "+05:00",
        "é",
    ] {
        assert!(zones.find(name).is_none(), "{name:?}");
    }
}

fn a_fixed_zone_never_changes(zones: &dyn TimeZones) {
    for (name, offset_s) in FIXED {
        let zone = zones.find(name).unwrap();
        for at in [NOW, NOW.plus(180 * DAY_MS), NOW.plus(3_650 * DAY_MS)] {
            assert_eq!(zone.offset_s_at(at), offset_s, "{name}");
            assert_eq!(zone.next_transition(at), None, "{name}");
        }
    }
}

fn days_start_at_local_midnight(zones: &dyn TimeZones) {
    for (name, offset_s) in FIXED {
        let zone = zones.find(name).unwrap();
        for days in 20_000..20_400 {
            let start = zone.start_of(LocalDate(days));
            assert_eq!(start, UtcDay(days).start().plus(-1_000 * i64::from(offset_s)), "{name}");
            assert_eq!(zone.date_at(start), LocalDate(days), "{name}");
            assert_eq!(zone.date_at(start.plus(-1)), LocalDate(days - 1), "{name}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeZones;
    use crate::suites::prove;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || Arc::new(FakeZones) as Arc<dyn TimeZones>).await;
    }
}
