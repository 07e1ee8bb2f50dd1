//! `GET /usage/timeline`: what counted when, and what was outranked.

use axum::extract::State;
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{self, DaysAsked, Timeline};
use dayline_app::{App, AppError};
use dayline_domain::timeline::Piece;
use dayline_domain::{Interval, LocalDate, UtcMs};
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
use crate::views::interval::{COLUMNS, IntervalItem, row};

/// Which part of the timeline. Today if nothing is given.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineAsked {
    /// A local day.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-20")]
    date: Option<LocalDate>,
    /// The time zone of `date`, by its IANA name; the profile's if left out.
    #[param(example = "America/New_York")]
    tz: Option<String>,
    /// From this instant (RFC 3339 with an offset), together with `to` and instead of `date`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<UtcMs>,
    /// To this instant, at most 367 days after `from`.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<UtcMs>,
    /// Whether outranked time is shown as well.
    #[param(required = false)]
    outranked: bool,
}

impl FromParams for TimelineAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self {
            date: params.optional("date", str::parse),
            tz: params.optional("tz", str::parse),
            from: params.optional("from", instant::parse),
            to: params.optional("to", instant::parse),
            outranked: params.flag("outranked"),
        }
    }
}

/// My timeline: intervals that never overlap, in order, clipped to what was asked for.
#[utoipa::path(
    get, path = "/api/v1/usage/timeline", tag = "usage", params(TimelineAsked),
    responses(
        (status = 200, description = "The timeline", headers(("etag" = String, description = "Its version")),
            content((TimelineBody<'_> = "application/json"), (String = "text/csv"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems, QueryProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn timeline(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<TimelineAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let outranked = asked.outranked;
    let (from, to) = ends(&api.app, &caller, asked).await?;
    let interval = Interval::new(from, to);
    let request = ConditionalRequest::new(&headers, &caller, &("timeline", from, to, outranked));
    if let Some(unchanged) = request.unchanged(&api.app, &caller, interval).await? {
        return Ok(unchanged);
    }
    let timeline = reports::timeline(&api.app, &caller, interval, outranked).await?;
    let body = match request.format {
        Format::Json => {
            // Structs of texts always serialise.
            let body = TimelineBody::new(from, to, &timeline.answer, outranked);
            serde_json::to_vec(&body).unwrap_or_default()
        }
        Format::Csv => table(&timeline.answer).into_bytes(),
    };
    Ok(request.answer(&timeline.version, body))
}

/// The ends of the stretch asked for; equal for a local day that does not exist.
async fn ends(app: &App, caller: &Caller, asked: TimelineAsked) -> Result<(UtcMs, UtcMs), AppError> {
    match (asked.date, asked.from, asked.to) {
        (None, Some(from), Some(to)) => {
            let interval = reports::stretch(from, to)?;
            Ok((interval.start(), interval.end()))
        }
        (date, None, None) => {
            let asked = DaysAsked { date, tz: asked.tz, ..DaysAsked::default() };
            let days = reports::resolve_days(app, caller, asked).await?;
            let nothing = days.zone.start_of(days.from);
            Ok(days.interval().map_or((nothing, nothing), |interval| (interval.start(), interval.end())))
        }
        (Some(_), ..) => Err(AppError::field("date", "give either date, or from and to, not both")),
        (None, None, Some(_)) => Err(AppError::field("from", "is missing: give from and to together")),
        (None, Some(_), None) => Err(AppError::field("to", "is missing: give from and to together")),
    }
}

/// A stretch of the timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineBody<'a> {
    /// The first instant.
    #[schema(format = DateTime, example = "2026-11-20T05:00:00.000Z")]
    from: String,
    /// The first instant after.
    #[schema(format = DateTime, example = "2026-11-21T05:00:00.000Z")]
    to: String,
    /// What counted, by start; no two overlap.
    intervals: Vec<IntervalItem<'a>>,
    /// What was observed but outranked, by start; only if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    outranked: Option<Vec<IntervalItem<'a>>>,
}

impl<'a> TimelineBody<'a> {
    fn new(from: UtcMs, to: UtcMs, timeline: &'a Timeline, outranked: bool) -> Self {
        let shown = |pieces: &'a [Piece]| pieces.iter().map(IntervalItem::from).collect();
        Self {
            from: instant::utc(from),
            to: instant::utc(to),
            intervals: shown(&timeline.counted),
            outranked: outranked.then(|| shown(&timeline.outranked)),
        }
    }
}

/// Counted intervals, then outranked ones.
fn table(timeline: &Timeline) -> String {
    let mut csv = Csv::new(COLUMNS);
    for piece in &timeline.counted {
        row(&mut csv, piece, true);
    }
    for piece in &timeline.outranked {
        row(&mut csv, piece, false);
    }
    csv.finish()
}
