//! Long reports: asked for by a form, made in the background, fetched as files.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::reporting::filters::FilterAsked;
use dayline_app::reporting::report_jobs::{self, NewJob};
use dayline_app::{AppError, FieldError};
use dayline_domain::id::JobKind;
use dayline_domain::report::ReportFormat;
use dayline_domain::{LocalDate, ReportKind};
use dayline_http_kit::path::PathId;

use super::{Asking, again, back};
use crate::forms::Form;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::state::Web;

/// Asks for a report.
pub(crate) async fn make(
    State(web): State<Web>,
    asking: Asking,
    mut form: Form,
) -> Result<Response, Refusal> {
    let Some(new) = read(&mut form) else {
        return again(&web, &asking, form, AppError::Invalid(Vec::new())).await;
    };
    let (Visitor(caller), ..) = &asking;
    match report_jobs::request(&web.app, caller, new).await {
        Ok(_) => Ok(back(&web)),
        Err(error) => again(&web, &asking, form, error).await,
    }
}

fn read(form: &mut Form) -> Option<NewJob> {
    let kind = form.read_field("kind", |text| ReportKind::from_name(text).ok_or("must be one of the list"));
    let format = form.read_field("format", |text| ReportFormat::from_name(text).ok_or("must be csv or json"));
    let from = form.read_field("from", str::parse::<LocalDate>);
    let to = form.read_field("to", str::parse::<LocalDate>);
    if kind == Some(ReportKind::Export) {
        form.refuse(vec![FieldError::new("kind", "must be one of the list")]);
        return None;
    }
    let (from, to) = (Some(from?), Some(to?));
    Some(NewJob { kind: kind?, format: Some(format?), from, to, tz: None, filter: FilterAsked::default() })
}

/// Leads to the result of a job, with a session that is fresh enough for it.
pub(crate) async fn result(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    PathId(id): PathId<JobKind>,
) -> Result<Response, Refusal> {
    let job = report_jobs::show(&web.app, &caller, id).await?;
    let end = match job.format {
        ReportFormat::Json => "",
        ReportFormat::Csv => ".csv?bom=true",
        ReportFormat::Ndjson => ".ndjson",
    };
    let path = format!("{}/api/v1/report/jobs/{id}/result{end}", web.base);
    Ok(Redirect::to(&path).into_response())
}

/// Cancels a job, or deletes it with its result.
pub(crate) async fn cancel(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    PathId(id): PathId<JobKind>,
) -> Result<Response, Refusal> {
    report_jobs::cancel(&web.app, &caller, id).await?;
    Ok(back(&web))
}
