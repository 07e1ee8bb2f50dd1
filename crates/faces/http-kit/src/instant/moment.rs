//! The parts of a time as texts have them, and the instant that they make.

use std::fmt;
use std::ops::RangeInclusive;

use dayline_domain::{DAY_MS, LocalDate, UtcMs};

/// The days of the years 0001 to 9999.
pub(super) const YEARS: RangeInclusive<i32> = -719_162..=2_932_896;

/// Why a text is not an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidInstant {
    /// No spelling of a time that is known.
    Form,
    /// The form is right but there is no such date or time of day.
    NoSuchTime,
    /// No offset, so that it could be anywhere.
    NoOffset,
    /// `:60`, which UTC milliseconds have no room for.
    LeapSecond,
}

impl fmt::Display for InvalidInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "must be an rfc 3339 time such as 2026-11-20T10:00:00.000Z",
            Self::NoSuchTime => "must be a time that exists, in the years 0001 to 9999",
            Self::NoOffset => "must have an offset such as Z or +01:00",
            Self::LeapSecond => "must not be a leap second; send the second before it",
        })
    }
}

/// A time of day; `24:00:00` is the end of its day.
pub(super) struct TimeOfDay {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) ms: u32,
}

/// The instant at which the clock shows this, where it is so many minutes ahead of UTC.
pub(super) fn moment(
    date: Option<LocalDate>,
    time: &TimeOfDay,
    offset_min: i64,
) -> Result<UtcMs, InvalidInstant> {
    let date = date.ok_or(InvalidInstant::NoSuchTime)?;
    let &TimeOfDay { hour, minute, second, ms } = time;
    if second == 60 {
        return Err(InvalidInstant::LeapSecond);
    }
    let is_end_of_day = (hour, minute, second, ms) == (24, 0, 0, 0);
    if (hour > 23 && !is_end_of_day) || minute > 59 || second > 59 {
        return Err(InvalidInstant::NoSuchTime);
    }
    let of_day = i64::from((hour * 60 + minute) * 60 + second) * 1_000 + i64::from(ms);
    let at = UtcMs(i64::from(date.0) * DAY_MS + of_day - offset_min * 60_000);
    // The offset may lead out of the years that can be written again.
    if YEARS.contains(&at.day().0) { Ok(at) } else { Err(InvalidInstant::NoSuchTime) }
}

/// Minutes ahead of UTC, of hours and minutes behind a sign.
pub(super) fn ahead(sign: u8, hours: u32, minutes: u32) -> Result<i64, InvalidInstant> {
    if hours > 23 || minutes > 59 {
        return Err(InvalidInstant::NoSuchTime);
    }
    let ahead = i64::from(hours * 60 + minutes);
    Ok(if sign == b'-' { -ahead } else { ahead })
}

/// A number of two digits.
pub(super) fn number(digits: [u8; 2]) -> Result<u32, InvalidInstant> {
    let [tens, ones] = digits.map(|digit| u32::from(digit.wrapping_sub(b'0')));
    if tens > 9 || ones > 9 { Err(InvalidInstant::Form) } else { Ok(tens * 10 + ones) }
}

/// Milliseconds of the digits of a fraction of a second, and what follows them.
pub(super) fn fraction(digits: &[u8]) -> Result<(u32, &[u8]), InvalidInstant> {
    let length = digits.iter().position(|digit| !digit.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(length);
    if digits.is_empty() {
        return Err(InvalidInstant::Form);
    }
    let digit = |at: usize| digits.get(at).map_or(0, |digit| u32::from(digit - b'0'));
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}
