//! Makers of values.

use std::collections::BTreeSet;
use std::sync::Arc;

use dayline_domain::activity::{Activity, Language, Piece, Project, Source};
use dayline_domain::choices::Choices;
use dayline_domain::correction::{Correction, Says};
use dayline_domain::observation::{Observation, Seen, Subject};
use dayline_domain::timeline::steps::settle;
use dayline_domain::timeline::window::Window;
use dayline_domain::{AppName, DeviceId, Domain, Interval, UtcDay, UtcMs};

pub(crate) fn app(name: &str) -> AppName {
    AppName::new(name).unwrap()
}

pub(crate) fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

pub(crate) fn domain(name: Option<&str>) -> Option<Domain> {
    name.map(|name| Domain::new(name).unwrap())
}

pub(crate) fn project(name: Option<&str>) -> Option<Project> {
    name.map(|name| Project::new(name).unwrap())
}

pub(crate) fn language(name: Option<&str>) -> Option<Language> {
    name.map(|name| Language::new(name).unwrap())
}

pub(crate) fn interval(start: i64, end: i64) -> Interval {
    Interval::new(UtcMs(start), UtcMs(end)).unwrap()
}

/// An observation; one whose end is its start counts as one millisecond.
pub(crate) fn observation(name: &str, seen: Seen, start: i64, end: i64) -> Observation {
    let subject = Arc::new(Subject { device: device(name), seen });
    Observation::new(subject, interval(start, end.max(start + 1)))
}

pub(crate) fn used(name: &str, domain_name: Option<&str>) -> Seen {
    Seen::Use { app: app(name), domain: domain(domain_name), project: None }
}

pub(crate) fn page(browser: &str, domain_name: Option<&str>, audible: bool) -> Seen {
    Seen::Page { browser: app(browser), domain: domain(domain_name), audible }
}

pub(crate) fn source(name: &str, activity: Activity) -> Arc<Source> {
    Arc::new(Source { device: device(name), activity: Arc::new(activity) })
}

/// The days that observations and corrections are for.
pub(crate) fn days(observations: &[Observation], corrections: &[Correction]) -> BTreeSet<UtcDay> {
    let told = corrections.iter().filter_map(|correction| match &correction.says {
        Says::Nothing => None,
        Says::Entry { interval, .. } | Says::Erasure { interval } => Some(*interval),
    });
    let observed = observations.iter().map(Observation::interval);
    observed.chain(told).flat_map(Window::met_by).collect()
}

/// The timelines of all days.
pub(crate) fn settle_all(
    observations: &[Observation],
    corrections: &[Correction],
    choices: Choices,
) -> Vec<Piece> {
    let days = days(observations, corrections);
    days.into_iter().flat_map(|day| settle(day, observations, corrections, choices)).collect()
}
