//! What the pages of ranges draw: bars, a year as fields, and when in the week the time lies.

use dayline_domain::report::HourSlot;
use dayline_domain::{LocalDate, Weekday};

use crate::chart::{Bar, bars, steps};
use crate::show::{day_and_month, duration, long_date, month, short_date, weekday};

/// More days than that are drawn as months.
const MOST_DAYS: usize = 62;
/// Up to so many bars each has a label.
const LABELLED: usize = 14;
/// The same on a small screen; of more every other one has.
const LABELLED_ON_SMALL: usize = 5;
/// The classes of the steps of heat.
const HEAT: [&str; 6] = ["h0", "h1", "h2", "h3", "h4", "h5"];
/// How far apart the fields of a year are, and how wide the names beside them, in units of the drawing.
const FIELD: i64 = 14;
const NAMES: i64 = 30;
const ABOVE: i64 = 18;

/// Bars side by side, each a link.
pub(crate) struct Bars {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) columns: Vec<NamedBar>,
}

/// A bar and what it stands for.
pub(crate) struct NamedBar {
    pub(crate) bar: Bar,
    pub(crate) href: String,
    pub(crate) title: String,
    /// Nothing where there is no room for a label.
    pub(crate) label: String,
    /// Whether there is room for it on a small screen.
    pub(crate) on_small: bool,
    pub(crate) time: String,
}

impl Bars {
    /// Whether the days are so many that each bar is a month.
    pub(crate) fn are_months(days: &[(LocalDate, i64)]) -> bool {
        days.len() > MOST_DAYS
    }

    /// A bar for each day, or for each month where the days are many.
    pub(crate) fn of(days: &[(LocalDate, i64)], months: &[(LocalDate, i64)]) -> Self {
        if Self::are_months(days) { Self::of_months(months) } else { Self::of_days(days) }
    }

    /// A bar for each day.
    fn of_days(days: &[(LocalDate, i64)]) -> Self {
        let few = days.len() <= LABELLED;
        Self::side_by_side("Day by day", days, |date| {
            let (_, _, day) = date.ymd();
            let label = match (few, day) {
                (true, _) => format!("{} {day}", &weekday(date)[..3]),
                (false, 1) if days.len() > 31 => day_and_month(date),
                (false, 1 | 8 | 15 | 22 | 29) if days.len() <= 62 => day.to_string(),
                _ => String::new(),
            };
            (format!("/day/{date}"), long_date(date), label)
        })
    }

    /// A bar for each month.
    fn of_months(months: &[(LocalDate, i64)]) -> Self {
        Self::side_by_side("Month by month", months, |date| {
            let (year, number, _) = date.ymd();
            let name = month(date);
            let label = if months.len() <= LABELLED { name[..3].to_owned() } else { String::new() };
            (format!("/month/{year:04}-{number:02}"), format!("{name} {year}"), label)
        })
    }

    fn side_by_side(
        title: &'static str,
        times: &[(LocalDate, i64)],
        named: impl Fn(LocalDate) -> (String, String, String),
    ) -> Self {
        let (scale, drawn) = bars(&times.iter().map(|(_, ms)| *ms).collect::<Vec<_>>());
        let many = times.len() > LABELLED_ON_SMALL && times.len() <= LABELLED;
        let bar = |(n, (bar, &(date, ms))): (usize, (Bar, &(LocalDate, i64)))| {
            let (href, title, label) = named(date);
            NamedBar { bar, href, title, label, on_small: !many || n % 2 == 0, time: duration(ms) }
        };
        Self {
            title,
            lines: scale.lines.into_iter().map(|(y, ms)| (y, duration(ms))).collect(),
            columns: drawn.into_iter().zip(times).enumerate().map(bar).collect(),
        }
    }
}

/// A year, a field a day, a column a week.
pub(crate) struct Year {
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) fields: Vec<Field>,
    pub(crate) months: Vec<(i64, &'static str)>,
    pub(crate) weekdays: Vec<(i64, &'static str)>,
}

/// A day of a year.
pub(crate) struct Field {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) class: &'static str,
    pub(crate) href: String,
    pub(crate) title: String,
}

impl Year {
    /// Draws consecutive days.
    pub(crate) fn of(days: &[(LocalDate, i64)], week_start: Weekday) -> Self {
        let first = days.first().map_or(LocalDate(0), |(date, _)| week_start.week_of(*date));
        let heat = steps(&days.iter().map(|(_, ms)| *ms).collect::<Vec<_>>());
        let x = |date: LocalDate| NAMES + FIELD * i64::from((date.0 - first.0) / 7);
        let y = |date: LocalDate| ABOVE + FIELD * i64::from((date.0 - first.0) % 7);
        let field = |(&(date, ms), step): (&(LocalDate, i64), u8)| Field {
            x: x(date),
            y: y(date),
            class: HEAT[usize::from(step).min(5)],
            href: format!("/day/{date}"),
            title: format!("{}: {}", short_date(date), duration(ms)),
        };
        let starts = days.iter().filter(|(date, _)| date.month() == *date);
        Self {
            width: days.last().map_or(NAMES, |(date, _)| x(*date)) + FIELD,
            height: ABOVE + 7 * FIELD,
            fields: days.iter().zip(heat).map(field).collect(),
            months: starts.map(|(date, _)| (x(*date), &month(*date)[..3])).collect(),
            weekdays: [1, 3, 5]
                .map(|row| (ABOVE + FIELD * i64::from(row) + 10, &weekday(first.plus_days(row))[..3]))
                .into(),
        }
    }
}

