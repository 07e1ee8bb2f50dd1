//! Instants as RFC 3339 texts: read with any offset and precision, written in UTC with
//! milliseconds. Hand-written, exact and without allocation, because each ping has two.

mod moment;
mod spelling;

use dayline_domain::{DAY_MS, LocalDate, UtcMs};

use moment::{TimeOfDay, ahead, fraction, moment, number};

pub use moment::InvalidInstant;

/// Reads an RFC 3339 time, or another spelling that can mean one instant only (see `spelling`).
/// Anything finer than a millisecond is cut off.
pub fn parse(text: &str) -> Result<UtcMs, InvalidInstant> {
    match rfc_3339(text.as_bytes()) {
        Err(InvalidInstant::Form) => spelling::parse(text),
        read => read,
    }
}

fn rfc_3339(text: &[u8]) -> Result<UtcMs, InvalidInstant> {
    let (date_and_time, rest) = text.split_at_checked(19).ok_or(InvalidInstant::Form)?;
    let &[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T' | b't', h1, h2, b':', mi1, mi2, b':', s1, s2] =
        date_and_time
    else {
        return Err(InvalidInstant::Form);
    };
    let (year, month) = (number([y1, y2])? * 100 + number([y3, y4])?, number([mo1, mo2])?);
    let (day, hour, minute, second) =
        (number([d1, d2])?, number([h1, h2])?, number([mi1, mi2])?, number([s1, s2])?);
    let (ms, rest) = match rest {
        [b'.', digits @ ..] => fraction(digits)?,
        _ => (0, rest),
    };
    let offset_min = offset(rest)?;
    let date = LocalDate::from_ymd(year as i32, month, day);
    moment(date, &TimeOfDay { hour, minute, second, ms }, offset_min)
}

/// Minutes that an offset is ahead of UTC.
fn offset(text: &[u8]) -> Result<i64, InvalidInstant> {
    match *text {
        [b'Z' | b'z'] => Ok(0),
        [] => Err(InvalidInstant::NoOffset),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => ahead(sign, number([h1, h2])?, number([m1, m2])?),
        _ => Err(InvalidInstant::Form),
    }
}

/// Writes an instant in UTC with milliseconds: `2026-11-20T10:00:00.000Z`.
pub fn utc(at: UtcMs) -> String {
    let (date, of_day) = local(at, 0);
    let (second, ms) = (of_day / 1_000, of_day % 1_000);
    format!("{date}T{:02}:{:02}:{:02}.{ms:03}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Writes an instant in local time with its offset, to the second: `2026-11-20T09:00:00-05:00`. RFC
/// 3339 has offsets in whole minutes; the seconds of those from before standard time are shown as
/// part of the time.
pub fn with_offset(at: UtcMs, offset_s: i32) -> String {
    let offset_min = offset_s / 60;
    let (date, of_day) = local(at, offset_min);
    let second = of_day / 1_000;
    let (sign, ahead) = (if offset_min < 0 { '-' } else { '+' }, offset_min.abs());
    format!(
        "{date}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        ahead / 60,
        ahead % 60
    )
}

/// The local date and the milliseconds since its midnight.
fn local(at: UtcMs, offset_min: i32) -> (LocalDate, i64) {
    let local = at.plus(i64::from(offset_min) * 60_000).0;
    (LocalDate(local.div_euclid(DAY_MS) as i32), local.rem_euclid(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::moment::YEARS;
    use super::*;

    #[test]
    fn the_years_that_can_be_written_are_those_of_four_digits() {
        assert_eq!(LocalDate(*YEARS.start()).to_string(), "0001-01-01");
        assert_eq!(LocalDate(*YEARS.end()).to_string(), "9999-12-31");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_anywhere_on_earth_is_read_as_the_same_instant(
            ms in i64::from(YEARS.start() + 1) * DAY_MS..i64::from(*YEARS.end()) * DAY_MS,
            offset_min in -1_439..=1_439_i32,
            finer in "[0-9]{0,12}",
        ) {
            let at = UtcMs(ms);
            let (sign, ahead) = (if offset_min < 0 { '-' } else { '+' }, offset_min.abs());
            let local = utc(at.plus(i64::from(offset_min) * 60_000)).replace('Z', "");
            let text = format!("{local}{finer}{sign}{:02}:{:02}", ahead / 60, ahead % 60);
            proptest::prop_assert_eq!(parse(&text), Ok(at), "{}", text);
            proptest::prop_assert_eq!(parse(&utc(at)), Ok(at));
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in "[0-9TtZz:.+ -]{0,40}|\\PC{0,40}") {
            if let Ok(at) = parse(&text) {
                proptest::prop_assert_eq!(parse(&utc(at)), Ok(at));
            }
        }
    }

    #[test]
    fn an_instant_is_read_with_any_offset_and_cut_to_milliseconds() {
        let noon = UtcMs(1_795_176_000_000);
        for text in [
            "2026-11-20T12:00:00Z",
            "2026-11-20t12:00:00z",
            "2026-11-20T12:00:00.000-00:00",
            "2026-11-20T13:30:00.0009999999999+01:30",
            "2026-11-19T23:00:00-13:00",
        ] {
            assert_eq!(parse(text), Ok(noon), "{text}");
        }
        assert_eq!(parse("2026-11-20T12:00:00.1Z"), Ok(noon.plus(100)));
        assert_eq!(parse("2026-11-20T12:00:00.01Z"), Ok(noon.plus(10)));
        assert_eq!(parse("1969-12-31T23:59:59.9999Z"), Ok(UtcMs(-1)));
    }

    #[test]
    fn what_is_no_instant_is_refused_with_a_reason() {
        use InvalidInstant::{Form, LeapSecond, NoOffset, NoSuchTime};
        for (text, reason) in [
            ("2026-11-20", NoOffset),
            ("2026-11-20T12:00:00", NoOffset),
            ("2026-11-20T12:00:00.5", NoOffset),
            ("2016-12-31T23:59:60Z", LeapSecond),
            ("2026-11-20T24:00:01Z", NoSuchTime),
            ("2026-11-20T12:60:00Z", NoSuchTime),
            ("2026-11-20T12:00:61Z", NoSuchTime),
            ("2026-02-29T12:00:00Z", NoSuchTime),
            ("0000-01-01T00:00:00Z", NoSuchTime),
            ("0001-01-01T00:00:00+00:01", NoSuchTime),
            ("9999-12-31T23:59:59-00:01", NoSuchTime),
            ("2026-11-20T12:00:00+24:00", NoSuchTime),
            ("", Form),
            ("now", Form),
            ("1795176000000", Form),
            ("2026-11-20T12:00:00.Z", Form),
            ("２026-11-20T12:00:00Z", Form),
            ("2026-11-20T12:00:00Zürich", Form),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn an_instant_is_written_in_utc_with_milliseconds() {
        assert_eq!(utc(UtcMs(1_795_176_000_005)), "2026-11-20T12:00:00.005Z");
        assert_eq!(utc(UtcMs(-1)), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_local_time_is_written_with_its_offset() {
        let noon = UtcMs(1_795_176_000_000);
        assert_eq!(with_offset(noon, -5 * 3_600), "2026-11-20T07:00:00-05:00");
        assert_eq!(with_offset(noon, 0), "2026-11-20T12:00:00+00:00");
        assert_eq!(with_offset(noon, 5 * 3_600 + 45 * 60), "2026-11-20T17:45:00+05:45");
        assert_eq!(with_offset(noon, -75), "2026-11-20T11:59:00-00:01");
    }
}
