//! Weeks, months, years and any days as stretches of dates: their addresses, their names, and which come
//! before and after. A week is named as in ISO 8601, by its Thursday, with whichever day it begins.

use dayline_domain::{LocalDate, Weekday};

use crate::show::{day_and_month, month};

/// Of at most so many days there is a sheet of work hours: they are read interval by interval.
pub(crate) const DAYS_OF_A_SHEET: i32 = 31;

/// What kind of stretch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Week,
    Month,
    Year,
    Days,
}

/// A stretch of dates, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) kind: Kind,
    pub(crate) from: LocalDate,
    pub(crate) to: LocalDate,
}

impl Period {
    /// The week in which a date lies.
    pub(crate) fn week_of(date: LocalDate, week_start: Weekday) -> Self {
        let from = week_start.week_of(date);
        Self { kind: Kind::Week, from, to: from.plus_days(6) }
    }

    /// The month in which a date lies.
    pub(crate) fn month_of(date: LocalDate) -> Self {
        let from = date.month();
        Self { kind: Kind::Month, from, to: from.plus_days(31).month().plus_days(-1) }
    }

    /// The year in which a date lies.
    pub(crate) fn year_of(date: LocalDate) -> Self {
        let (year, ..) = date.ymd();
        let first = |year: i32| LocalDate::from_ymd(year, 1, 1);
        let from = first(year).unwrap_or(date);
        // After the last year of the calendar there is none.
        let to = first(year + 1).map_or(date, |next| next.plus_days(-1));
        Self { kind: Kind::Year, from, to }
    }

    /// Any days.
    pub(crate) fn days(from: LocalDate, to: LocalDate) -> Self {
        Self { kind: Kind::Days, from, to }
    }

    /// The week `2026-W48`, beginning with the day that the person prefers.
    pub(crate) fn from_week_name(name: &str, week_start: Weekday) -> Option<Self> {
        let (year, week) = name.split_once("-W").filter(|(year, week)| year.len() == 4 && week.len() == 2)?;
        let (year, week) = (year.parse().ok()?, week.parse::<i32>().ok()?);
        // The first week is that of the fourth of January.
        let first = Weekday::Monday.week_of(LocalDate::from_ymd(year, 1, 4)?);
        let thursday = first.plus_days(7 * (week - 1) + 3);
        let found = Self::week_of(thursday, week_start);
        (found.week_name() == name).then_some(found)
    }

    /// The month `2026-11`.
    pub(crate) fn from_month_name(name: &str) -> Option<Self> {
        Some(Self::month_of(format!("{name}-01").parse().ok()?))
    }

    /// The year `2026`.
    pub(crate) fn from_year_name(name: &str) -> Option<Self> {
        Some(Self::year_of(format!("{name}-01-01").parse().ok()?))
    }

    fn week(&self) -> (i32, i32) {
        let into = (0..7)
            .find(|&days| Weekday::Thursday.week_of(self.from.plus_days(days)) == self.from.plus_days(days));
        let thursday = self.from.plus_days(into.unwrap_or(3));
        let (year, ..) = thursday.ymd();
        let first = Self::year_of(thursday).from;
        (year, (thursday.0 - first.0) / 7 + 1)
    }

    fn week_name(&self) -> String {
        let (year, week) = self.week();
        format!("{year:04}-W{week:02}")
    }

    /// The path and query of its page.
    pub(crate) fn path(&self) -> String {
        let (year, number, _) = self.from.ymd();
        match self.kind {
            Kind::Week => format!("/week/{}", self.week_name()),
            Kind::Month => format!("/month/{year:04}-{number:02}"),
            Kind::Year => format!("/year/{year:04}"),
            Kind::Days => format!("/range?from={}&to={}", self.from, self.to),
        }
    }

    /// What it is called.
    pub(crate) fn title(&self) -> String {
        let (year, ..) = self.from.ymd();
        match self.kind {
            Kind::Week | Kind::Days => dates(self.from, self.to),
            Kind::Month => format!("{} {year}", month(self.from)),
            Kind::Year => year.to_string(),
        }
    }

    /// What is said beside the title.
    pub(crate) fn aside(&self) -> Option<String> {
        (self.kind == Kind::Week).then(|| format!("Week {}", self.week().1))
    }

    /// The one before.
    pub(crate) fn before(&self) -> Self {
        let last = self.from.plus_days(-1);
        match self.kind {
            Kind::Week => Self { from: self.from.plus_days(-7), to: last, ..*self },
            Kind::Month => Self::month_of(last),
            Kind::Year => Self::year_of(last),
            Kind::Days => Self::days(self.from.plus_days(self.from.0 - self.to.0 - 1), last),
        }
    }

