//! How long timelines are kept. Not here: where the border lies between what is kept and what is past
//! (see [`crate::border`]).

use std::fmt;
use std::str::FromStr;

use crate::time::{LocalDate, UtcDay, UtcMs};

/// For how long timelines are kept: so many days, months or years of the calendar, at least a day and
/// at most a hundred years.
///
/// ```
/// use dayline_domain::{LocalDate, Retention};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keep: Retention = "18mo".parse()?;
/// let today: LocalDate = "2026-08-31".parse()?;
/// assert_eq!(keep.first_kept(today).to_string(), "2025-02-28");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retention {
    count: u16,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Days,
    Months,
    Years,
}

impl Unit {
    const ALL: [Self; 3] = [Self::Days, Self::Months, Self::Years];

    fn sign(self) -> &'static str {
        match self {
            Self::Days => "d",
            Self::Months => "mo",
            Self::Years => "y",
        }
    }

    /// How many of them are a hundred years.
    fn most(self) -> u16 {
        match self {
            Self::Days => 36_525,
            Self::Months => 1_200,
            Self::Years => 100,
        }
    }
}

impl Retention {
    /// The first date that is kept on `today`: today and so many whole days before it are. Where a month
    /// has no such date, its last one.
    pub fn first_kept(self, today: LocalDate) -> LocalDate {
        let months = match self.unit {
            Unit::Days => return today.plus_days(-i32::from(self.count)),
            Unit::Months => i32::from(self.count),
            Unit::Years => 12 * i32::from(self.count),
        };
        let (year, month, day) = today.ymd();
        let month = year * 12 + month as i32 - 1 - months;
        let in_month = |day| LocalDate::from_ymd(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, day);
        // Only the first years of the calendar have nothing so long before them.
        let before = || today.plus_days(-31 * months);
        (1..=day).rev().find_map(in_month).unwrap_or_else(before)
    }

    /// No person's kept days begin before this UTC day, wherever they are.
    pub fn earliest(self, now: UtcMs) -> UtcDay {
        UtcDay(self.first_kept(LocalDate(now.day().0.saturating_sub(NEAR_DAYS))).0.saturating_sub(NEAR_DAYS))
    }

    /// No person's kept days begin after this UTC day, wherever they are.
    pub fn latest(self, now: UtcMs) -> UtcDay {
        UtcDay(self.first_kept(LocalDate(now.day().0.saturating_add(NEAR_DAYS))).0.saturating_add(NEAR_DAYS))
    }
}

/// So many days local dates are never away from UTC's, with days that begin at noon.
const NEAR_DAYS: i32 = 3;

impl fmt::Display for Retention {
    /// As it is parsed: `3y`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.sign())
    }
}

/// A text that says for no time how long timelines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRetention;

impl fmt::Display for InvalidRetention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a number of days, months or years such as 400d, 18mo or 3y, 1d to 100y")
    }
}

impl std::error::Error for InvalidRetention {}

impl FromStr for Retention {
    type Err = InvalidRetention;

    fn from_str(text: &str) -> Result<Self, InvalidRetention> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, sign) = text.split_at(digits);
        let unit = Unit::ALL.into_iter().find(|unit| unit.sign() == sign).ok_or(InvalidRetention)?;
        let count = count.parse().map_err(|_| InvalidRetention)?;
        (1..=unit.most()).contains(&count).then_some(Self { count, unit }).ok_or(InvalidRetention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retention(text: &str) -> Retention {
        text.parse().unwrap()
    }

    fn first_kept(text: &str, today: &str) -> String {
        retention(text).first_kept(today.parse().unwrap()).to_string()
    }

    #[test]
    fn days_months_and_years_are_those_of_the_calendar() {
        for (keep, today, first) in [
            ("1d", "2026-03-01", "2026-02-28"),
            ("400d", "2026-11-29", "2025-10-25"),
            ("1mo", "2026-03-31", "2026-02-28"),
            ("1mo", "2024-03-31", "2024-02-29"),
            ("1mo", "2026-01-15", "2025-12-15"),
            ("18mo", "2026-08-31", "2025-02-28"),
            ("3y", "2026-11-29", "2023-11-29"),
            ("1y", "2024-02-29", "2023-02-28"),
            ("100y", "2026-11-29", "1926-11-29"),
        ] {
            assert_eq!(first_kept(keep, today), first, "{keep} on {today}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        for text in ["1d", "36525d", "1mo", "1200mo", "1y", "100y"] {
            assert_eq!(retention(text).to_string(), text);
        }
        for text in [
            "", "d", "3", "0d", "-1d", "+1d", "1 d", "3Y", "3m", "101y", "1201mo", "36526d", "99999d",
            "1.5y", "3y ",
        ] {
            assert_eq!(text.parse::<Retention>(), Err(InvalidRetention), "{text:?}");
        }
    }

    #[test]
    fn a_later_day_never_keeps_more() {
        for keep in ["1d", "30d", "1mo", "13mo", "1y", "4y"] {
            let keep = retention(keep);
            let kept = (18_000..24_000).map(|today| keep.first_kept(LocalDate(today)));
            assert!(kept.is_sorted(), "{keep}");
        }
    }

    #[test]
    fn before_the_calendar_begins_there_is_still_an_answer() {
        let first = LocalDate::from_ymd(1, 1, 1).unwrap();
        assert!(retention("100y").first_kept(first) < first);
    }
}
