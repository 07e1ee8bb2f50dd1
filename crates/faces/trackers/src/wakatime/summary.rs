//! What was coded in some days, as clients read it.

use dayline_app::reporting::coding::Coding;
use dayline_app::reporting::devices::DeviceNames;
use dayline_domain::report::LocalDays;
use dayline_domain::{DeviceId, Language, Project};
use dayline_http_kit::instant;
use serde::Serialize;

use super::amount::{Amount, Entry, entries};

/// The one category that is told.
const CATEGORY: &str = "Coding";

/// A total and its parts.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) grand_total: Amount,
    #[serde(flatten)]
    parts: Parts,
    range: Range,
}

/// The parts of a total. What Dayline does not keep is an empty list, which clients look for.
#[derive(Debug, Serialize)]
pub(super) struct Parts {
    categories: Vec<Entry>,
    projects: Vec<Entry>,
    languages: Vec<Entry>,
    editors: Vec<Entry>,
    machines: Vec<Entry>,
    operating_systems: [Entry; 0],
    dependencies: [Entry; 0],
}

/// The days.
#[derive(Debug, Serialize)]
pub(super) struct Range {
    date: String,
    start: String,
    end: String,
    text: String,
    timezone: String,
}

impl Summary {
    /// What was coded in these days. `names` has what the devices are called.
    pub(super) fn new(coding: &Coding, names: &DeviceNames, days: &LocalDays) -> Self {
        let grand_total = Amount::of(coding.total_ms);
        Self { grand_total, parts: Parts::new(coding, names), range: Range::new(days) }
    }
}

impl Parts {
    /// The parts of what was coded.
    pub(super) fn new(coding: &Coding, names: &DeviceNames) -> Self {
        let whole_ms = coding.total_ms;
        let device = |id: &DeviceId| names.get(id).map_or(id.as_str(), |name| name.as_str()).to_owned();
        let projects = coding.projects.iter().map(|(name, ms)| (name.as_ref().map(Project::as_str), *ms));
        let languages = coding.languages.iter().map(|(name, ms)| (name.as_ref().map(Language::as_str), *ms));
        let editors = coding.editors.iter().map(|(name, ms)| (Some(name.as_str().to_owned()), *ms));
        let machines = coding.devices.iter().map(|(id, ms)| (Some(device(id)), *ms));
        let owned = |(name, ms): (Option<&str>, i64)| (name.map(str::to_owned), ms);
        let category = (whole_ms > 0).then(|| (Some(CATEGORY.to_owned()), whole_ms));
        Self {
            categories: entries(category, whole_ms),
            projects: entries(projects.map(owned), whole_ms),
            languages: entries(languages.map(owned), whole_ms),
            editors: entries(editors, whole_ms),
            machines: entries(machines, whole_ms),
            operating_systems: [],
            dependencies: [],
        }
    }
}

impl Range {
    fn new(days: &LocalDays) -> Self {
        let (start, end) = ends(days);
        let text = if days.from == days.to {
            days.from.to_string()
        } else {
            format!("{} to {}", days.from, days.to)
        };
        Self { date: days.from.to_string(), start, end, text, timezone: days.zone.name().to_owned() }
    }
}

/// The first and the last instant of some days, in UTC.
pub(super) fn ends(days: &LocalDays) -> (String, String) {
    let start = days.zone.start_of(days.from);
    let end = days.zone.start_of(days.to.plus_days(1)).plus(-1).max(start);
    (instant::utc(start), instant::utc(end))
}
