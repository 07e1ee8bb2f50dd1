//! Other spellings of instants that can mean one thing only: those of ISO 8601 (without dashes and
//! colons, by week or by day of the year, a comma before the fraction, minutes alone, shorter offsets),
//! RFC 9557 (a zone in brackets behind the offset), a blank where RFC 3339 has a `T`, and blanks around.
//! Read when a text is not plain RFC 3339.

use dayline_domain::{LocalDate, UtcMs};

use super::moment::{InvalidInstant, TimeOfDay, ahead, fraction, moment, number};

/// Reads a time with an offset. Anything finer than a millisecond is cut off.
pub(super) fn parse(text: &str) -> Result<UtcMs, InvalidInstant> {
    // The minus sign of typography, which ISO 8601 prefers to the hyphen.
    let text = text.trim().replace('\u{2212}', "-");
    let text = without_annotations(&text)?.as_bytes();
    let is_between = |byte: &u8| matches!(byte, b'T' | b't' | b' ');
    let Some(at) = text.iter().position(is_between) else {
        return Err(if date(text).is_ok() { InvalidInstant::NoOffset } else { InvalidInstant::Form });
    };
    let date = date(&text[..at])?;
    let (time, rest) = time(&text[at + 1..])?;
    moment(date, &time, offset(rest.trim_ascii_start())?)
}

/// What a zone's name or a calendar in brackets adds is not needed where there is an offset, unless it
/// must not be passed over: `[!…]`.
fn without_annotations(mut text: &str) -> Result<&str, InvalidInstant> {
    while let Some(inner) = text.strip_suffix(']') {
        let (before, annotation) = inner.rsplit_once('[').ok_or(InvalidInstant::Form)?;
        if annotation.is_empty() || annotation.starts_with('!') {
            return Err(InvalidInstant::Form);
        }
        text = before;
    }
    Ok(text)
}

/// A date in one of the forms; nothing if the calendar has no such date.
fn date(text: &[u8]) -> Result<Option<LocalDate>, InvalidInstant> {
    // Six digits of a year, as JavaScript writes those that are far away.
    let text = text.strip_prefix(b"+00").unwrap_or(text);
    let Some((&[y1, y2, y3, y4], rest)) = text.split_first_chunk() else { return Err(InvalidInstant::Form) };
    let year = (number([y1, y2])? * 100 + number([y3, y4])?) as i32;
    match *rest {
        [b'-', b'W', w1, w2, b'-', d] | [b'W', w1, w2, d] => {
            Ok(of_week(year, number([w1, w2])?, number([b'0', d])?))
        }
        [b'-', d1, d2, d3] | [d1, d2, d3] => Ok(of_year(year, number([b'0', d1])? * 100 + number([d2, d3])?)),
        [b'-', m1, m2, b'-', d1, d2] | [m1, m2, d1, d2] => {
            Ok(LocalDate::from_ymd(year, number([m1, m2])?, number([d1, d2])?))
        }
        _ => Err(InvalidInstant::Form),
    }
}

/// The day of a week of a year, Monday being 1. The first week is that of the 4th of January.
fn of_week(year: i32, week: u32, day: u32) -> Option<LocalDate> {
    let first_monday = |year| {
        let fourth = LocalDate::from_ymd(year, 1, 4)?;
        // Day 0 was a Thursday.
        Some(fourth.plus_days(-(fourth.0 + 3).rem_euclid(7)))
    };
    let date = first_monday(year)?.plus_days(week as i32 * 7 + day as i32 - 8);
    let is_of_year = first_monday(year + 1).is_none_or(|next| date < next);
    (week > 0 && (1..=7).contains(&day) && is_of_year).then_some(date)
}

/// The day of a year by its number, from 1.
fn of_year(year: i32, day: u32) -> Option<LocalDate> {
    let date = LocalDate::from_ymd(year, 1, 1)?.plus_days(day as i32 - 1);
    (date.ymd().0 == year).then_some(date)
}

/// A time of day, with seconds or without, and what follows it.
fn time(text: &[u8]) -> Result<(TimeOfDay, &[u8]), InvalidInstant> {
    let Some((&[h1, h2], rest)) = text.split_first_chunk() else { return Err(InvalidInstant::Form) };
    let with_colons = rest.first() == Some(&b':');
    let part = |rest: &'_ [u8]| -> Option<[u8; 2]> {
        let digits = if with_colons { rest.strip_prefix(b":")? } else { rest };
        digits.first_chunk().copied().filter(|digits| digits.iter().all(u8::is_ascii_digit))
    };
    let length = if with_colons { 3 } else { 2 };
    let minute = part(rest).ok_or(InvalidInstant::Form)?;
    let (hour, minute, rest) = (number([h1, h2])?, number(minute)?, &rest[length..]);
    let Some(second) = part(rest) else { return Ok((TimeOfDay { hour, minute, second: 0, ms: 0 }, rest)) };
    let (second, rest) = (number(second)?, &rest[length..]);
    let (ms, rest) = match rest {
        [b'.' | b',', digits @ ..] => fraction(digits)?,
        _ => (0, rest),
    };
    Ok((TimeOfDay { hour, minute, second, ms }, rest))
}

