//! Lengths of time and dates.

use dayline_domain::{LocalDate, Weekday};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A length of time: `3 h 31 min`, below a minute `42 s`.
pub(crate) fn duration(ms: i64) -> String {
    let (minutes, seconds) = (ms / 60_000, ms / 1_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) if seconds == 0 && ms > 0 => "< 1 s".to_owned(),
        (0, 0) if seconds > 0 => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{} h", number(hours)),
        (hours, minutes) => format!("{} h {minutes} min", number(hours)),
    }
}

/// A number with its thousands apart: `1,204`.
pub(crate) fn number(number: i64) -> String {
    match (number / 1_000, number % 1_000) {
        (0, ones) => ones.to_string(),
        (thousands, ones) => format!("{},{ones:03}", self::number(thousands)),
    }
}

/// `Saturday`.
pub(crate) fn weekday(date: LocalDate) -> &'static str {
    match Weekday::ALL.into_iter().find(|day| day.week_of(date) == date) {
        Some(Weekday::Monday) => "Monday",
        Some(Weekday::Tuesday) => "Tuesday",
        Some(Weekday::Wednesday) => "Wednesday",
        Some(Weekday::Thursday) => "Thursday",
        Some(Weekday::Friday) => "Friday",
        Some(Weekday::Saturday) => "Saturday",
        Some(Weekday::Sunday) | None => "Sunday",
    }
}

/// `November`.
pub(crate) fn month(date: LocalDate) -> &'static str {
    let (_, month, _) = date.ymd();
    MONTHS[(month as usize - 1) % 12]
}

/// `Saturday, 21 November 2026`.
pub(crate) fn long_date(date: LocalDate) -> String {
    let (year, _, day) = date.ymd();
    format!("{}, {day} {} {year}", weekday(date), month(date))
}

/// `Sat 21 Nov 2026`.
pub(crate) fn short_date(date: LocalDate) -> String {
    let (year, _, _) = date.ymd();
    format!("{} {} {year}", &weekday(date)[..3], day_and_month(date))
}

/// `21 Nov`.
pub(crate) fn day_and_month(date: LocalDate) -> String {
    let (_, _, day) = date.ymd();
    format!("{day} {}", &month(date)[..3])
}

/// How far a clock is before UTC, which is given in seconds: `UTC+05:30`.
pub(crate) fn offset(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '−' } else { '+' }, seconds.abs() / 60);
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_exact_as_is_useful() {
        let cases = [
            (0, "0 min"),
            (400, "< 1 s"),
            (42_999, "42 s"),
            (60_000, "1 min"),
            (12_660_000, "3 h 31 min"),
            (7_200_000, "2 h"),
            (4_334_400_000, "1,204 h"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_020_304, "1,020,304")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn offsets_are_written_as_people_know_them() {
        for (seconds, text) in [(0, "UTC+00:00"), (19_800, "UTC+05:30"), (-12_600, "UTC−03:30")] {
            assert_eq!(offset(seconds), text);
        }
    }

    #[test]
    fn dates_are_written_out() {
        let date: LocalDate = "2026-11-21".parse().unwrap();
        assert_eq!(long_date(date), "Saturday, 21 November 2026");
        assert_eq!(short_date(date), "Sat 21 Nov 2026");
        assert_eq!(weekday(date.plus_days(1)), "Sunday");
        assert_eq!(weekday("1970-01-01".parse().unwrap()), "Thursday");
        assert_eq!(month("2026-05-01".parse().unwrap()), "May");
    }
}
