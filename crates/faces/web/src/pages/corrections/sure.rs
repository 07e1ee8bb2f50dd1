//! The page that says what a correction would do, before it is made.

use askama::Template;
use axum::response::Response;
use dayline_app::tracking::corrections::ActivityChange;
use dayline_domain::{CorrectionId, Domain, Project};
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::page::Page;
use crate::pages::corrections::draft::FIELDS;
use crate::pages::corrections::row::Row;
use crate::refusal::Refusal;
use crate::shell::{Place, Shell};
use crate::show::duration;
use crate::state::WebState;

#[derive(Template)]
#[template(path = "correction_sure.html")]
struct SurePage {
    shell: Shell,
    asked: Asked,
    changes: Vec<Changed>,
}

/// What is to be made sure of.
pub(super) struct Asked {
    title: &'static str,
    /// The word of the button.
    yes: &'static str,
    /// Where it is sent to, below `/corrections`.
    action: String,
    row: Row,
    /// The form, carried on to be sent again.
    fields: Vec<(&'static str, String)>,
    /// Whether it can't be taken back.
    is_final: bool,
    /// Whether it was not said that this is known.
    pub(super) forgot_to_tick: bool,
}

impl Asked {
    /// To write what a form says.
    pub(super) fn writing(action: String, row: Row, form: &Form) -> Self {
        let erases = row.done.is_none();
        Self {
            title: if erases { "Erase this for good?" } else { "Is this right?" },
            yes: if erases { "Erase it for good" } else { "Save" },
            action,
            row,
            fields: FIELDS.map(|name| (name, form.text(name).to_owned())).into(),
            is_final: erases,
            forgot_to_tick: false,
        }
    }

    /// To delete an entry.
    pub(super) fn deletion(row: Row, id: CorrectionId) -> Self {
        Self {
            title: "Delete this entry?",
            yes: "Delete it",
            action: format!("{id}/delete"),
            row,
            fields: Vec::new(),
            is_final: false,
            forgot_to_tick: false,
        }
    }
}

/// What becomes of the time of an activity.
struct Changed {
    app: String,
    more: Vec<String>,
    before: String,
    after: String,
    by: String,
}

impl Changed {
    fn of(ActivityChange { activity, before_ms, after_ms }: &ActivityChange) -> Self {
        let more =
            [activity.domain.as_ref().map(Domain::as_str), activity.project.as_ref().map(Project::as_str)];
        let sign = if after_ms < before_ms { '−' } else { '+' };
        Self {
            app: activity.app.as_str().to_owned(),
            more: more.into_iter().flatten().map(str::to_owned).collect(),
            before: duration(*before_ms),
            after: duration(*after_ms),
            by: format!("{sign}{}", duration((after_ms - before_ms).abs())),
        }
    }
}

/// Asks whether somebody is sure.
pub(super) fn ask_again(
    web: &WebState,
    headers: &HeaderMap,
    asked: Asked,
    changes: &[ActivityChange],
) -> Result<Response, Refusal> {
    let status = if asked.forgot_to_tick { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SurePage {
        shell: Shell::at(web, headers, Place::Day),
        asked,
        changes: changes.iter().map(Changed::of).collect(),
    };
    Ok(Page::of(&page)?.with_status(status).answer(headers))
}
