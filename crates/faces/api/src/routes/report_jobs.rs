//! `/report/jobs`: long reports in the background. Not here: what they make (see [`super::report_job_results`]).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::report_jobs::{self, NewJob};
use dayline_domain::id::JobKind;
use dayline_domain::{LocalDate, ReportFormat, ReportJob, ReportKind};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::json::private_json;
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::{Problem, ProblemBody};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;
use crate::views::location::set_location;
use crate::views::report_job::{FormatName, JobItem, KindName, path_of};

/// Seconds after which an unfinished job is worth another look.
const LOOK_AGAIN_S: u32 = 1;

/// A job to be done.
#[derive(ToSchema)]
pub(crate) struct NewReportJob {
    /// What to make: a report, the timeline, or an export of everything.
    #[schema(value_type = KindName)]
    kind: ReportKind,
    /// In which form: `json` (the default) or `csv`; an export is always `ndjson`.
    #[schema(value_type = Option<FormatName>, nullable, required = false)]
    format: Option<ReportFormat>,
    /// The first local day. Required but for an export, which is of everything and takes no days.
    #[schema(value_type = Option<String>, format = Date, nullable, required = false, example = "2026-10-22")]
    from: Option<LocalDate>,
    /// The last local day, included; at most 3,660 days.
    #[schema(value_type = Option<String>, format = Date, nullable, required = false, example = "2026-11-20")]
    to: Option<LocalDate>,
    /// The time zone of the days, by its IANA name; the profile's if left out.
    #[schema(nullable, required = false, example = "America/New_York")]
    tz: Option<String>,
    /// Of this app alone; reports only, as the other three. All that is given has to hold.
    #[schema(nullable, required = false, example = "Firefox")]
    app: Option<String>,
    /// Of this domain alone; an empty text is what was no web page.
    #[schema(nullable, required = false, example = "github.com")]
    domain: Option<String>,
    /// Of this project alone; an empty text is what had none.
    #[schema(nullable, required = false, example = "dayline")]
    project: Option<String>,
    /// Of this device alone.
    #[schema(nullable, required = false, example = "laptop")]
    device: Option<String>,
}

impl FromFields for NewReportJob {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required("kind", |name| {
            ReportKind::from_name(name).ok_or_else(|| format!("must be {}", KindName::choice()))
        });
        let format = fields.optional("format", |name| {
            ReportFormat::from_name(name).ok_or("must be json or csv, or ndjson for an export")
        });
        let from = fields.optional("from", str::parse);
        let to = fields.optional("to", str::parse);
        let tz = fields.zone("tz");
        let app = fields.optional("app", str::parse);
        let domain = fields.optional("domain", str::parse);
        let project = fields.optional("project", str::parse);
        let device = fields.optional("device", str::parse);
        let filter = FilterAsked { app, domain, project, device };
        if let Err(AppError::Invalid(errors)) = resolve_filter(fields.app(), filter.clone()) {
            fields.refuse(errors);
        }
        let FilterAsked { app, domain, project, device } = filter;
        Some(Self { kind: kind?, format, from, to, tz, app, domain, project, device })
    }
}

impl From<NewReportJob> for NewJob {
    fn from(asked: NewReportJob) -> Self {
        let NewReportJob { kind, format, from, to, tz, app, domain, project, device } = asked;
        Self { kind, format, from, to, tz, filter: FilterAsked { app, domain, project, device } }
    }
}

/// A job as its person sees it.
fn item(api: &Api, job: &ReportJob) -> JobItem {
    JobItem::new(job, &api.app.rules.jobs, api.kit.config.base_path())
}

/// A job as an answer; an unfinished one says when to look again.
fn answer(api: &Api, job: &ReportJob) -> Response {
    let mut response = private_json(&item(api, job));
    if job.state.ended_at().is_none() {
        response.headers_mut().insert(header::RETRY_AFTER, LOOK_AGAIN_S.into());
    }
    response
}

/// My jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportJobList)]
pub(crate) struct JobList {
    /// The newest comes first. Those that ended more than a day ago are forgotten.
    jobs: Vec<JobItem>,
}

/// My report jobs.
#[utoipa::path(
    get, path = "/api/v1/report/jobs", tag = "report", operation_id = "list_report_jobs",
    responses((status = 200, body = JobList, description = "All that are not forgotten"), SignedInProblems),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let jobs = report_jobs::list(&api.app, &caller).await?;
    Ok(private_json(&JobList { jobs: jobs.iter().map(|job| item(&api, job)).collect() }))
}

/// Ask for a long report or an export, to be made in the background.
///
/// Look at `Location` until the `status` is `done`, then fetch the `result`. One person may have 5 jobs that are not
/// finished. The result stays for a day, if not more than 20 others are made meanwhile.
#[utoipa::path(
    post, path = "/api/v1/report/jobs", tag = "report", operation_id = "request_report_job",
    request_body = NewReportJob,
    responses(
        (status = 202, body = JobItem, description = "The job waits",
            headers(("location" = String, description = "The job"), ("retry-after" = u32, description = "Seconds"))),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn request(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(asked): Json<NewReportJob>,
) -> Result<Response, Problem> {
    let job = report_jobs::request(&api.app, &caller, asked.into()).await?;
    let mut response = answer(&api, &job);
    *response.status_mut() = StatusCode::ACCEPTED;
    set_location(&mut response, &api.kit.config, &path_of(&job));
    Ok(response)
}

/// One of my report jobs.
#[utoipa::path(
    get, path = "/api/v1/report/jobs/{id}", tag = "report", operation_id = "show_report_job",
    params(("id" = String, Path, format = Uuid, description = "The job")),
    responses(
        (status = 200, body = JobItem, description = "The job",
            headers(("retry-after" = u32, description = "Seconds, while it is not finished"))),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such job, or it ended more than a day ago"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn show(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<JobKind>,
) -> Result<Response, Problem> {
    let job = report_jobs::show(&api.app, &caller, id).await?;
    Ok(answer(&api, &job))
}

/// Cancel one of my report jobs; one that has ended is deleted with its result.
#[utoipa::path(
    delete, path = "/api/v1/report/jobs/{id}", tag = "report", operation_id = "cancel_report_job",
    params(("id" = String, Path, format = Uuid, description = "The job")),
    responses(
        (status = 204, description = "The job is cancelled or deleted"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such job, or it ended more than a day ago"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<JobKind>,
) -> Result<Response, Problem> {
    report_jobs::cancel(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