/// Minutes that an offset is ahead of UTC.
fn offset(text: &[u8]) -> Result<i64, InvalidInstant> {
    match *text {
        [] => Err(InvalidInstant::NoOffset),
        [b'Z' | b'z'] | [b'U', b'T', b'C'] | [b'G', b'M', b'T'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2] => ahead(sign, number([h1, h2])?, 0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            ahead(sign, number([h1, h2])?, number([m1, m2])?)
        }
        _ => Err(InvalidInstant::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UtcMs = UtcMs(1_795_176_000_000);

    #[test]
    fn what_can_mean_one_instant_only_is_read_as_that() {
        for text in [
            "2026-11-20 12:00:00Z",
            " 2026-11-20T12:00:00Z\n",
            "2026-11-20T12:00:00,0Z",
            "2026-11-20T12:00:00+0000",
            "2026-11-20T12:00:00+00",
            "2026-11-20T13:00:00+01",
            "2026-11-20T17:45:00.000+0545",
            "2026-11-20T07:00:00\u{2212}05:00",
            "2026-11-20T12:00Z",
            "2026-11-20 12:00:00 UTC",
            "2026-11-20 13:00:00 +0100",
            "20261120T120000Z",
            "20261120T1200Z",
            "20261120T120000.000999+0000",
            "2026-W47-5T12:00:00Z",
            "2026W475T120000Z",
            "2026-324T12:00:00Z",
            "2026324T120000Z",
            "+002026-11-20T12:00:00Z",
            "2026-11-20T12:00:00+00:00[Europe/London]",
            "2026-11-20T13:00:00+01:00[Europe/Berlin][u-ca=gregory]",
            "2026-11-19T24:00-12:00",
        ] {
            assert_eq!(parse(text), Ok(NOON), "{text}");
        }
        assert_eq!(parse("2026-11-20 12:00:00,25Z"), Ok(NOON.plus(250)));
    }

    #[test]
    fn what_could_mean_several_or_none_is_refused() {
        use InvalidInstant::{Form, LeapSecond, NoOffset, NoSuchTime};
        for (text, reason) in [
            ("2026-11-20", NoOffset),
            ("20261120", NoOffset),
            ("2026-11-20 12:00", NoOffset),
            ("2026-11-20T12:00:00[Europe/London]", NoOffset),
            ("2026-11-20 23:59:60Z", LeapSecond),
            ("2026-11-20 24:00:01Z", NoSuchTime),
            ("2026-11-20 24:00:00.001Z", NoSuchTime),
            ("2026-02-29 12:00:00Z", NoSuchTime),
            ("2026-366T12:00:00Z", NoSuchTime),
            ("2026-000T12:00:00Z", NoSuchTime),
            ("2026-W00-1T12:00:00Z", NoSuchTime),
            ("2026-W54-1T12:00:00Z", NoSuchTime),
            ("2025-W53-1T12:00:00Z", NoSuchTime),
            ("2026-W47-8T12:00:00Z", NoSuchTime),
            ("2026-11-20 12:00:00+2400", NoSuchTime),
            ("11/20/2026 12:00:00Z", Form),
            ("20-11-2026T12:00:00Z", Form),
            ("+012026-11-20T12:00:00Z", Form),
            ("2026-11-20T12:00:00.Z", Form),
            ("2026-11-20T12:00:00ZZ", Form),
            ("2026-11-20T12:00:00Z]", Form),
            ("2026-11-20T12:00:00Z[]", Form),
            ("2026-11-20T12:00:00Z[!Europe/London]", Form),
            ("2026-11-20T12:0000Z", Form),
            ("2026-11-20T12Z", Form),
            ("2026-11-20  12:00:00Z", Form),
            ("2026-11-20T12:00:00 CET", Form),
            ("1795176000", Form),
            ("1795176000000", Form),
            ("T", Form),
            ("", Form),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn every_date_has_one_week_and_one_number_in_its_year() {
        for days in 0..40_000 {
            let date = LocalDate(days);
            let (year, ..) = date.ymd();
            let of_years = (1..=366).filter(|&day| of_year(year, day) == Some(date)).count();
            let weeks = (year - 1..=year + 1).flat_map(|year| (0..=54).map(move |week| (year, week)));
            let day = (days + 3).rem_euclid(7) as u32 + 1;
            let of_weeks = weeks.filter(|&(year, week)| of_week(year, week, day) == Some(date)).count();
            assert_eq!((of_years, of_weeks), (1, 1), "{date}");
        }
        assert_eq!(of_week(2026, 53, 7), LocalDate::from_ymd(2027, 1, 3));
        assert_eq!(of_week(2027, 1, 1), LocalDate::from_ymd(2027, 1, 4));
    }
}
