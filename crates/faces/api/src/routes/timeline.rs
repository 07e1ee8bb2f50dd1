//! `GET /usage/timeline`: what counted when, what was outranked, and when nobody was there.

use std::vec::IntoIter;

use axum::extract::State;
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{self, DaysAsked};
use dayline_app::reporting::timeline::{self as use_case, Beside, Pieces, Timeline};
use dayline_app::{App, AppError};
use dayline_domain::{DeviceId, Interval, LocalDate, Piece, UtcMs};
use dayline_http_kit::Problem;
use dayline_http_kit::instant;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;
use utoipa::IntoParams;

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::stream::{CHUNK, LongAnswer, Writer};
use crate::views::conditional_request::ConditionalRequest;
use crate::views::timeline::{TimelineBody, TimelineText};

/// Which part of the timeline. Today if nothing is given.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub(crate) struct TimelineAsked {
    /// A local day.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-20")]
    date: Option<LocalDate>,
    /// The time zone of `date`, by its IANA name, or in which `from` and `to` are at most 31 days apart;
    /// the profile's if left out.
    #[param(example = "America/New_York")]
    tz: Option<String>,
    /// From this instant (RFC 3339 with an offset), together with `to` and instead of `date`.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<UtcMs>,
    /// To this instant, at most 31 local days after `from`; a report job makes longer timelines.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<UtcMs>,
    /// Whether outranked time is shown as well.
    #[param(required = false)]
    outranked: bool,
    /// Whether it is shown when nobody was at a device.
    #[param(required = false)]
    away: bool,
    /// Whether apps have the names that they are shown by in reports, in place of those that their trackers
    /// gave them.
    #[param(required = false)]
    aliases: bool,
    /// Whether a table begins with a byte order mark, as spreadsheets want that take it for something else
    /// than UTF-8.
    #[param(required = false)]
    bom: bool,
}

impl FromParams for TimelineAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self {
            date: params.optional("date", str::parse),
            tz: params.zone("tz"),
            from: params.moment("from", instant::parse),
            to: params.moment("to", instant::parse),
            outranked: params.flag("outranked"),
            away: params.flag("away"),
            aliases: params.flag("aliases"),
            bom: params.flag("bom"),
        }
    }
}

/// My timeline: intervals that never overlap, in order, clipped to what was asked for.
///
/// With `Accept: text/csv` it is a table, in which `counted` tells what counted from what was outranked and from away time, which has no `app_name`.
#[utoipa::path(
    get, path = "/api/v1/usage/timeline", tag = "usage", params(TimelineAsked),
    responses(
        (status = 200, body = TimelineBody<'_>, description = "The timeline",
            headers(("etag" = String, description = "Its version"))),
        (status = 304, description = "The same as the one named by `If-None-Match`"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn timeline(
    State(api): State<Api>,
    answer: LongAnswer,
    Query(asked): Query<TimelineAsked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (caller, beside) = (answer.caller(), Beside { outranked: asked.outranked, away: asked.away });
    let (bom, aliases) = (asked.bom, asked.aliases);
    let (from, to) = ends(&api.app, caller, asked).await?;
    let interval = Interval::new(from, to);
    let request = ConditionalRequest::new(&headers, bom, caller, &("timeline", from, to, beside, aliases));
    if let Some(unchanged) = request.unchanged(&api.app, caller, interval).await? {
        return Ok(unchanged);
    }
    let found = use_case::timeline(&api.app, caller, interval, beside).await?;
    let timeline = if aliases { found.answer.with_shown_names() } else { found.answer };
    let Timeline { counted, outranked, away, .. } = timeline;
    let text = Some(TimelineText::new(request.format, from, to));
    let writer = TimelineWriter { current: counted, outranked, away, text, pieces: Vec::new().into_iter() };
    let body = answer.body_of_any_length(request.begins_with, writer).await?;
    request.answer(&found.version, body).await
}

/// A timeline being written. It holds one page, however long it is.
struct TimelineWriter {
    /// What is written now: what counted, then what was outranked.
    current: Pieces,
    outranked: Option<Pieces>,
    /// Written last.
    away: Option<Vec<(DeviceId, Interval)>>,
    /// Until the end is written.
    text: Option<TimelineText>,
    pieces: IntoIter<Piece>,
}

impl Writer for TimelineWriter {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let Some(mut text) = self.text.take() else { return Ok(false) };
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            if let Some(piece) = self.pieces.next() {
                text.interval(&piece, chunk);
            } else if let Some(more) = self.current.next().await? {
                self.pieces = more.into_iter();
            } else if let Some(outranked) = self.outranked.take() {
                self.current = outranked;
                text.begin_outranked(chunk);
            } else {
                if let Some(away) = self.away.take() {
                    text.away(&away, chunk);
                }
                text.end(chunk);
                return Ok(false);
            }
        }
        self.text = Some(text);
        Ok(true)
    }
}

/// The ends of the stretch asked for; equal for a local day that does not exist.
async fn ends(app: &App, caller: &Caller, asked: TimelineAsked) -> Result<(UtcMs, UtcMs), AppError> {
    match (asked.date, asked.from, asked.to) {
        (None, Some(from), Some(to)) => {
            let interval = use_case::stretch(app, caller, (from, to), asked.tz.as_deref()).await?;
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