/// When in the week the time lies: an hour a column, a weekday a row.
pub(crate) struct Hours(pub(crate) Vec<(&'static str, Vec<Hour>)>);

/// An hour of a weekday.
pub(crate) struct Hour {
    pub(crate) class: &'static str,
    pub(crate) title: String,
}

impl Hours {
    /// Adds up the hours of the clock of each weekday.
    pub(crate) fn of(slots: &[HourSlot], week_start: Weekday) -> Self {
        const MS: i64 = 3_600_000;
        let mut sums = vec![0; 7 * 24];
        // Any week of those that begin as the person's do.
        let first = week_start.week_of(LocalDate(0));
        for slot in slots {
            let shown = slot.start.plus(i64::from(slot.offset_s) * 1_000).0;
            let (day, hour) = (shown.div_euclid(24 * MS), shown.rem_euclid(24 * MS) / MS);
            let row = (day - i64::from(first.0)).rem_euclid(7);
            sums[(row * 24 + hour) as usize] += slot.ms;
        }
        let heat = steps(&sums);
        let row = |row: usize| {
            let name = weekday(first.plus_days(row as i32));
            let hour = |hour: usize| {
                let (ms, step) = (sums[row * 24 + hour], heat[row * 24 + hour]);
                let title = format!("{name} {hour:02}:00: {}", duration(ms));
                Hour { class: HEAT[usize::from(step).min(5)], title }
            };
            (name, (0..24).map(hour).collect())
        };
        Self((0..7).map(row).collect())
    }
}

/// How much more or less than before, as `+6 %`; nothing if there was nothing before.
pub(crate) fn change(ms: i64, before_ms: i64) -> Option<String> {
    let difference = ms - before_ms;
    let whole = (difference.abs() * 200 + before_ms).checked_div(before_ms * 2)?;
    let sign = match difference.signum() {
        _ if whole == 0 => "±",
        1 => "+",
        _ => "−",
    };
    Some(format!("{sign}{whole} %"))
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_change_is_told_in_whole_percents() {
        assert_eq!(change(106, 100).unwrap(), "+6 %");
        assert_eq!(change(50, 100).unwrap(), "−50 %");
        assert_eq!(change(1_001, 1_000).unwrap(), "±0 %");
        assert_eq!(change(5, 0), None);
    }

    #[test]
    fn a_year_begins_in_the_column_of_its_first_week() {
        let first: LocalDate = "2026-01-01".parse().unwrap();
        let days: Vec<_> = (0..365).map(|n| (first.plus_days(n), i64::from(n % 7))).collect();
        let year = Year::of(&days, Weekday::Monday);
        // The first was a Thursday.
        assert_eq!((year.fields[0].x, year.fields[0].y), (NAMES, ABOVE + 3 * FIELD));
        assert_eq!((year.fields[4].x, year.fields[4].y), (NAMES + FIELD, ABOVE));
        assert_eq!(year.fields[0].class, "h0");
        assert!(year.fields.iter().zip(&days).all(|(field, (_, ms))| (field.class == "h0") == (*ms == 0)));
        assert_eq!(year.months.len(), 12);
        assert_eq!(year.weekdays[0].1, "Tue");
        assert_eq!(year.width, NAMES + 53 * FIELD);
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall() {
        // 1970-01-01 was a Thursday; 23:00 there is 01:00 of Friday two hours further east.
        let slot = HourSlot { start: UtcMs(23 * HOUR), offset_s: 7_200, ms: HOUR };
        let Hours(rows) = Hours::of(&[slot], Weekday::Sunday);
        assert_eq!(rows[0].0, "Sunday");
        let lit: Vec<_> =
            rows.iter().flat_map(|(_, hours)| hours).filter(|hour| hour.class != "h0").collect();
        assert_eq!(lit.len(), 1);
        assert_eq!(lit[0].title, "Friday 01:00: 1 h");
    }

    #[test]
    fn labels_are_as_many_as_there_is_room_for() {
        let first: LocalDate = "2026-11-01".parse().unwrap();
        let labels = |days: i32| {
            let days: Vec<_> = (0..days).map(|n| (first.plus_days(n), HOUR)).collect();
            Bars::of_days(&days).columns.into_iter().filter(|bar| !bar.label.is_empty()).count()
        };
        assert_eq!((labels(7), labels(14), labels(30), labels(365)), (7, 14, 5, 12));
    }
}
