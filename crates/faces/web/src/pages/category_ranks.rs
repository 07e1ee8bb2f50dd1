//! Time by category on the pages that show time.

use dayline_domain::labels::{Categories, CategoryName, Colour, RolledUp, roll_up};

use crate::chart::Hue;
use crate::show::{Rank, ranks};

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
