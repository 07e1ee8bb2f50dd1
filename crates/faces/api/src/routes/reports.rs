//! `/report/…`: a route for each grouping that the domain knows, all with one handler.
//! Not here: what a report looks like (see [`crate::views::report`]).

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use dayline_app::AppError;
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::reports::{self, DaysAsked};
use dayline_domain::LocalDate;
use dayline_domain::report::Grouping;
use dayline_http_kit::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;
use utoipa::openapi::path::{HttpMethod, Paths};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Ref, ResponseBuilder};
use utoipa::{IntoParams, Path as _};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::stream::{CHUNK, LongAnswer, Writer};
use crate::views::conditional_request::ConditionalRequest;
use crate::views::report::{Description, Texts, describe, show};

/// Which local days: `date`, or `from` and `to`; today if nothing is given. And of what: all that is
/// given has to hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParams {
    /// One local day.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-20")]
    date: Option<LocalDate>,
    /// The first of several local days.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<LocalDate>,
    /// The last of them, included; at most 3,660 days.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<LocalDate>,
    /// The time zone, by its IANA name or what Windows calls it; the profile's if left out.
    #[param(example = "America/New_York")]
    tz: Option<String>,
    /// Of this app alone, by the name that it is shown by or by one of its own.
    #[param(example = "Firefox")]
    app: Option<String>,
    /// Of this domain alone; an empty value is what was no web page.
    #[param(example = "github.com")]
    domain: Option<String>,
    /// Of this project alone, by its exact name; an empty value is what had none.
    #[param(example = "dayline")]
    project: Option<String>,
    /// Of this device alone, by its `device_id`.
    #[param(example = "laptop")]
    device: Option<String>,
    /// Whether a table begins with a byte order mark, as spreadsheets want that take it for something else
    /// than UTF-8.
    #[param(required = false)]
    bom: bool,
}

impl FromParams for ReportParams {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self {
            date: params.optional("date", str::parse),
            from: params.optional("from", str::parse),
            to: params.optional("to", str::parse),
            tz: params.zone("tz"),
            app: params.optional("app", str::parse),
            domain: params.optional("domain", str::parse),
            project: params.optional("project", str::parse),
            device: params.optional("device", str::parse),
            bom: params.flag("bom"),
        }
    }
}

impl ReportParams {
    fn parts(self) -> (DaysAsked, FilterAsked) {
        let Self { date, from, to, tz, app, domain, project, device, bom: _ } = self;
        (DaysAsked { date, from, to, tz }, FilterAsked { app, domain, project, device })
    }
}

/// A route for each grouping, and `/report/urls`, which is another name of `/report/domains`.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    let other_name = route("urls", Grouping::Domains, "Another name for `/report/domains`.");
    Grouping::ALL.into_iter().fold(OpenApiRouter::new().routes(other_name), |router, grouping| {
        router.routes(route(grouping.name(), grouping, describe(grouping).summary))
    })
}

fn route(name: &str, grouping: Grouping, summary: &str) -> UtoipaMethodRouter<Api> {
    let Description { schema, schemas, .. } = describe(grouping);
    let mut operation = __path_report::operation();
    operation.tags = Some(vec!["report".to_owned()]);
    operation.operation_id = Some(format!("report_{name}"));
    operation.summary = Some(summary.to_owned());
    let json = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let tag = HeaderBuilder::new().description(Some("Its version")).build();
    let found = ResponseBuilder::new()
        .description("The report; with `Accept: text/csv` the same as a table")
        .header("etag", tag)
        .content("application/json", json);
    operation.responses.responses.insert("200".to_owned(), found.build().into());
    let mut paths = Paths::new();
    paths.add_path_operation(format!("/api/v1/report/{name}"), vec![HttpMethod::Get], operation);
    let handler = move |api, answer, asked, headers| report(grouping, api, answer, asked, headers);
    (schemas, paths, get(handler))
}

/// Answers the report of a grouping.
#[utoipa::path(
    get, path = "/api/v1/report/{grouping}", params(ReportParams),
    responses(
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
async fn report(
    grouping: Grouping,
    State(api): State<Api>,
    answer: LongAnswer,
    Query(asked): Query<ReportParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = answer.caller();
    let bom = asked.bom;
    let (days, filter) = asked.parts();
    let filter = resolve_filter(&api.app, filter)?;
    let days = reports::resolve_days(&api.app, caller, days).await?;
    let calendar = (days.zone.name(), days.zone.day_start(), days.week_start);
    let names = reports::device_names(&api.app, caller, grouping).await?;
    let question = (grouping.name(), calendar, days.from, days.to, &filter, &names);
    let request = ConditionalRequest::new(&headers, bom, caller, &question);
    if let Some(unchanged) = request.unchanged(&api.app, caller, days.interval()).await? {
        return Ok(unchanged);
    }
    let report = reports::report(&api.app, caller, grouping, &days, &filter).await?;
    let texts = show(report.answer, &names, &days, request.format);
    let body = answer.body_of_any_length(request.begins_with, texts).await?;
    request.answer(&report.version, body).await
}

/// It holds the rows, of which a text is made when it is sent.
impl Writer for Texts {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            let Some(text) = self.next() else { return Ok(false) };
            chunk.extend(text);
        }
        Ok(true)
    }
}
