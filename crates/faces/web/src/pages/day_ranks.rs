//! What a day adds up to: its apps, domains, projects and categories, the most first.

use dayline_domain::report::{by_app, by_domain, by_project};
use dayline_domain::{Domain, Interval, LocalDate, Project};

use crate::chart::{Hue, Hues};
use crate::pages::category_ranks::category_ranks;
use crate::pages::coloured::hues_by_name;
use crate::pages::day_seen::Seen;
use crate::show::{Rank, escaped, ranks};

/// The lists of a day.
#[derive(Default)]
pub(crate) struct DayRanks {
    pub(crate) total_ms: i64,
    pub(crate) apps: Vec<Rank>,
    pub(crate) domains: Vec<Rank>,
    /// Empty for who has no projects.
    pub(crate) projects: Vec<Rank>,
    /// Empty for who has no categories.
    pub(crate) categories: Vec<Rank>,
}

impl DayRanks {
    /// The lists of what counted on a date and is not dimmed.
    pub(crate) fn of(date: LocalDate, window: Interval, seen: &Seen, hues: &Hues) -> Self {
        let pieces = &seen.lit[..];
        let apps = by_app(pieces, window);
        let total_ms = apps.iter().map(|(_, ms)| ms).sum();
        let that_day = format!("?from={date}&to={date}");
        let apps = apps.into_iter().map(|(app, ms)| (app.as_str().to_owned(), ms, hues.of(app)));
        let apps = ranks(apps, total_ms, |name| format!("/app/{}{that_day}", escaped(name)));
        let hue_of = hues_by_name(pieces, hues, |activity| activity.domain.as_ref().map(Domain::as_str));
        let domains = by_domain(pieces, window).into_iter().filter_map(|(domain, ms)| {
            let name = domain.map(Domain::as_str)?;
            Some((name.to_owned(), ms, hue_of.get(name).copied().unwrap_or(Hue::Neutral)))
        });
        let domains = ranks(domains, total_ms, |name| format!("/domain/{}", escaped(name)));
        let hue_of = hues_by_name(pieces, hues, |activity| activity.project.as_ref().map(Project::as_str));
        let projects = by_project(pieces, window).into_iter().filter_map(|(project, ms)| {
            let name = project.map(Project::as_str)?;
            Some((name.to_owned(), ms, hue_of.get(name).copied().unwrap_or(Hue::Neutral)))
        });
        let projects = ranks(projects, total_ms, |name| format!("/project/{}{that_day}", escaped(name)));
        let categories = category_ranks(&seen.labels.categories, seen.by_category(window), total_ms);
        Self { total_ms, apps, domains, projects, categories }
    }
}
