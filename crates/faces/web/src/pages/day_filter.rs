//! Of what alone a day is shown while the rest is dimmed, and the form in which that is chosen.

use std::collections::{BTreeMap, BTreeSet};

use dayline_domain::report::{Filter, by_app, by_domain, by_project};
use dayline_domain::{AppName, DeviceId, Domain, Interval, Piece, Project};

use crate::show::{Choice, device_name};

/// A choice of the form.
pub(crate) struct Select {
    pub(crate) label: &'static str,
    pub(crate) name: &'static str,
    pub(crate) options: Vec<Choice>,
}

/// The choices of a day: what counted on it, the most first, and what is chosen already. A kind of which
/// there is nothing has none.
pub(crate) fn selects(
    pieces: &[Piece],
    window: Interval,
    filter: &Filter,
    names: &BTreeMap<DeviceId, Box<str>>,
) -> Vec<Select> {
    let apps = by_app(pieces, window).into_iter().map(|(app, _)| AppName::as_str(app));
    let domains = by_domain(pieces, window).into_iter().filter_map(|(name, _)| name.map(Domain::as_str));
    let projects = by_project(pieces, window).into_iter().filter_map(|(name, _)| name.map(Project::as_str));
    let devices: BTreeSet<_> = pieces.iter().map(|piece| &piece.source.device).collect();
    let [app, domain, project, _] = filter.texts();
    let known = |name: &str| name.to_owned();
    let device =
        |name: &str| DeviceId::new(name).map_or_else(|_| name.to_owned(), |id| device_name(names, &id));
    [
        select("App", "app", apps, app, known),
        select("Domain", "domain", domains, domain, known),
        select("Project", "project", projects, project, known),
        select(
            "Device",
            "device",
            devices.into_iter().map(DeviceId::as_str),
            filter.device.as_ref().map(DeviceId::as_str),
            device,
        ),
    ]
    .into_iter()
    .filter(|select| !select.options.is_empty())
    .collect()
}

fn select<'a>(
    label: &'static str,
    name: &'static str,
    found: impl Iterator<Item = &'a str>,
    chosen: Option<&'a str>,
    text: impl Fn(&str) -> String,
) -> Select {
    let mut values: Vec<&str> = found.collect();
    values.extend(chosen.filter(|chosen| !values.contains(chosen)));
    let choice = |value: &str| Choice {
        value: value.to_owned(),
        name: if value.is_empty() { "none".to_owned() } else { text(value) },
        chosen: chosen == Some(value),
    };
    Select { label, name, options: values.into_iter().map(choice).collect() }
}
