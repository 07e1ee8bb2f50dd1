//! Calendar months in UTC, by which the ledger's tables are partitioned, and the names of their tables.

use std::fmt;
use std::str::FromStr;

use dayline_app::ports::PortError;
use dayline_domain::{LocalDate, UtcDay, UtcMs};

/// A month of the years 1 to 9999, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(
    /// Months since January of the year 0.
    i32,
);

/// The month of a day that is written; one far outside of the calendar is refused.
pub(crate) fn month_of(day: UtcDay) -> Result<Month, PortError> {
    Month::of(day).ok_or_else(|| PortError::Rejected("a day outside the years 1 to 9999".into()))
}

impl Month {
    /// The month a day lies in; `None` outside the years 1 to 9999.
    pub fn of(day: UtcDay) -> Option<Self> {
        // Far outside, the calendar's own arithmetic would overflow.
        if !(-800_000..3_000_000).contains(&day.0) {
            return None;
        }
        let (year, month, _) = LocalDate(day.0).ymd();
        (1..=9999).contains(&year).then(|| Self(year * 12 + month.cast_signed() - 1))
    }

    /// The month an instant lies in; `None` outside the years 1 to 9999.
    pub fn at(time: UtcMs) -> Option<Self> {
        Self::of(time.day())
    }

    /// The month after; `None` after December 9999.
    pub fn next(self) -> Option<Self> {
        Some(Self(self.0 + 1)).filter(|next| next.year() <= 9999)
    }

    /// Its number, for locks: months since January of the year 0.
    pub(crate) fn number(self) -> i32 {
        self.0
    }

    /// The name of the month's table, part of `parent`.
    pub(crate) fn table(self, parent: &str) -> String {
        format!("{parent}_{:04}_{:02}", self.year(), self.month())
    }

    /// The first day.
    pub(crate) fn starts(self) -> UtcDay {
        let first = LocalDate::from_ymd(self.year(), self.month().cast_unsigned(), 1);
        UtcDay(first.map_or(0, |first| first.0))
    }

    /// The first day, as text.
    pub(crate) fn first_day(self) -> String {
        format!("{:04}-{:02}-01", self.year(), self.month())
    }

    /// The first day after, as text.
    pub(crate) fn day_after(self) -> String {
        Self(self.0 + 1).first_day()
    }

    fn year(self) -> i32 {
        self.0 / 12
    }

    fn month(self) -> i32 {
        self.0 % 12 + 1
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

/// A text that is not a month `YYYY-MM` of the years 0001 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidMonth;

impl fmt::Display for InvalidMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a month of the form YYYY-MM, years 0001 to 9999")
    }
}

impl std::error::Error for InvalidMonth {}

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let first: LocalDate = format!("{text}-01").parse().map_err(|_| InvalidMonth)?;
        Self::of(UtcDay(first.0)).ok_or(InvalidMonth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_names_its_tables_and_bounds() {
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(december.to_string(), "2026-12");
        assert_eq!(december.table("app_usage"), "app_usage_2026_12");
        assert_eq!((december.first_day(), december.day_after()), ("2026-12-01".into(), "2027-01-01".into()));
        assert_eq!(december.next().unwrap().to_string(), "2027-01");
    }

    #[test]
    fn the_last_instant_of_a_month_is_not_in_the_next() {
        let start = LocalDate::from_ymd(2024, 3, 1).unwrap().0;
        let leap_day_ends = UtcDay(start).start();
        assert_eq!(Month::at(leap_day_ends.plus(-1)).unwrap().to_string(), "2024-02");
        assert_eq!(Month::at(leap_day_ends).unwrap().to_string(), "2024-03");
    }

    #[test]
    fn there_is_no_month_outside_the_calendar() {
        for day in [UtcDay(i32::MIN), UtcDay(i32::MAX), UtcDay(-800_000), UtcDay(2_999_999)] {
            assert_eq!(Month::of(day), None, "{}", day.0);
        }
        assert_eq!("9999-12".parse::<Month>().unwrap().next(), None);
        for text in ["", "2026-13", "2026-1", "2026-11-20", "0000-01"] {
            assert_eq!(text.parse::<Month>(), Err(InvalidMonth), "{text}");
        }
    }
}
