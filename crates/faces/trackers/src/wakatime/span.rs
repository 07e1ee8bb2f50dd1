//! The stretches of days that clients ask for by name.

use dayline_domain::{LocalDate, Weekday};

/// The first and the last day of a named stretch, as seen today; `None` if there is no such name. Names may
/// be written with blanks and capitals. `first` is the first day of which anything is known.
pub(super) fn span(
    name: &str,
    today: LocalDate,
    first: LocalDate,
    week_start: Weekday,
) -> Option<(LocalDate, LocalDate)> {
    let days_before = |date: LocalDate, days: i32| date.plus_days(-days);
    let this_week = week_start.week_of(today);
    let last_month = days_before(today.month(), 1).month();
    let name = name.trim().to_ascii_lowercase().replace(' ', "_");
    Some(match name.as_str() {
        "today" => (today, today),
        "yesterday" => (days_before(today, 1), days_before(today, 1)),
        "last_7_days" | "week" => (days_before(today, 6), today),
        "last_7_days_from_yesterday" => (days_before(today, 7), days_before(today, 1)),
        "last_14_days" => (days_before(today, 13), today),
        "last_30_days" | "month" => (days_before(today, 29), today),
        "last_6_months" => (days_before(today, 181), today),
        "last_year" | "last_12_months" | "year" => (days_before(today, 364), today),
        "this_week" => (this_week, today),
        "last_week" => (days_before(this_week, 7), days_before(this_week, 1)),
        "this_month" => (today.month(), today),
        "last_month" => (last_month, days_before(today.month(), 1)),
        "all_time" | "any" => (first.min(today), today),
        _ => return calendar(&name),
    })
}

/// A year `2026` or a month `2026-11`.
fn calendar(name: &str) -> Option<(LocalDate, LocalDate)> {
    let (first, next) = if let Ok(first) = format!("{name}-01-01").parse::<LocalDate>() {
        (first, LocalDate::from_ymd(first.ymd().0 + 1, 1, 1)?)
    } else {
        let first = format!("{name}-01").parse::<LocalDate>().ok()?;
        (first, first.plus_days(31).month())
    };
    Some((first, next.plus_days(-1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As seen on Friday, 2026-11-20.
    fn days(name: &str) -> Option<(String, String)> {
        let date = |text: &str| text.parse::<LocalDate>().unwrap();
        let (from, to) = span(name, date("2026-11-20"), date("2020-02-01"), Weekday::Monday)?;
        Some((from.to_string(), to.to_string()))
    }

    #[test]
    fn each_name_is_a_stretch_of_days() {
        for (name, from, to) in [
            ("today", "2026-11-20", "2026-11-20"),
            ("Yesterday", "2026-11-19", "2026-11-19"),
            ("last_7_days", "2026-11-14", "2026-11-20"),
            ("Last 7 Days", "2026-11-14", "2026-11-20"),
            ("Last 7 Days from Yesterday", "2026-11-13", "2026-11-19"),
            ("last_14_days", "2026-11-07", "2026-11-20"),
            ("last_30_days", "2026-10-22", "2026-11-20"),
            ("last_year", "2025-11-21", "2026-11-20"),
            ("This Week", "2026-11-16", "2026-11-20"),
            ("Last Week", "2026-11-09", "2026-11-15"),
            ("this_month", "2026-11-01", "2026-11-20"),
            ("last_month", "2026-10-01", "2026-10-31"),
            ("all_time", "2020-02-01", "2026-11-20"),
            ("2024", "2024-01-01", "2024-12-31"),
            ("2023", "2023-01-01", "2023-12-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026-12", "2026-12-01", "2026-12-31"),
        ] {
            assert_eq!(days(name), Some((from.to_owned(), to.to_owned())), "{name}");
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "",
            "tomorrow",
            "last_3_days",
            "24",
            "2024-13",
            "2024-1",
            "2024-01-01",
            "2024_01",
            "+024",
            "0000",
        ] {
            assert_eq!(days(name), None, "{name}");
        }
    }
}
