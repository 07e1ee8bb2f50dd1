//! `/report/jobs/{id}/result`: what report jobs have made, as files. Each form has a route of its own, so that
//! clients that are made from the document know what they get.
//! Not here: the files' content (see [`crate::results`]).

use std::borrow::Cow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::reporting::report_jobs::{self, JobResult};
use dayline_domain::id::JobKind;
use dayline_domain::report::Grouping;
use dayline_domain::{ReportFormat, ReportJob};
use dayline_http_kit::csv::{self, BYTE_ORDER_MARK};
use dayline_http_kit::entity_tag::is_held;
use dayline_http_kit::packing::packed;
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::openapi::{NoResult, SignedInProblems};
use crate::state::Api;
use crate::stream::{LongAnswer, Writer};
use crate::views::location::set_location;
use crate::views::report::describe;
use crate::views::report_job::path_of_result;
use crate::views::timeline::TimelineBody;

/// What the report of the job's kind answers, or the timeline. Any, since those of no rows look the same.
struct JobResultBody;

impl PartialSchema for JobResultBody {
    fn schema() -> RefOr<Schema> {
        let reports = Grouping::ALL.into_iter().map(|grouping| describe(grouping).schema);
        let names = reports.chain([TimelineBody::name().into_owned()]);
        let any_of = names.fold(AnyOfBuilder::new(), |of, name| of.item(Ref::from_schema_name(name)));
        any_of.description(Some("What the report of the same kind answers, or the timeline.")).into()
    }
}

impl ToSchema for JobResultBody {
    fn name() -> Cow<'static, str> {
        "ReportJobResult".into()
    }
}

/// In which form a result is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResultAsked {
    /// Whether a table begins with a byte order mark, as spreadsheets want that take it for something else
    /// than UTF-8.
    #[param(required = false)]
    bom: bool,
}

impl FromParams for ResultAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { bom: params.flag("bom") }
    }
}

/// Who asks for the result of which job, in which form, and what they have already.
type Asking = (LongAnswer, PathId<JobKind>, Query<ResultAsked>, HeaderMap);

/// The result of one of my report jobs, as a file.
///
/// It is what the report of the same kind would have answered. A year is not read at one instant: pings that arrive
/// while the job runs may be in the later days and not in the earlier ones. A result of another format than `json`
/// is elsewhere, where the job's `result` says; from here one is sent there.
#[utoipa::path(
    get, path = "/api/v1/report/jobs/{id}/result", tag = "report", operation_id = "report_job_result",
    params(("id" = String, Path, format = Uuid, description = "The job"), ResultAsked),
    responses(
        (status = 200, body = JobResultBody, description = "The result of a job whose format is `json`",
            headers(("etag" = String, description = "Its version"),
                ("content-disposition" = String, description = "A file name"))),
        NoResult,
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn json(State(api): State<Api>, asking: Asking) -> Result<Response, Problem> {
    file(&api, asking, ReportFormat::Json).await
}

/// The result of one of my report jobs of the format `csv`, as a file.
///
/// It is what the report of the same kind would have answered as a table.
#[utoipa::path(
    get, path = "/api/v1/report/jobs/{id}/result.csv", tag = "report", operation_id = "report_job_result_csv",
    params(("id" = String, Path, format = Uuid, description = "The job"), ResultAsked),
    responses(
        (status = 200, body = String, content_type = "text/csv", description = "The table, with a head",
            headers(("etag" = String, description = "Its version"),
                ("content-disposition" = String, description = "A file name"))),
        NoResult,
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn table(State(api): State<Api>, asking: Asking) -> Result<Response, Problem> {
    file(&api, asking, ReportFormat::Csv).await
}

/// The result of one of my report jobs of the format `ndjson`, an export, as a file.
///
/// Its lines are of the schema `ExportLine`.
#[utoipa::path(
    get, path = "/api/v1/report/jobs/{id}/result.ndjson", tag = "report", operation_id = "report_job_result_ndjson",
    params(("id" = String, Path, format = Uuid, description = "The job"), ResultAsked),
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson", description = "The export",
            headers(("etag" = String, description = "Its version"),
                ("content-disposition" = String, description = "A file name"))),
        NoResult,
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn lines(State(api): State<Api>, asking: Asking) -> Result<Response, Problem> {
    file(&api, asking, ReportFormat::Ndjson).await
}

/// The result of a job if it has this format, else where it is.
async fn file(api: &Api, asking: Asking, format: ReportFormat) -> Result<Response, Problem> {
    let (request, PathId(id), Query(asked), headers) = asking;
    let caller = request.caller();
    let result = report_jobs::result(&api.app, caller, id).await?;
    if result.job.format != format {
        return Ok(elsewhere(api, &result.job, &asked));
    }
    let is_marked = asked.bom && format == ReportFormat::Csv;
    let begins_with = if is_marked { BYTE_ORDER_MARK } else { b"" };
    let tag = format!("\"{}-{}-{}\"", result.job.id, result.job.attempt, begins_with.len());
    if is_held(&headers, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        label(&mut response, &result.job, &tag);
        return packed(&headers, response).await;
    }
    let slot = api.exports.claim(caller.user)?;
    let job = result.job.clone();
    let bytes = job.bytes + begins_with.len() as u64;
    let mut response = Response::new(request.body(begins_with, Sent(result), slot).await?);
    response.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
    label(&mut response, &job, &tag);
    packed(&headers, response).await
}

fn elsewhere(api: &Api, job: &ReportJob, asked: &ResultAsked) -> Response {
    let mark = if asked.bom { "?bom=true" } else { "" };
    let mut response = StatusCode::SEE_OTHER.into_response();
    set_location(&mut response, &api.kit.config, &format!("{}{mark}", path_of_result(job)));
    response
}

fn label(response: &mut Response, job: &ReportJob, tag: &str) {
    let media_type = match job.format {
        ReportFormat::Json => "application/json",
        ReportFormat::Csv => csv::MEDIA_TYPE,
        ReportFormat::Ndjson => "application/x-ndjson",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    let name = format!("attachment; filename=\"{}\"", file_name(job));
    for (header, text) in [(header::CONTENT_DISPOSITION, name.as_str()), (header::ETAG, tag)] {
        if let Ok(value) = text.parse() {
            headers.insert(header, value);
        }
    }
}

fn file_name(job: &ReportJob) -> String {
    let (kind, format) = (job.kind.name(), job.format.name());
    match &job.days {
        Some(days) => format!("dayline-{kind}-{}-{}.{format}", days.from, days.to),
        None => format!("dayline-{kind}-{}.{format}", job.created_at.day()),
    }
}

/// A result being sent. It holds one chunk, however many there are.
struct Sent(JobResult);

impl Writer for Sent {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let Some(next) = self.0.chunk().await? else { return Ok(false) };
        chunk.extend(next);
        Ok(true)
    }
}
