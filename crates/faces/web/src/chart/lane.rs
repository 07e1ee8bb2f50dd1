//! One lane of a day: a column a minute, in the colour of what took most of it. A column with any time is
//! drawn; one in which nothing took three fifths of the time is marked as mixed.

use std::collections::BTreeMap;
use std::fmt::Write;

use dayline_domain::{AppName, Interval};

use crate::chart::{Hue, Hues};

/// What a column stands for, in milliseconds.
const COLUMN_MS: i64 = 60_000;

/// A lane, for an SVG whose view box is so many columns wide and 1 high.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    /// How many columns there are.
    pub(crate) columns: i64,
    /// One path per hue, in the order of the hues.
    pub(crate) shades: Vec<Shade>,
    /// The path over all columns that are mixed; empty if none is.
    pub(crate) mixed: String,
    /// The path below all others, of what is dimmed; empty if nothing is.
    pub(crate) dimmed: String,
}

impl Lane {
    /// The lane above what is dimmed, whose intervals are in order.
    pub(crate) fn above(self, window: Interval, dimmed: impl Iterator<Item = Interval>) -> Self {
        let mut runs = Vec::new();
        for interval in dimmed.filter_map(|interval| interval.clip(window)) {
            for (column, _) in spread(window, interval) {
                extend(&mut runs, column);
            }
        }
        Self { dimmed: path(&runs), ..self }
    }
}

/// All columns of one hue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shade {
    pub(crate) hue: Hue,
    /// The path's `d`.
    pub(crate) path: String,
    /// The names of its apps, the largest first.
    pub(crate) names: String,
}

/// Draws a lane over a window from pieces, which are in order and do not overlap.
pub(crate) fn lane<'a>(
    window: Interval,
    hues: &Hues,
    pieces: impl IntoIterator<Item = (&'a AppName, Interval)>,
) -> Lane {
    let mut columns = BTreeMap::<i64, Vec<(&AppName, i64)>>::new();
    let mut totals = BTreeMap::<&AppName, i64>::new();
    for (app, interval) in pieces {
        let Some(interval) = interval.clip(window) else { continue };
        *totals.entry(app).or_default() += interval.ms();
        for (column, ms) in spread(window, interval) {
            add(columns.entry(column).or_default(), app, ms);
        }
    }
    let (mut runs, mut mixed) = (BTreeMap::<Hue, Vec<(i64, i64)>>::new(), Vec::new());
    for (column, apps) in &columns {
        let (app, most, all) = dominant(apps);
        extend(runs.entry(hues.of(app)).or_default(), *column);
        if most * 5 < all * 3 {
            extend(&mut mixed, *column);
        }
    }
    let shade =
        |(hue, runs): (Hue, Vec<_>)| Shade { hue, path: path(&runs), names: names(&totals, hues, hue) };
    let shades = runs.into_iter().map(shade).collect();
    Lane {
        columns: (window.ms() + COLUMN_MS - 1) / COLUMN_MS,
        shades,
        mixed: path(&mixed),
        dimmed: String::new(),
    }
}

/// The columns that an interval touches, and how much of it lies in each.
fn spread(window: Interval, interval: Interval) -> impl Iterator<Item = (i64, i64)> {
    let (start, end) = (interval.start().since(window.start()), interval.end().since(window.start()));
    (start / COLUMN_MS..=(end - 1) / COLUMN_MS).map(move |column| {
        let (from, to) = (column * COLUMN_MS, (column + 1) * COLUMN_MS);
        (column, end.min(to) - start.max(from))
    })
}

fn add<'a>(apps: &mut Vec<(&'a AppName, i64)>, app: &'a AppName, ms: i64) {
    match apps.iter_mut().find(|(known, _)| *known == app) {
        Some((_, sum)) => *sum += ms,
        None => apps.push((app, ms)),
    }
}

/// What took most of a column, how much that is, and how much all is. Of equal ones the first.
fn dominant<'a>(apps: &[(&'a AppName, i64)]) -> (&'a AppName, i64, i64) {
    let mut most = apps[0];
    for &app in &apps[1..] {
        if app.1 > most.1 {
            most = app;
        }
    }
    (most.0, most.1, apps.iter().map(|(_, ms)| ms).sum())
}

