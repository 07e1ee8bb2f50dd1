//! How a day is to be shown: what its address says, and the address that says so.

use dayline_app::reporting::filters::FilterAsked;
use dayline_domain::LocalDate;
use dayline_domain::report::Filter;
use dayline_http_kit::query::{FromParams, Params};

use crate::pages::filtered::{self, query_of};

/// How the day is to be shown.
#[derive(Default)]
pub(crate) struct Asked {
    /// Of what alone, while the rest is dimmed.
    pub(super) filter: FilterAsked,
    pub(super) view: View,
    /// The day that somebody wants to go to.
    pub(super) date: Option<LocalDate>,
    /// What was saved just now.
    pub(super) saved: Option<&'static str>,
}

/// In which way a day is shown.
#[derive(Clone, Copy, Default)]
pub(super) struct View {
    /// As a list.
    pub(super) list: bool,
    /// With the names of apps that trackers told.
    pub(super) told: bool,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        // The form asks for everything by an empty text.
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let FilterAsked { app, domain, project, device } = filtered::filter(params);
        let filter = FilterAsked {
            app: given(app),
            domain: given(domain),
            project: given(project),
            device: given(device),
        };
        let view = View {
            list: params.optional("view", list).unwrap_or(false),
            told: params.optional("names", told).unwrap_or(false),
        };
        let date = params.optional("date", str::parse);
        Self { filter, view, date, saved: params.optional("saved", saved) }
    }
}

fn saved(what: &str) -> Result<&'static str, &'static str> {
    match what {
        "entry" => Ok("What you did is saved, and shown here within a moment."),
        "erased" => Ok("The time is erased, and gone from here within a moment."),
        "deleted" => Ok("The entry is deleted. What was seen counts again within a moment."),
        "sample" => Ok("The sample day is made, and shown here within a moment."),
        "no-sample" => Ok("The sample day is removed, and gone within a moment."),
        "zone" => Ok("Your days are in the time zone of this browser now."),
        _ => Err("must be entry, erased, deleted, sample, no-sample or zone"),
    }
}

fn list(text: &str) -> Result<bool, &'static str> {
    match text {
        "list" => Ok(true),
        "timeline" => Ok(false),
        _ => Err("must be list or timeline"),
    }
}

fn told(text: &str) -> Result<bool, &'static str> {
    match text {
        "told" => Ok(true),
        "shown" => Ok(false),
        _ => Err("must be told or shown"),
    }
}

/// The query that asks for the same in this way.
pub(super) fn query(filter: &Filter, view: View) -> String {
    let list = if view.list { "&view=list" } else { "" };
    let told = if view.told { "&names=told" } else { "" };
    let all = format!("{}{list}{told}", query_of(filter));
    if all.is_empty() { all } else { format!("?{}", &all[1..]) }
}
