//! `/settings/aliases`: what the person's apps are called.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::{labels, reports};
use dayline_domain::AppName;
use dayline_domain::labels::{Alias, Labels};
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::page::Page;
use crate::pages::category_inbox::{DAYS, last_days};
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{duration, sentence};
use crate::state::{Web, WebState};

/// How many names that trackers told are listed at most, beside those about which something is said.
const LISTED: usize = 60;

#[derive(Template)]
#[template(path = "aliases.html")]
struct AliasesPage {
    shell: Shell,
    problem: Option<String>,
    /// Of how many days the times are.
    days: i32,
    rows: Vec<Row>,
}

/// A name that trackers told.
struct Row {
    told: String,
    shown: String,
    time: String,
    /// Whether the person says so, and not the table.
    said: bool,
}

/// The list.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    Ok(filled(&web, &caller, &headers, None).await?.answer(&headers))
}

async fn filled(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let labels = labels::labels(&web.app, caller).await?;
    let told = reports::told_names(&web.app, caller, &last_days(web, caller).await?).await?;
    Page::of(&AliasesPage {
        shell: Shell::at(web, headers, Place::Settings),
        problem,
        days: DAYS,
        rows: rows(&labels, &told),
    })
}

/// What is told most comes first; then what is said of apps that were not seen lately.
fn rows(labels: &Labels, told: &[(AppName, i64)]) -> Vec<Row> {
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, (app, ms)) in told.iter().enumerate() {
        let said = labels.aliases.said_of(app);
        if said.is_none() && at >= LISTED {
            continue;
        }
        seen.extend(said.map(|alias| &alias.app));
        rows.push(Row::of(app, &labels.shown(app), duration(*ms), said.is_some()));
    }
    let unseen = labels.aliases.said().filter(|alias| !seen.contains(&alias.app));
    rows.extend(unseen.map(|alias| Row::of(&alias.app, &alias.shown, String::new(), true)));
    rows
}

impl Row {
    fn of(told: &AppName, shown: &AppName, time: String, said: bool) -> Self {
        Self { told: told.as_str().to_owned(), shown: shown.as_str().to_owned(), time, said }
    }
}

/// Says what an app is called.
pub(crate) async fn set(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let name = |field: &'static str, words: &str| {
        AppName::new(form.text(field)).map_err(|why| AppError::field(field, format!("{words} {why}")))
    };
    let said = match (name("told", "the name of the app"), name("shown", "what it is called")) {
        (Ok(app), Ok(shown)) => labels::set_alias(&web.app, &caller, Alias { app, shown }).await,
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    outcome(&web, &caller, &headers, said).await
}

/// Takes back what was said of an app.
pub(crate) async fn remove(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let app = AppName::new(form.text("told")).map_err(|_| AppError::NotFound)?;
    let removed = labels::remove_alias(&web.app, &caller, &app).await;
    outcome(&web, &caller, &headers, removed).await
}

async fn outcome(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    done: Result<(), AppError>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{}/settings/aliases", web.base)).into_response()),
        Err(AppError::Invalid(errors)) => {
            let words = errors.first().map(|error| sentence(&error.detail));
            let page = filled(web, caller, headers, words).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).answer(headers))
        }
        Err(error) => Err(error.into()),
    }
}
