//! Of what a report is asked for, where it is not everything.

use std::fmt::Display;

use dayline_domain::report::{Filter, name_or_none};
use dayline_domain::{AppName, DeviceId, Domain, Project};

use crate::tracking::ingest::domain_of_host;
use crate::{App, AppError, FieldError};

/// Of what a report is to be, as the client wrote it. All that is given has to hold.
#[derive(Debug, Clone, Default)]
pub struct FilterAsked {
    /// An app, by its exact name.
    pub app: Option<String>,
    /// A host in any spelling; nothing for what was no web page.
    pub domain: Option<String>,
    /// A project, by its exact name; nothing for what had none.
    pub project: Option<String>,
    /// A device.
    pub device: Option<String>,
}

impl FilterAsked {
    /// The name of a part that is given, if one is.
    pub fn given(&self) -> Option<&'static str> {
        let Self { app, domain, project, device } = self;
        let parts = [("app", app), ("domain", domain), ("project", project), ("device", device)];
        parts.into_iter().find(|(_, part)| part.is_some()).map(|(name, _)| name)
    }
}

/// Reads a filter.
///
/// # Errors
///
/// [`AppError::Invalid`] with everything that is no such name.
pub fn resolve_filter(app: &App, asked: FilterAsked) -> Result<Filter, AppError> {
    let host = |host: &str| {
        let domain = domain_of_host(app, host).and_then(|domain| Domain::new(&domain).ok());
        domain.ok_or("must be a host name such as example.org, or nothing for what was no web page")
    };
    let mut errors = Vec::new();
    let filter = Filter {
        app: part("app", asked.app, AppName::new, &mut errors),
        domain: part("domain", asked.domain, |text| name_or_none(text, host), &mut errors),
        project: part("project", asked.project, |text| name_or_none(text, Project::new), &mut errors),
        device: part("device", asked.device, DeviceId::new, &mut errors),
        coding: false,
    };
    if errors.is_empty() { Ok(filter) } else { Err(AppError::Invalid(errors)) }
}

/// Reads a part, if it is given, and notes what is wrong with it.
pub(crate) fn part<T, E: Display>(
    name: &'static str,
    text: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, E>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let parsed = parse(&text?);
    parsed.map_err(|error| errors.push(FieldError::new(name, error.to_string()))).ok()
}
