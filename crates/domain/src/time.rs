//! Time as the rule knows it: UTC milliseconds, half-open intervals, UTC days; and the calendar
//! dates of a local zone. Not here: the current time (a port) and zone data (see [`crate::zone`]).

use std::fmt;
use std::str::FromStr;

/// Milliseconds in a UTC day.
pub const DAY_MS: i64 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcMs(pub i64);

impl UtcMs {
    /// The UTC day this instant lies in.
    pub fn day(self) -> UtcDay {
        UtcDay(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(if self.0 < 0 {
            i32::MIN
        } else {
            i32::MAX
        }))
    }

    /// This instant moved by `ms` milliseconds (saturating).
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A half-open interval `[start, end)` that is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    start: UtcMs,
    end: UtcMs,
}

impl Interval {
    /// `[start, end)`, or `None` if that is empty.
    pub fn new(start: UtcMs, end: UtcMs) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The first millisecond inside.
    pub fn start(self) -> UtcMs {
        self.start
    }

    /// The first millisecond after.
    pub fn end(self) -> UtcMs {
        self.end
    }

    /// Length in milliseconds, at least 1.
    pub fn ms(self) -> i64 {
        self.end.since(self.start)
    }

    /// The common part of two intervals, if any.
    pub fn clip(self, to: Self) -> Option<Self> {
        Self::new(self.start.max(to.start), self.end.min(to.end))
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The parts of this interval in each UTC day it touches, in order.
    pub fn cut_at_midnight(self) -> impl Iterator<Item = (UtcDay, Self)> {
        let (first, last) = (self.start.day(), self.end.plus(-1).day());
        (first.0..=last.0).map(UtcDay).filter_map(move |day| Some((day, self.clip(day.interval())?)))
    }
}

/// A UTC day: days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(pub i32);

impl UtcDay {
    /// Midnight UTC that begins the day.
    pub fn start(self) -> UtcMs {
        UtcMs(i64::from(self.0) * DAY_MS)
    }

    /// The whole day, midnight to midnight.
    pub fn interval(self) -> Interval {
        let start = self.start();
        Interval { start, end: start.plus(DAY_MS) }
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&LocalDate(self.0), f)
    }
}

impl fmt::Debug for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}Z")
    }
}

/// A calendar date on somebody's wall, in the proleptic Gregorian calendar: days since 1970-01-01.
/// Which instants it covers is for a time zone to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate(pub i32);

impl LocalDate {
    /// The date, or `None` if the calendar has no such date or the year is outside 0001–9999.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Days from civil, counting years from March so that the leap day comes last.
        let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let era_days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
        let date = Self(era_days + i32::try_from((153 * m + 2) / 5 + day).ok()? - 719_469);
        (date.ymd() == (year, month, day)).then_some(date)
    }

    /// Year, month 1–12, day 1–31.
    pub fn ymd(self) -> (i32, u32, u32) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let m = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * m + 2) / 5 + 1;
        let month = if m < 10 { m + 3 } else { m - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        // All three are in range by construction; the year of an i32 day count fits easily.
        (year as i32, month as u32, day as u32)
    }

    /// The first day of the month in which the date lies.
    #[must_use]
    pub fn month(self) -> Self {
        let (_, _, day) = self.ymd();
        self.plus_days(1 - day as i32)
    }

    /// The date `days` later.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a date `YYYY-MM-DD` of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDate;

impl fmt::Display for InvalidDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date of the form YYYY-MM-DD, years 0001 to 9999")
    }
}

impl std::error::Error for InvalidDate {}

impl FromStr for LocalDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return Err(InvalidDate) };
        let digits = |digits: &[u8]| {
            digits.iter().try_fold(0, |n, &d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
        };
        let parts = (digits(&[y1, y2, y3, y4]), digits(&[m1, m2]), digits(&[d1, d2]));
        let (Some(year), Some(month), Some(day)) = parts else { return Err(InvalidDate) };
        Self::from_ymd(year as i32, month, day).ok_or(InvalidDate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_of_ten_millennia_survives_its_text() {
        let (first, last) =
            (LocalDate::from_ymd(1, 1, 1).unwrap(), LocalDate::from_ymd(9999, 12, 31).unwrap());
        let mut expected = (1, 1, 1);
        for days in first.0..=last.0 {
            let date = LocalDate(days);
            assert_eq!(date.ymd(), expected);
            assert_eq!(LocalDate::from_ymd(expected.0, expected.1, expected.2), Some(date));
            assert_eq!(date.month().ymd(), (expected.0, expected.1, 1));
            expected = next_by_the_school_rule(expected);
        }
        assert_eq!("2026-11-20".parse::<LocalDate>().unwrap().to_string(), "2026-11-20");
    }

    fn next_by_the_school_rule((year, month, day): (i32, u32, u32)) -> (i32, u32, u32) {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            (_, day) if day == length => (year, month + 1, 1),
            _ => (year, month, day + 1),
        }
    }

    #[test]
    fn dates_the_calendar_does_not_have_are_refused() {
        for text in
            ["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "2026-1-01", "20260101", "２026-01-01"]
        {
            assert_eq!(text.parse::<LocalDate>(), Err(InvalidDate), "{text}");
        }
    }

    #[test]
    fn an_interval_is_cut_at_each_midnight() {
        let interval = Interval::new(UtcMs(DAY_MS - 1), UtcMs(2 * DAY_MS + 1)).unwrap();
        let parts: Vec<_> = interval.cut_at_midnight().map(|(day, part)| (day.0, part.ms())).collect();
        assert_eq!(parts, [(0, 1), (1, DAY_MS), (2, 1)]);
        assert_eq!(Interval::new(UtcMs(-1), UtcMs(0)).unwrap().cut_at_midnight().count(), 1);
    }
}
