//! Durations, sizes and instants as people write them: `500ms`, `1h30m`, `30d`, `64MiB`, `2026-11-20T08:00:00Z`.
//! Not here: calendar units. A day is 24 hours here.

use std::time::Duration;

use dayline_domain::UtcMs;
use jiff::Timestamp;

const TIMES: [(&str, u64); 7] = [
    ("ms", 1),
    ("s", 1_000),
    ("min", 60_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 7 * 86_400_000),
];

const SIZES: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
];

/// Parses a duration: whole numbers with a unit (`ms`, `s`, `m`, `h`, `d`, `w`), one after another.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as 500ms, 5s, 1h30m or 30d");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total_ms = 0u64;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest).ok_or_else(wrong)?;
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let unit_ms = lookup(&TIMES, unit.trim()).ok_or_else(wrong)?;
        let part_ms = number.checked_mul(unit_ms).ok_or_else(wrong)?;
        total_ms = total_ms.checked_add(part_ms).ok_or_else(wrong)?;
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

/// Parses a duration, or `0` for none.
pub fn duration_or_none(text: &str) -> Result<Duration, String> {
    if text.trim() == "0" { Ok(Duration::ZERO) } else { duration(text) }
}

/// Parses a duration that must not be nothing, since no time at all would be too short for
/// everything.
pub fn some_time(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() { Err(format!("{text:?} must be longer than nothing")) } else { Ok(duration) }
}

/// Parses a size in bytes: a whole number, alone or with a unit (`kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`).
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a size such as 4096, 64KiB or 1GiB");
    let (number, unit) = leading_number(text.trim()).ok_or_else(wrong)?;
    lookup(&SIZES, unit.trim()).and_then(|unit| number.checked_mul(unit)).ok_or_else(wrong)
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

fn lookup(units: &[(&str, u64)], name: &str) -> Option<u64> {
    units.iter().find(|(unit, _)| unit.eq_ignore_ascii_case(name)).map(|&(_, factor)| factor)
}

/// Whole milliseconds, at most what an `i64` holds.
pub fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// An instant as RFC 3339; instants beyond what that can say become its ends.
pub fn rfc3339(at: UtcMs) -> String {
    let end = if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(at.0).unwrap_or(end).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_that_may_be_none_needs_no_unit_then() {
        assert_eq!(duration_or_none("0"), Ok(Duration::ZERO));
        assert_eq!(duration_or_none("5m"), Ok(Duration::from_mins(5)));
        assert!(duration_or_none("5").is_err() && duration("0").is_err());
    }

    #[test]
    fn durations_are_numbers_with_units() {
        let ms = |text| duration(text).map(|duration| duration.as_millis());
        assert_eq!(ms("500ms"), Ok(500));
        assert_eq!(ms("5s"), Ok(5_000));
        assert_eq!(ms("1h30m"), Ok(5_400_000));
        assert_eq!(ms("1h 30min"), Ok(5_400_000));
        assert_eq!(ms("366d"), Ok(366 * 86_400_000));
        assert_eq!(ms("0s"), Ok(0));
    }

    #[test]
    fn other_durations_are_refused_with_the_text() {
        for text in ["", " ", "5", "s", "-5s", "5 parsecs", "1.5h", "99999999999999999d", "5s5"] {
            assert!(duration(text).unwrap_err().contains(&format!("{text:?}")), "{text:?}");
        }
    }

    #[test]
    fn sizes_are_numbers_alone_or_with_units() {
        assert_eq!(bytes("4096"), Ok(4_096));
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("1 GiB"), Ok(1 << 30));
        assert_eq!(bytes("5mb"), Ok(5_000_000));
        for text in ["", "MiB", "-1", "1.5MiB", "5 furlongs", "99999999999GiB"] {
            assert!(bytes(text).is_err(), "{text:?}");
        }
    }
}
