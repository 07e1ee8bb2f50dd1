//! Time by category on the pages that show time.

use dayline_domain::labels::{Categories, CategoryName, Colour, RolledUp, roll_up};

use crate::chart::Hue;
use crate::show::{Rank, ranks};

/// So many lines of a list are seen, with that which unfolds the others.
const LINES: usize = 9;
/// How many lines the heading of a list and the room around it take.
const HEADING: usize = 2;
/// What belongs to no category.
const NONE: &str = "Without a category";
/// Where categories are changed.
const PAGE: &str = "/settings/categories";

/// The lines of categories with their times in milliseconds, each with all within it; none if the person has
/// no categories.
pub(crate) fn category_ranks(
    categories: &Categories,
    own: impl IntoIterator<Item = (Option<CategoryName>, i64)>,
    all_ms: i64,
) -> Vec<Rank> {
    if categories.is_empty() {
        return Vec::new();
    }
    let rows: Vec<RolledUp> = roll_up(own).into_iter().filter(|row| row.all_ms > 0).collect();
    let shown = |row: &RolledUp| match &row.category {
        Some(name) => (name.to_string(), row.all_ms, hue(categories.colour_of(name))),
        None => (NONE.to_owned(), row.all_ms, Hue::Neutral),
    };
    let mut lines = ranks(rows.iter().map(shown), all_ms, |_| PAGE.to_owned());
    for (line, row) in lines.iter_mut().zip(&rows) {
        let category = categories.iter().find(|category| Some(&category.name) == row.category.as_ref());
        line.href = match (&row.category, category) {
            (None, _) => format!("{PAGE}#inbox"),
            (_, Some(category)) => format!("{PAGE}#c-{}", category.id),
            _ => PAGE.to_owned(),
        };
    }
    lines
}

/// Whether categories stand below apps, and not below domains and projects: in the column that is shorter.
pub(crate) fn stand_below_apps(apps: &[Rank], domains: &[Rank], projects: &[Rank]) -> bool {
    let lines = |list: &[Rank]| list.len().min(LINES) + HEADING;
    let of_projects = if projects.is_empty() { 0 } else { lines(projects) };
    lines(apps) < lines(domains) + of_projects
}

/// The colour of a category in the palette.
pub(crate) fn hue(colour: Option<Colour>) -> Hue {
    let slot = colour.and_then(|colour| Colour::ALL.into_iter().position(|other| other == colour));
    slot.map_or(Hue::Neutral, |slot| Hue::Own(slot as u8))
}

#[cfg(test)]
mod tests {
    use dayline_domain::CategoryId;
    use dayline_domain::labels::Category;

    use super::*;

    #[test]
    fn categories_stand_in_the_shorter_column() {
        let lines =
            |many: usize| ranks((0..many).map(|n| (n.to_string(), 1, Hue::Neutral)), 9, str::to_owned);
        let below_apps =
            |apps, domains, projects| stand_below_apps(&lines(apps), &lines(domains), &lines(projects));
        assert!(below_apps(8, 4, 4) && below_apps(30, 30, 1) && below_apps(2, 3, 0));
        assert!(!below_apps(14, 3, 3) && !below_apps(5, 0, 0) && !below_apps(3, 3, 0));
    }

    #[test]
    fn a_category_is_shown_with_all_within_it_in_its_colour() {
        let category = |id: u128, name: &str, colour| Category {
            id: CategoryId::from_bits(id),
            name: CategoryName::new(name).unwrap(),
            colour,
            rules: Vec::new(),
        };
        let all = [category(1, "Work", Some(Colour::Teal)), category(2, "Work > Code", None)];
        let all = Categories::of(all).unwrap();
        let name = |text: &str| CategoryName::new(text).ok();
        let own = [(name("Work > Code"), 60_000), (name("Gone"), 0), (None, 30_000)];
        let lines = category_ranks(&all, own.clone(), 90_000);
        let lines: Vec<_> =
            lines.iter().map(|line| (&*line.name, line.class, &*line.time, &*line.href)).collect();
        let id = "00000000-0000-0000-0000-000000000002";
        let (page, code) = (format!("{PAGE}#c-{}", CategoryId::from_bits(1)), format!("{PAGE}#c-{id}"));
        let inbox = format!("{PAGE}#inbox");
        assert_eq!(
            lines,
            [
                ("Work", "c4", "1 min", &*page),
                ("Work > Code", "c4", "1 min", &*code),
                (NONE, "n", "30 s", &*inbox),
            ]
        );
        assert!(category_ranks(&Categories::default(), own, 90_000).is_empty());
    }
}
