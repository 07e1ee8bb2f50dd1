//! What a page is asked for of its days, and how it says so.

use std::collections::BTreeMap;

use dayline_app::reporting::filters::FilterAsked;
use dayline_domain::DeviceId;
use dayline_domain::report::Filter;
use dayline_http_kit::query::Params;

use crate::show::{device_name, escaped};

/// The parameters of a filter, in the order of its texts.
pub(super) const FILTERS: [&str; 4] = ["app", "domain", "project", "device"];

/// Of what.
pub(super) fn filter(params: &mut Params<'_>) -> FilterAsked {
    let mut text = |name| params.optional(name, str::parse);
    FilterAsked { app: text("app"), domain: text("domain"), project: text("project"), device: text("device") }
}

/// What asks for the same filter, at the end of a query.
pub(super) fn query_of(filter: &Filter) -> String {
    let names = FILTERS.into_iter().zip(filter.texts());
    names.filter_map(|(name, text)| Some(format!("&{name}={}", escaped(text?)))).collect()
}

/// What a filter keeps, in words: each kind with its name.
pub(super) fn words(filter: &Filter, names: &BTreeMap<DeviceId, Box<str>>) -> Vec<(&'static str, String)> {
    let [app, domain, project, _] = filter.texts();
    let device = filter.device.as_ref().map(|device| device_name(names, device));
    let given = |name: &str| if name.is_empty() { "none".to_owned() } else { name.to_owned() };
    let parts = [
        ("app", app.map(given)),
        ("domain", domain.map(given)),
        ("project", project.map(given)),
        ("device", device),
    ];
    parts.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect()
}