/// Lengthens the last run of columns by one, or begins another.
fn extend(runs: &mut Vec<(i64, i64)>, column: i64) {
    match runs.last_mut() {
        Some((first, length)) if *first + *length == column => *length += 1,
        Some((first, length)) if *first + *length > column => {}
        _ => runs.push((column, 1)),
    }
}

fn path(runs: &[(i64, i64)]) -> String {
    runs.iter().fold(String::new(), |mut path, (first, length)| {
        // Writing to a string can't fail.
        let _ = write!(path, "M{first} 0h{length}v1h-{length}z");
        path
    })
}

/// Names that a reader hears and a pointer shows: few enough to be taken in.
fn names(totals: &BTreeMap<&AppName, i64>, hues: &Hues, hue: Hue) -> String {
    const SHOWN: usize = 4;
    let mut of_hue: Vec<_> = totals.iter().filter(|(app, _)| hues.of(app) == hue).collect();
    of_hue.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let mut names: Vec<_> = of_hue.iter().take(SHOWN).map(|(app, _)| app.as_str().to_owned()).collect();
    if of_hue.len() > SHOWN {
        names.push(format!("{} more", of_hue.len() - SHOWN));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;

    use super::*;

    const SECOND: i64 = 1_000;

    fn drawn(pieces: &[(&str, i64, i64)]) -> Lane {
        let window = Interval::new(UtcMs(0), UtcMs(10 * COLUMN_MS)).unwrap();
        let pieces: Vec<_> = pieces
            .iter()
            .map(|(app, from, to)| {
                (AppName::new(app).unwrap(), Interval::new(UtcMs(from * SECOND), UtcMs(to * SECOND)).unwrap())
            })
            .collect();
        let code = AppName::new("Code").unwrap();
        let hues = Hues::of_largest([&code]);
        lane(window, &hues, pieces.iter().map(|(app, interval)| (app, *interval)))
    }

    fn paths(lane: &Lane) -> Vec<(&str, &str)> {
        lane.shades.iter().map(|shade| (shade.hue.class(), shade.path.as_str())).collect()
    }

    #[test]
    fn columns_are_as_wide_as_minutes_and_runs_of_them_are_one() {
        let lane = drawn(&[("Code", 0, 180), ("Mail", 180, 240), ("Code", 360, 420)]);
        assert_eq!(lane.columns, 10);
        let hue =
            Hues::of_largest([&AppName::new("Code").unwrap()]).of(&AppName::new("Code").unwrap()).class();
        assert_eq!(paths(&lane), [(hue, "M0 0h3v1h-3zM6 0h1v1h-1z"), ("n", "M3 0h1v1h-1z")]);
        assert_eq!(lane.mixed, "");
    }

    #[test]
    fn a_column_is_of_what_took_most_of_it_and_mixed_below_three_fifths() {
        let lane = drawn(&[("Mail", 0, 24), ("Code", 24, 60), ("Mail", 60, 85), ("Code", 85, 120)]);
        assert_eq!(lane.shades.len(), 1);
        assert_eq!(lane.shades[0].names, "Code");
        assert_eq!(lane.mixed, "M1 0h1v1h-1z");
    }

    #[test]
    fn a_millisecond_is_drawn() {
        let lane = drawn(&[("Mail", 599, 600)]);
        assert_eq!(paths(&lane), [("n", "M9 0h1v1h-1z")]);
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        assert_eq!(drawn(&[("Mail", 600, 700)]).shades, []);
        assert_eq!(drawn(&[("Mail", -60, 30)]).shades[0].path, "M0 0h1v1h-1z");
    }

    #[test]
    fn many_names_are_counted() {
        let lane = drawn(&[
            ("a", 0, 60),
            ("b", 60, 110),
            ("c", 110, 150),
            ("d", 150, 180),
            ("e", 180, 200),
            ("f", 200, 210),
        ]);
        assert_eq!(lane.shades[0].names, "a, b, c, d, 2 more");
    }
}