    /// The one after.
    pub(crate) fn after(&self) -> Self {
        let first = self.to.plus_days(1);
        match self.kind {
            Kind::Week => Self { from: first, to: self.to.plus_days(7), ..*self },
            Kind::Month => Self::month_of(first),
            Kind::Year => Self::year_of(first),
            Kind::Days => Self::days(first, first.plus_days(self.to.0 - self.from.0)),
        }
    }

    /// As many of its first days as lie up to today, where today is in it.
    pub(crate) fn until(&self, today: LocalDate) -> Self {
        Self { to: self.to.min(today.max(self.from)), ..*self }
    }

    /// How many days it has.
    pub(crate) fn length(&self) -> i32 {
        self.to.0 - self.from.0 + 1
    }
}

/// `23 – 29 Nov 2026`, with what differs said twice.
fn dates(from: LocalDate, to: LocalDate) -> String {
    let ((from_year, from_month, from_day), (to_year, to_month, _)) = (from.ymd(), to.ymd());
    let end = format!("{} {to_year}", day_and_month(to));
    match (from == to, from_year == to_year, from_month == to_month) {
        (true, ..) => end,
        (_, true, true) => format!("{from_day} – {end}"),
        (_, true, false) => format!("{} – {end}", day_and_month(from)),
        _ => format!("{} {from_year} – {end}", day_and_month(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> LocalDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_week_is_found_by_its_name_whatever_day_it_begins_with() {
        for week_start in Weekday::ALL {
            let mut week = Period::week_of(date("2019-12-01"), week_start);
            for _ in 0..600 {
                assert_eq!(Period::from_week_name(&week.week_name(), week_start), Some(week), "{week:?}");
                assert_eq!(week.after().before(), week);
                week = week.after();
            }
        }
    }

    #[test]
    fn weeks_have_their_names_of_iso_8601() {
        let name = |text: &str| Period::week_of(date(text), Weekday::Monday).week_name();
        for (day, week) in [
            ("2026-11-28", "2026-W48"),
            ("2026-12-31", "2026-W53"),
            ("2027-01-03", "2026-W53"),
            ("2027-01-04", "2027-W01"),
            ("2024-12-30", "2025-W01"),
        ] {
            assert_eq!(name(day), week);
        }
        for bad in ["2025-W53", "2026-W00", "2026-W1", "2026W48", "26-W48", "x"] {
            assert_eq!(Period::from_week_name(bad, Weekday::Monday), None, "{bad}");
        }
    }

    #[test]
    fn months_and_years_follow_each_other_without_gaps() {
        let mut month = Period::from_month_name("1999-12").unwrap();
        let mut year = Period::from_year_name("1999").unwrap();
        for _ in 0..40 {
            assert_eq!((month.after().from, month.after().before()), (month.to.plus_days(1), month));
            assert_eq!((year.after().from, year.after().before()), (year.to.plus_days(1), year));
            (month, year) = (month.after(), year.after());
        }
        assert_eq!(Period::from_month_name("2026-13"), None);
        assert_eq!(Period::from_year_name("0000"), None);
    }

    #[test]
    fn stretches_are_called_as_people_call_them() {
        let week = Period::week_of(date("2026-11-28"), Weekday::Monday);
        assert_eq!((week.title().as_str(), week.path().as_str()), ("23 – 29 Nov 2026", "/week/2026-W48"));
        assert_eq!(week.aside().unwrap(), "Week 48");
        assert_eq!(Period::month_of(date("2026-11-28")).title(), "November 2026");
        assert_eq!(Period::days(date("2026-11-28"), date("2026-12-02")).title(), "28 Nov – 2 Dec 2026");
        assert_eq!(Period::days(date("2025-12-28"), date("2026-01-02")).title(), "28 Dec 2025 – 2 Jan 2026");
        assert_eq!(Period::days(date("2026-11-28"), date("2026-11-28")).title(), "28 Nov 2026");
    }

    #[test]
    fn the_days_before_are_as_many() {
        let days = Period::days(date("2026-11-10"), date("2026-11-12"));
        assert_eq!(days.before(), Period::days(date("2026-11-07"), date("2026-11-09")));
        assert_eq!(days.after(), Period::days(date("2026-11-13"), date("2026-11-15")));
        assert_eq!(days.until(date("2026-11-11")).length(), 2);
        assert_eq!(days.until(date("2026-12-11")).length(), 3);
        assert_eq!(days.until(date("2026-11-01")).length(), 1);
    }
}
