//! `/report/…`: seconds per app, domain, local hour and local day.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{self, DaysAsked};
use dayline_domain::report::{Grouping, HourSlot, LocalDays, Report as Sums};
use dayline_domain::{AppName, Domain, LocalDate};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::instant;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::openapi::{QueryProblems, SignedInProblems};
use crate::state::Api;
use crate::views::accept::Format;
use crate::views::conditional_request::ConditionalRequest;
use crate::views::csv::Csv;
use crate::views::seconds::Seconds;

/// Which local days: `date`, or `from` and `to`; today if nothing is given.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DaysParams {
    /// One local day.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-20")]
    date: Option<LocalDate>,
    /// The first of several local days.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<LocalDate>,
    /// The last of them, included; at most 3,660 days.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<LocalDate>,
    /// The time zone, by its IANA name; the profile's if left out.
    #[param(example = "America/New_York")]
    tz: Option<String>,
}

impl FromParams for DaysParams {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self {
            date: params.optional("date", str::parse),
            from: params.optional("from", str::parse),
            to: params.optional("to", str::parse),
            tz: params.optional("tz", str::parse),
        }
    }
}

impl From<DaysParams> for DaysAsked {
    fn from(DaysParams { date, from, to, tz }: DaysParams) -> Self {
        Self { date, from, to, tz }
    }
}

/// A report over local days.
#[derive(Serialize, ToSchema)]
pub(crate) struct Report<Item> {
    /// The first day.
    #[schema(format = Date, example = "2026-11-20")]
    from: String,
    /// The last day, included.
    #[schema(format = Date, example = "2026-11-20")]
    to: String,
    /// The time zone of the days.
    #[schema(example = "America/New_York")]
    tz: String,
    /// The sum of all items.
    total_seconds: Seconds,
    /// The items.
    items: Vec<Item>,
}

/// Counted time of an app.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppSeconds {
    /// The app.
    #[schema(example = "Firefox")]
    app_name: String,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a domain.
#[derive(Serialize, ToSchema)]
pub(crate) struct DomainSeconds {
    /// The domain; null for what was no web page.
    #[schema(required, example = "github.com")]
    domain: Option<String>,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a local hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct HourSeconds {
    /// When the hour begins, in local time.
    #[schema(format = DateTime, example = "2026-11-20T09:00:00-05:00")]
    start: String,
    /// Its counted time.
    seconds: Seconds,
}

/// Counted time of a local day.
#[derive(Serialize, ToSchema)]
pub(crate) struct DaySeconds {
    /// The day.
    #[schema(format = Date, example = "2026-11-20")]
    date: String,
    /// Its counted time.
    seconds: Seconds,
}

/// A line of a report.
pub(crate) trait Line: Serialize {
    /// The names of its CSV columns.
    const COLUMNS: &str;

    /// Its counted time.
    fn seconds(&self) -> Seconds;

    /// Writes what the time belongs to.
    fn label(&self, csv: &mut Csv);
}

impl Line for AppSeconds {
    const COLUMNS: &str = "app_name,seconds";

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.text(&self.app_name);
    }
}

impl Line for DomainSeconds {
    const COLUMNS: &str = "domain,seconds";

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.text(self.domain.as_deref().unwrap_or_default());
    }
}

impl Line for HourSeconds {
    const COLUMNS: &str = "start,seconds";

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.plain(&self.start);
    }
}

impl Line for DaySeconds {
    const COLUMNS: &str = "date,seconds";

    fn seconds(&self) -> Seconds {
        self.seconds
    }

    fn label(&self, csv: &mut Csv) {
        csv.plain(&self.date);
    }
}

/// What is answered instead of a report.
pub(crate) enum Instead {
    Problem(Problem),
    Unchanged(Response),
}

impl<E: Into<Problem>> From<E> for Instead {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Unchanged(response) => response,
        }
    }
}

/// What a report is asked for, unless the client has it already.
async fn question<'a>(
    api: &Api,
    caller: &Caller,
    headers: &'a HeaderMap,
    kind: &str,
    asked: DaysParams,
) -> Result<(LocalDays, ConditionalRequest<'a>), Instead> {
    let days = reports::resolve_days(&api.app, caller, asked.into()).await?;
    let request = ConditionalRequest::new(headers, caller, &(kind, days.zone.name(), days.from, days.to));
    match request.unchanged(&api.app, caller, days.interval()).await? {
        Some(unchanged) => Err(Instead::Unchanged(unchanged)),
        None => Ok((days, request)),
    }
}

/// Answers a report of some grouping.
async fn report(
    grouping: Grouping,
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    asked: DaysParams,
) -> Result<Response, Instead> {
    let (days, request) = question(api, caller, headers, grouping.name(), asked).await?;
    let report = reports::report(&api.app, caller, grouping, &days).await?;
    Ok(request.answer(&report.version, show(report.answer, &days, request.format)))
}

