//! Time of categories, with what lies within each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::name::CategoryName;

/// The time of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledUp {
    /// Which; `None` is what belongs to none.
    pub category: Option<CategoryName>,
    /// Milliseconds of itself alone.
    pub own_ms: i64,
    /// Milliseconds of itself and of all within it.
    pub all_ms: i64,
}

/// Rolls the times of categories up: to each is added what lies within it, and categories that have
/// others within them are there, too, if they have no time of their own. Most first, by all their time;
/// a category always comes before those within it.
pub fn roll_up(own: impl IntoIterator<Item = (Option<CategoryName>, i64)>) -> Vec<RolledUp> {
    let mut sums = BTreeMap::<Option<CategoryName>, (i64, i64)>::new();
    for (category, ms) in own {
        let mut around = category.as_ref().and_then(CategoryName::around);
        while let Some(name) = around {
            around = name.around();
            sums.entry(Some(name)).or_default().1 += ms;
        }
        let (own_ms, all_ms) = sums.entry(category).or_default();
        (*own_ms, *all_ms) = (*own_ms + ms, *all_ms + ms);
    }
    let row = |(category, (own_ms, all_ms))| RolledUp { category, own_ms, all_ms };
    let mut rows: Vec<RolledUp> = sums.into_iter().map(row).collect();
    // Stable: equal ones stay in the order of names.
    rows.sort_by_key(|row| Reverse(row.all_ms));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_has_the_time_of_all_within_it() {
        let own = [("Work > Code", 5), ("Work > Code > Rust", 2), ("Work", 1), ("Life > Sport", 3)];
        let own = own.map(|(name, ms)| (CategoryName::new(name).ok(), ms));
        let rows = roll_up(own.into_iter().chain([(None, 4)]));
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.category.as_ref().map(ToString::to_string), row.own_ms, row.all_ms))
            .collect();
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(
            rows,
            [
                (name("Work"), 1, 8),
                (name("Work > Code"), 5, 7),
                (None, 4, 4),
                (name("Life"), 0, 3),
                (name("Life > Sport"), 3, 3),
                (name("Work > Code > Rust"), 2, 2),
            ]
        );
        assert_eq!(roll_up([]), []);
    }
}
