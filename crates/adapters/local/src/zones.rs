//! Time zones from the IANA database that is built into the binary, so that the same binary gives
//! the same answer everywhere; also by what Windows calls them. Not here: the system's own database, and zones without a name (POSIX
//! rules).

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use dayline_app::ports::TimeZones;
use dayline_domain::zone::first_showing;
use dayline_domain::{DAY_MS, LocalDate, UtcMs, Zone};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::windows_zones::iana_name;

/// Further from UTC than any zone ever was or can be (RFC 9636 bounds offsets below 26 h).
const MAX_OFFSET_MS: i64 = 26 * 3_600_000;

/// In the database, but says "nobody has set this machine's zone" instead of naming one.
const NOT_A_PLACE: &str = "Factory";

/// The IANA time zones. A zone is parsed when it is first asked for and then kept.
pub struct JiffZones {
    data: TimeZoneDatabase,
    /// By name without regard to case.
    zones: Vec<Entry>,
}

struct Entry {
    name: Box<str>,
    zone: OnceLock<Option<Arc<JiffZone>>>,
}

impl Default for JiffZones {
    fn default() -> Self {
        Self::new()
    }
}

impl JiffZones {
    /// All zones of the built-in database.
    pub fn new() -> Self {
        let data = TimeZoneDatabase::bundled();
        let names = data.available().filter(|name| name.as_str() != NOT_A_PLACE);
        let mut zones: Vec<Entry> =
            names.map(|name| Entry { name: name.as_str().into(), zone: OnceLock::new() }).collect();
        zones.sort_unstable_by(|a, b| by_name(&a.name, &b.name));
        Self { data, zones }
    }

    /// The names of all zones, as the database spells them, in order without regard to case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.zones.iter().map(|entry| &*entry.name)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let at = self.zones.binary_search_by(|entry| by_name(&entry.name, name)).ok()?;
        self.zones.get(at)
    }

    fn load(&self, name: &str) -> Option<Arc<JiffZone>> {
        let rules = self.data.get(name).ok()?;
        Some(Arc::new(JiffZone { name: name.into(), rules }))
    }
}

impl TimeZones for JiffZones {
    fn find(&self, name: &str) -> Option<Arc<dyn Zone>> {
        let entry = self.entry(name).or_else(|| self.entry(iana_name(name)?))?;
        let zone = entry.zone.get_or_init(|| self.load(&entry.name)).as_ref()?;
        Some(Arc::<JiffZone>::clone(zone))
    }
}

fn by_name(a: &str, b: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(lower).cmp(b.bytes().map(lower))
}

struct JiffZone {
    name: Box<str>,
    rules: TimeZone,
}

impl Zone for JiffZone {
    fn name(&self) -> &str {
        &self.name
    }

    fn offset_s_at(&self, at: UtcMs) -> i32 {
        self.rules.to_offset(timestamp(at)).seconds()
    }

    fn next_transition(&self, at: UtcMs) -> Option<UtcMs> {
        let at = timestamp(at);
        let offset = self.rules.to_offset(at);
        // Some transitions change only the abbreviation or what is called daylight saving time.
        let change = self.rules.following(at).find(|change| change.offset() != offset)?;
        Some(UtcMs(change.timestamp().as_millisecond()))
    }

    fn start_of(&self, date: LocalDate) -> UtcMs {
        let midnight = i64::from(date.0) * DAY_MS;
        // Before this instant it is an earlier date in any zone.
        first_showing(self, UtcMs(midnight - MAX_OFFSET_MS), midnight)
    }
}

