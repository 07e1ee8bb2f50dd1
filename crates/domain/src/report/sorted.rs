//! Counted time by category, and what has none.

use std::collections::BTreeMap;

use super::Counted;
use super::totals::{most_first, per_name};
use crate::activity::{Activity, Project};
use crate::labels::{CategoryName, Sorter};
use crate::names::{AppName, Domain};
use crate::time::Interval;

/// Time that belongs to no category, by what a rule for it would name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsorted {
    /// A web page, by its domain.
    Domain(Domain),
    /// What was no web page, by the name that its app is shown by.
    App(AppName),
}

/// Counted milliseconds of what names the same app, domain and project, and its category, which is looked
/// for once.
type Sums<'a> = Vec<((&'a AppName, Option<&'a Domain>, Option<&'a Project>), i64, Option<&'a CategoryName>)>;

fn sums(counted: Counted<'_>, window: Interval) -> Sums<'_> {
    let sorter = counted.labels.map(Sorter::of);
    let named = per_name(counted, window, |source| {
        let Activity { app, domain, project, language: _ } = &*source.activity;
        (app, domain.as_ref(), project.as_ref())
    });
    let mut sums = Vec::with_capacity(named.len());
    for (names, ms) in named {
        let (app, domain, project) = names;
        let category = sorter.as_ref().and_then(|sorter| sorter.category(app, domain, project));
        sums.push((names, ms, category));
    }
    sums
}

/// Counted milliseconds per category in a window, each without what lies within it; `None` being what
/// belongs to none: most first, equal ones by name, none before some.
pub fn by_category<'a>(
    counted: impl Into<Counted<'a>>,
    window: Interval,
) -> Vec<(Option<&'a CategoryName>, i64)> {
    let mut totals = BTreeMap::new();
    for (_, ms, category) in sums(counted.into(), window) {
        *totals.entry(category).or_default() += ms;
    }
    most_first(totals)
}

/// Counted milliseconds in a window of what belongs to no category: most first, equal ones by name.
pub fn unsorted<'a>(counted: impl Into<Counted<'a>>, window: Interval) -> Vec<(Unsorted, i64)> {
    let counted = counted.into();
    let mut totals = BTreeMap::<Unsorted, i64>::new();
    for ((app, domain, _), ms, category) in sums(counted, window) {
        if category.is_some() {
            continue;
        }
        let shown = || counted.labels.map_or_else(|| app.clone(), |labels| labels.shown(app).into_owned());
        let what = domain.map_or_else(|| Unsorted::App(shown()), |domain| Unsorted::Domain(domain.clone()));
        *totals.entry(what).or_default() += ms;
    }
    most_first(totals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Piece, Source};
    use crate::id::CategoryId;
    use crate::labels::{Categories, Category, Labels, Rule};
    use crate::time::UtcMs;

    #[test]
    fn what_has_no_category_is_named_as_a_rule_for_it_would() {
        let mut end = 0;
        let mut piece = |app: &str, domain: Option<&str>, ms: i64| {
            let start = end;
            end += ms;
            let interval = Interval::new(UtcMs(start), UtcMs(start + ms)).unwrap();
            Piece { source: Source::new("laptop", app, domain).unwrap(), interval }
        };
        let pieces = [
            piece("firefox.exe", None, 1),
            piece("Firefox", None, 2),
            piece("Chrome", Some("a.org"), 3),
            piece("Firefox", Some("a.org"), 4),
            piece("Code", None, 9),
        ];
        let work = Category {
            id: CategoryId::from_bits(1),
            name: CategoryName::new("Work").unwrap(),
            colour: None,
            rules: vec![Rule::new(AppName::new("Code").ok(), None, None).unwrap()],
        };
        let labels = Labels { categories: Categories::of([work]).unwrap(), ..Labels::default() };
        let counted = Counted { labels: Some(&labels), ..Counted::from(&pieces) };
        let window = Interval::new(UtcMs(0), UtcMs(end)).unwrap();
        let (page, app) = (Domain::new("a.org").unwrap(), AppName::new("Firefox").unwrap());
        assert_eq!(unsorted(counted, window), [(Unsorted::Domain(page), 7), (Unsorted::App(app), 3)]);
        let names =
            by_category(counted, window).into_iter().map(|(name, ms)| (name.map(CategoryName::last), ms));
        assert_eq!(names.collect::<Vec<_>>(), [(None, 10), (Some("Work"), 9)]);
        assert_eq!(by_category(&pieces, window), [(None, 19)]);
    }
}