/// The report as clients know it.
pub(crate) fn show(report: Sums, days: &LocalDays, format: Format) -> Vec<u8> {
    match report {
        Sums::Apps(totals) => body::<_, AppSeconds>(totals.most_first(), days, format),
        Sums::Domains(totals) => body::<_, DomainSeconds>(totals.most_first(), days, format),
        Sums::Hours(slots) => body::<_, HourSeconds>(slots, days, format),
        Sums::Days(totals) => body::<_, DaySeconds>(totals, days, format),
    }
}

fn body<T, L: Line + From<T>>(rows: Vec<T>, days: &LocalDays, format: Format) -> Vec<u8> {
    let items: Vec<L> = rows.into_iter().map(L::from).collect();
    match format {
        // Structs of texts and numbers always serialise.
        Format::Json => serde_json::to_vec(&Report::new(days, items)).unwrap_or_default(),
        Format::Csv => table(&items).into_bytes(),
    }
}

impl<L: Line> Report<L> {
    /// The report over the days.
    fn new(days: &LocalDays, items: Vec<L>) -> Self {
        Self {
            from: days.from.to_string(),
            to: days.to.to_string(),
            tz: days.zone.name().to_owned(),
            total_seconds: Seconds(items.iter().map(|item| item.seconds().0).sum()),
            items,
        }
    }
}

/// The items as a table.
fn table<L: Line>(items: &[L]) -> String {
    let mut csv = Csv::new(L::COLUMNS);
    for item in items {
        item.label(&mut csv);
        csv.plain(&item.seconds().text()).end_row();
    }
    csv.finish()
}

impl From<(AppName, i64)> for AppSeconds {
    fn from((app, ms): (AppName, i64)) -> Self {
        Self { app_name: app.as_str().to_owned(), seconds: Seconds(ms) }
    }
}

impl From<(Option<Domain>, i64)> for DomainSeconds {
    fn from((domain, ms): (Option<Domain>, i64)) -> Self {
        Self { domain: domain.map(|domain| domain.as_str().to_owned()), seconds: Seconds(ms) }
    }
}

impl From<HourSlot> for HourSeconds {
    fn from(slot: HourSlot) -> Self {
        Self { start: instant::with_offset(slot.start, slot.offset_s), seconds: Seconds(slot.ms) }
    }
}

impl From<(LocalDate, i64)> for DaySeconds {
    fn from((date, ms): (LocalDate, i64)) -> Self {
        Self { date: date.to_string(), seconds: Seconds(ms) }
    }
}

/// Seconds per app, most first.
#[utoipa::path(
    get, path = "/api/v1/report/apps", tag = "report", operation_id = "report_apps", params(DaysParams),
    responses(
        (status = 200, description = "The report", headers(("etag" = String, description = "Its version")),
            content((Report<AppSeconds> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn apps(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<DaysParams>,
    headers: HeaderMap,
) -> Result<Response, Instead> {
    report(Grouping::Apps, &api, &caller, &headers, asked).await
}

/// Seconds per domain, most first. What was no web page is an item of its own.
#[utoipa::path(
    get, path = "/api/v1/report/domains", tag = "report", operation_id = "report_domains", params(DaysParams),
    responses(
        (status = 200, description = "The report", headers(("etag" = String, description = "Its version")),
            content((Report<DomainSeconds> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn domains(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<DaysParams>,
    headers: HeaderMap,
) -> Result<Response, Instead> {
    report(Grouping::Domains, &api, &caller, &headers, asked).await
}

/// Another name for `/report/domains`.
#[utoipa::path(
    get, path = "/api/v1/report/urls", tag = "report", operation_id = "report_urls", params(DaysParams),
    responses(
        (status = 200, description = "The report", headers(("etag" = String, description = "Its version")),
            content((Report<DomainSeconds> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn urls(
    api: State<Api>,
    caller: SignedIn,
    asked: Query<DaysParams>,
    headers: HeaderMap,
) -> Result<Response, Instead> {
    domains(api, caller, asked, headers).await
}

/// Seconds per local hour, in order.
#[utoipa::path(
    get, path = "/api/v1/report/hours", tag = "report", operation_id = "report_hours", params(DaysParams),
    responses(
        (status = 200, description = "The report", headers(("etag" = String, description = "Its version")),
            content((Report<HourSeconds> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn hours(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<DaysParams>,
    headers: HeaderMap,
) -> Result<Response, Instead> {
    report(Grouping::Hours, &api, &caller, &headers, asked).await
}

/// Seconds per local day, in order.
#[utoipa::path(
    get, path = "/api/v1/report/days", tag = "report", operation_id = "report_days", params(DaysParams),
    responses(
        (status = 200, description = "The report", headers(("etag" = String, description = "Its version")),
            content((Report<DaySeconds> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn days(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<DaysParams>,
    headers: HeaderMap,
) -> Result<Response, Instead> {
    report(Grouping::Days, &api, &caller, &headers, asked).await
}