/// The instant as jiff knows it. Jiff ends shortly before the year 10000; what is beyond has the
/// offset of the end.
fn timestamp(at: UtcMs) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> Arc<dyn Zone> {
        JiffZones::new().find(name).unwrap()
    }

    fn start(zone_name: &str, day: &str) -> String {
        let at = zone(zone_name).start_of(date(day));
        Timestamp::from_millisecond(at.0).unwrap().to_string()
    }

    #[test]
    fn names_are_found_in_any_case_and_spelled_as_the_database_does() {
        for name in ["America/New_York", "america/new_york", "AMERICA/NEW_YORK"] {
            assert_eq!(zone(name).name(), "America/New_York");
        }
        assert_eq!(zone("utc").name(), "UTC");
        assert_eq!(zone("W. Europe Standard Time").name(), "Europe/Berlin");
    }

    #[test]
    fn every_listed_name_is_found_and_keeps_its_spelling() {
        let zones = JiffZones::new();
        assert!(zones.names().count() > 590);
        for name in zones.names() {
            assert_eq!(zones.find(name).map(|zone| zone.name().to_owned()).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        let zones = JiffZones::new();
        for name in [
            "",
            " ",
            "Factory",
            "factory",
            "localtime",
            "posixrules",
            "posix/Europe/Berlin",
            "right/UTC",
            "Etc/Unknown",
            "Europe",
            "Europe/",
            "/Europe/Berlin",
            "Europe/Berlin ",
            " UTC",
            "Europe/Berlin\0",
            "EST5EDT,M3.2.0,M11.1.0",
            "<-03>3",
            "+05:00",
            "UTC+5",
            "Z",
            "../../etc/passwd",
            "Europe\\Berlin",
            "europe/berlın",
            "tzdata.zi",
        ] {
            assert!(zones.find(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_day_starts_where_the_clock_first_shows_it() {
        assert_eq!(start("UTC", "2026-11-20"), "2026-11-20T00:00:00Z");
        assert_eq!(start("America/New_York", "2026-11-20"), "2026-11-20T05:00:00Z");
        // Midnight itself is skipped: the day starts at 01:00.
        assert_eq!(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00Z");
        // Midnight comes twice: the day starts at the first one.
        assert_eq!(start("America/Havana", "2026-11-01"), "2026-11-01T04:00:00Z");
        // The clock went back from 00:01 to 23:01: the first 00:00 counts.
        assert_eq!(start("America/St_Johns", "2010-11-07"), "2010-11-07T02:30:00Z");
    }

    #[test]
    fn a_day_that_does_not_exist_starts_where_the_next_one_does() {
        for (name, day, next) in [
            ("Pacific/Apia", "2011-12-30", "2011-12-31"),
            ("Pacific/Fakaofo", "2011-12-30", "2011-12-31"),
            ("Pacific/Kwajalein", "1993-08-21", "1993-08-22"),
            ("Pacific/Kiritimati", "1994-12-31", "1995-01-01"),
        ] {
            assert_eq!(start(name, day), start(name, next), "{name}");
            assert_ne!(start(name, day), start(name, &date(day).plus_days(-1).to_string()), "{name}");
        }
    }

    #[test]
    fn only_changes_of_the_offset_are_transitions_and_none_is_left_out() {
        // Dublin's data swaps what is called daylight saving time, Casablanca's follows the moon.
        for name in ["Europe/Dublin", "Africa/Casablanca", "Europe/Lisbon", "America/Anchorage"] {
            let zone = zone(name);
            let (mut now, end) = (zone.start_of(date("1900-01-01")), zone.start_of(date("2040-01-01")));
            let mut steps = 0;
            while let Some(change) = zone.next_transition(now).filter(|&change| change < end) {
                assert!(change > now, "{name}");
                assert_ne!(zone.offset_s_at(change), zone.offset_s_at(now), "{name} {change:?}");
                for step in 1..100 {
                    let between = now.plus(change.since(now) / 100 * step);
                    assert_eq!(zone.offset_s_at(between), zone.offset_s_at(now), "{name} {change:?}");
                }
                (now, steps) = (change, steps + 1);
            }
            assert!(steps > 50, "{name} has {steps} transitions");
        }
    }

    #[test]
    fn no_date_and_no_instant_is_too_far() {
        let zones = JiffZones::new();
        let dates = [LocalDate(i32::MIN), date("0001-01-01"), date("9999-12-31"), LocalDate(i32::MAX)];
        for name in ["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"] {
            let zone = zones.find(name).unwrap();
            for date in dates.into_iter().flat_map(|date| [date, date.plus_days(1), date.plus_days(-1)]) {
                let start = zone.start_of(date);
                assert!((start.0 - i64::from(date.0) * DAY_MS).abs() <= MAX_OFFSET_MS, "{name} {date:?}");
            }
            for at in [i64::MIN, -1, 0, i64::MAX].map(UtcMs) {
                assert!(zone.offset_s_at(at).abs() < 26 * 3_600);
                zone.next_transition(at);
            }
        }
    }
}
