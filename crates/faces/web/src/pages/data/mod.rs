//! `/settings/data`: what is kept of the person as files, what brings more in, and the end of the account.

mod ending;
mod jobs;
mod rows;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::report_jobs;
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_http_kit::Problem;
use dayline_http_kit::address::ClientAddress;
use http::HeaderMap;

use crate::forms::Form;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{Choice, sentence};
use crate::state::{Web, WebState};

pub(crate) use ending::delete;
pub(crate) use jobs::{cancel, make, result};

/// How many days a report is of, if nobody says.
const USUAL_DAYS: i32 = 365;

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    shell: Shell,
    form: Form,
    kinds: Vec<Choice>,
    formats: [Choice; 2],
    jobs: Vec<rows::Row>,
    problem: Option<String>,
}

/// Who asks, from where.
type Asking = (Visitor, ClientAddress, HeaderMap);

/// The page as it is.
pub(crate) async fn page(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = filled(&web, &caller, &headers, Form::default()).await?;
    Ok(Page::of(&page)?.answer(&headers))
}

async fn filled(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    typed: Form,
) -> Result<DataPage, AppError> {
    let today = resolve_days(&web.app, caller, DaysAsked::default()).await?.from;
    let from = today.plus_days(1 - USUAL_DAYS).to_string();
    let usual = [("kind", "apps"), ("format", "csv"), ("from", &*from), ("to", &today.to_string())];
    let form = Form::with(&usual).overlaid(typed);
    let jobs = report_jobs::list(&web.app, caller).await?;
    let now = web.app.clock.now();
    Ok(DataPage {
        shell: Shell::at(web, headers, Place::Settings),
        kinds: rows::kinds(form.text("kind")),
        formats: rows::formats(form.text("format")),
        jobs: jobs.iter().map(|job| rows::Row::of(job, now)).collect(),
        form,
        problem: None,
    })
}

/// The page again, with what is wrong with a form of it.
async fn again(
    web: &WebState,
    (Visitor(caller), _, headers): &Asking,
    mut form: Form,
    error: AppError,
) -> Result<Response, Refusal> {
    let problem = match &error {
        AppError::Invalid(errors) => {
            form.refuse(errors.clone());
            None
        }
        AppError::TooMany(limit) => {
            Some(format!("too many tries: wait {} seconds, then try again", limit.retry_after_s))
        }
        AppError::TooManyJobs => Some(error.detail().to_owned()),
        _ => return Err(error.into()),
    };
    let page = filled(web, caller, headers, form).await?;
    let page = DataPage { problem: problem.map(|words| sentence(&words)), ..page };
    Ok(Page::of(&page)?.with_status(Problem::from(error).status()).answer(headers))
}

/// Leads to the export, with a session that is fresh enough for it.
pub(crate) async fn export(State(web): State<Web>, Visitor(_): Visitor) -> Redirect {
    Redirect::to(&format!("{}/api/v1/users/me/export", web.base))
}

/// Back to the page.
fn back(web: &WebState) -> Response {
    Redirect::to(&format!("{}/settings/data", web.base)).into_response()
}
