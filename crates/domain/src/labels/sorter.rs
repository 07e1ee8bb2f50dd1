//! Which category time belongs to. Not here: what a category is.

use std::cmp::Reverse;

use super::Labels;
use super::category::{Category, Rule};
use super::name::CategoryName;
use super::pattern::{exactness, fits, fits_host};
use crate::activity::Project;
use crate::names::{AppName, Domain};

/// A person's rules in the order in which they are asked.
///
/// The first one that fits says which category it is, and if a rule of a category within that one fits
/// as well, the first of those, and so on: time counts under the deepest. Rules are asked by what they
/// name: those with a project first, then those with a domain, then those with an app alone; of equal
/// ones the one that names more, then the one with more characters, then the one whose category comes
/// first by name.
pub struct Sorter<'a> {
    labels: &'a Labels,
    rules: Vec<Asked<'a>>,
}

/// A rule as it is compared: names in lower case, an app by the name that it is shown by.
struct Asked<'a> {
    category: &'a CategoryName,
    app: Option<String>,
    domain: Option<&'a str>,
    project: Option<String>,
}

impl<'a> Sorter<'a> {
    /// The rules of these labels.
    pub fn of(labels: &'a Labels) -> Self {
        let all = labels.categories.iter();
        let mut rules: Vec<Asked<'a>> = all
            .flat_map(|Category { name, rules, .. }| rules.iter().map(move |rule| (name, rule)))
            .map(|(category, rule)| Asked::of(labels, category, rule))
            .collect();
        rules.sort_by_key(|rule| (Reverse((rule.names(), rule.exactness())), rule.category));
        Self { labels, rules }
    }

    /// The category of an activity, whose app is given by its own name; `None` if no rule fits.
    pub fn category(
        &self,
        app: &AppName,
        domain: Option<&Domain>,
        project: Option<&Project>,
    ) -> Option<&'a CategoryName> {
        if self.rules.is_empty() {
            return None;
        }
        let app = self.labels.shown(app).as_str().to_lowercase();
        let project = project.map(|project| project.as_str().to_lowercase());
        let (domain, project) = (domain.map(Domain::as_str), project.as_deref());
        let mut found: Option<&'a CategoryName> = None;
        loop {
            let is_deeper = move |rule: &&Asked<'a>| found.is_none_or(|found| rule.category.is_within(found));
            let mut deeper = self.rules.iter().filter(is_deeper);
            match deeper.find(|rule| rule.fits(&app, domain, project)) {
                Some(rule) => found = Some(rule.category),
                None => return found,
            }
        }
    }
}

impl<'a> Asked<'a> {
    fn of(labels: &Labels, category: &'a CategoryName, rule: &'a Rule) -> Self {
        let [app, domain, project] = rule.parts();
        // By whichever of its names an app is meant; a pattern is of names that are shown.
        let shown = |name: &str| match AppName::new(name) {
            Ok(app) if !name.contains('*') => labels.meant(&app).as_str().to_lowercase(),
            _ => name.to_lowercase(),
        };
        Self { category, app: app.map(shown), domain, project: project.map(str::to_lowercase) }
    }

    /// What it names, as a number that is larger the more that says.
    fn names(&self) -> u8 {
        let has = |is_there: bool, worth: u8| if is_there { worth } else { 0 };
        has(self.project.is_some(), 4) + has(self.domain.is_some(), 2) + has(self.app.is_some(), 1)
    }

    fn exactness(&self) -> usize {
        let parts = [self.app.as_deref(), self.domain, self.project.as_deref()];
        parts.into_iter().flatten().map(exactness).sum()
    }

    fn fits(&self, app: &str, domain: Option<&str>, project: Option<&str>) -> bool {
        let is_so = |wanted: Option<&str>, found: Option<&str>, fits: fn(&str, &str) -> bool| {
            wanted.is_none_or(|wanted| found.is_some_and(|found| fits(wanted, found)))
        };
        is_so(self.app.as_deref(), Some(app), fits)
            && is_so(self.domain, domain, fits_host)
            && is_so(self.project.as_deref(), project, fits)
    }
}
