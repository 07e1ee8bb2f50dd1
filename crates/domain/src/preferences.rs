//! What a person prefers. Start with [`Preferences`].

use std::fmt;

use crate::choices::Choices;
use crate::raw_event::RawEventDays;
use crate::retention::Retention;
use crate::time::LocalDate;

/// What a person may choose: two things that the timeline depends on, two that reports do, whether more is
/// kept than they need, and how long anything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preferences {
    /// What the timeline depends on.
    pub choices: Choices,
    /// With which day a week begins.
    pub week_start: Weekday,
    /// When a local day begins.
    pub day_start: DayStart,
    /// For how many days foreign trackers' events are kept as they came.
    pub raw_event_days: RawEventDays,
    /// How long the person's timeline is kept; as long as the installation keeps any if not chosen.
    pub keep: Option<Retention>,
}

/// A day of the week. The first is Monday, as in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[allow(missing_docs, reason = "the names say everything")]
pub enum Weekday {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All, from Monday on.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Its English name in lower case, for the store and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    /// The day with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.name() == name)
    }

    /// The first day of the week in which `date` lies, where weeks begin with this day.
    pub fn week_of(self, date: LocalDate) -> LocalDate {
        // 1970-01-01 was a Thursday.
        let into_week = (i64::from(date.0) + 3 - self as i64).rem_euclid(7);
        date.plus_days(-(into_week as i32))
    }
}

/// When a local day begins, in whole minutes after midnight: 00:00 to 12:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DayStart(u16);

impl DayStart {
    /// The latest, in minutes after midnight.
    pub const MAX_MINUTES: u16 = 12 * 60;

    /// So many minutes after midnight.
    ///
    /// # Errors
    /// If that is later than 12:00.
    pub fn from_minutes(minutes: u16) -> Result<Self, DayStartOutOfRange> {
        (minutes <= Self::MAX_MINUTES).then_some(Self(minutes)).ok_or(DayStartOutOfRange(minutes))
    }

    /// In minutes after midnight, 0 to 720.
    pub fn minutes(self) -> u16 {
        self.0
    }

    /// In milliseconds after midnight.
    pub fn ms(self) -> i64 {
        i64::from(self.0) * 60_000
    }
}

impl fmt::Display for DayStart {
    /// As `HH:MM`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// So many minutes after midnight are no start of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStartOutOfRange(pub u16);

impl fmt::Display for DayStartOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a day can't begin {} minutes after midnight: at most {}", self.0, DayStart::MAX_MINUTES)
    }
}

impl std::error::Error for DayStartOutOfRange {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_between_midnight_and_noon() {
        assert_eq!(DayStart::from_minutes(720).map(|start| start.to_string()), Ok("12:00".to_owned()));
        assert_eq!(DayStart::from_minutes(245).map(|start| start.to_string()), Ok("04:05".to_owned()));
        assert_eq!(DayStart::from_minutes(721), Err(DayStartOutOfRange(721)));
        assert_eq!(DayStart::default().ms(), 0);
    }

    #[test]
    fn weekdays_are_read_by_their_names() {
        for day in Weekday::ALL {
            assert_eq!(Weekday::from_name(day.name()), Some(day));
        }
        assert_eq!(Weekday::from_name("Monday"), None);
        assert_eq!(Preferences::default().week_start, Weekday::Monday);
    }

    #[test]
    fn a_week_begins_with_the_day_that_was_chosen() {
        // 2026-11-16 was a Monday.
        let monday = LocalDate::from_ymd(2026, 11, 16).unwrap();
        for (n, start) in (0..).zip(Weekday::ALL) {
            for day in 0..7 {
                assert_eq!(start.week_of(monday.plus_days(n + day)), monday.plus_days(n), "{start:?} {day}");
            }
        }
        let friday = "1969-12-26".parse().unwrap();
        assert_eq!(Weekday::Friday.week_of("1970-01-01".parse().unwrap()), friday);
    }
}
