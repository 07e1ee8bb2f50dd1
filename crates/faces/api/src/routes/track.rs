//! `POST /usage/track`: the hottest path. Reads pings in three forms and says what became of each.
//! Not here: what makes a ping good (the use case) and how bodies are taken apart (`ping_body`).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use dayline_app::AppError;
use dayline_app::tracking::ingest::{self, Receipt, Rejected};
use dayline_domain::Scope;
use dayline_http_kit::body::{self, Coding};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::ping_body;
use super::ping_body::schema::Pings;
use crate::openapi::{BodyProblems, SignedInProblems};
use crate::state::Api;

/// Most bytes of a request, also after unpacking.
const MAX_BODY: usize = 1 << 20;

/// What a request costs beside its body, as bytes of body: a small one takes about as long as this
/// many bytes of pings.
const REQUEST_WORK: usize = 4 << 10;
/// What a client is told to wait: the pings in flight take some tens of milliseconds.
const RETRY_WORK_S: u32 = 1;

/// Of when the pings are.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrackParams {
    /// Whether these are pings of another time, brought in from elsewhere: they may begin up to 7,320 days in the past, also
    /// where trackers' pings may not.
    #[param(required = false)]
    history: bool,
}

impl FromParams for TrackParams {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { history: params.flag("history") }
    }
}

/// Send pings: what a tracker saw, of one of five kinds. The good ones are stored durably before the
/// answer; a bad one never blocks the others.
///
/// Sending a ping again changes nothing, so that a client may retry whenever it got no answer.
#[utoipa::path(
    post, path = "/api/v1/usage/track", tag = "usage", params(TrackParams),
    request_body(
        description = "One ping, an array, or one ping a line; at most 1,000 and 1 MiB, also after gzip",
        content(
            (Pings = "application/json", examples(
                ("use" = (summary = "An app was in front", value = json!({
                    "app_name": "Firefox", "url": "https://github.com/a/b?c",
                    "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:05Z"}))),
                ("page" = (summary = "A browser's front tab", value = json!({
                    "kind": "page", "app_name": "Firefox", "url": "https://github.com/a/b?c", "audible": false,
                    "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:05Z"}))),
                ("beat" = (summary = "An editor was worked in", value = json!({
                    "kind": "beat", "app_name": "Code", "project": "dayline", "language": "Rust",
                    "start_time": "2026-11-20T10:00:00Z"}))),
                ("away" = (summary = "Nobody was there", value = json!({
                    "kind": "away", "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:30:00Z"}))),
                ("here" = (summary = "Somebody was there: a call, a presentation", value = json!({
                    "kind": "here", "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:30:00Z"}))),
                ("several" = (summary = "Several", value = json!([
                    {"app_name": "Code", "project": "dayline", "device_id": "laptop",
                     "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:00:05Z"},
                    {"kind": "away", "device_id": "laptop",
                     "start_time": "2026-11-20T10:00:05Z", "end_time": "2026-11-20T10:30:00Z"}]))),
            )),
            (String = "application/x-ndjson")
        )
    ),
    responses(
        (status = 202, body = TrackAnswer<'_>, description = "At least one ping was accepted; those are durable"),
        // The rows of 422 and 429 come after those that they replace.
        SignedInProblems, BodyProblems,
        (status = 429, body = ProblemBody, content_type = "application/problem+json",
            description = "`too_many_requests`, `too_many_packed_bodies`; see `Retry-After`"),
        (status = 422, body = AllRejected<'_>, content_type = "application/problem+json",
            description = "No ping was accepted: `all_rejected`; `no_pings` if there was none; `invalid_input`"),
    ),
    security(("session" = []), ("api_key" = ["track"])),
)]
pub(crate) async fn track(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(TrackParams { history }): Query<TrackParams>,
    request: Request,
) -> Result<Response, Problem> {
    caller.require(Scope::Track)?;
    let (parts, body) = request.into_parts();
    let form = Form::of(&parts.headers)?;
    let body = body::receive(&api.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let text = body.text_of_items();
    let work = api.kit.ping_work.acquire_or_all(text.len() + REQUEST_WORK);
    // What comes on top would wait for longer than is worth it, and keep all others waiting.
    let _work = work.map_err(|_| AppError::LogFull { retry_after_s: RETRY_WORK_S })?;
    let drafts = match form {
        // Where nothing can be told apart, the bytes are to blame before the JSON.
        Form::Json => ping_body::json(&text).map_err(|problem| body.text().err().unwrap_or(problem))?,
        Form::NdJson => ping_body::ndjson(&text)?,
    };
    let limits = api.app.rules.pings;
    let limits = if history { limits.of_foreign_wires() } else { limits };
    let receipt = ingest::accept_within(&limits, &api.app, &caller, drafts).await?;
    api.kit.metrics.pings_received(&receipt);
    Ok(answer(&receipt))
}

/// The forms of a body.
enum Form {
    Json,
    NdJson,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if fields::is_json(headers) {
            return Ok(Self::Json);
        }
        if fields::has_media_type(headers, "application/x-ndjson") {
            return Ok(Self::NdJson);
        }
        let detail = "content-type must be application/json or application/x-ndjson";
        Err(Problem::unsupported("unsupported_media_type", detail))
    }
}

fn answer(receipt: &Receipt) -> Response {
    let Receipt { accepted, rejected } = receipt;
    let body = match (accepted, &rejected[..]) {
        (0, rejected) => return all_rejected(rejected),
        (1, []) => Bytes::from_static(br#"{"status":"queued","accepted":1,"rejected":[]}"#),
        (_, rejected) => {
            let body = TrackAnswer { status: "queued", accepted: *accepted, rejected: refusals(rejected) };
            // Texts and numbers always serialise.
            serde_json::to_vec(&body).unwrap_or_default().into()
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn all_rejected(rejected: &[Rejected]) -> Response {
    let problem = if rejected.is_empty() {
        Problem::invalid("no_pings", "send at least one ping")
    } else {
        Problem::invalid("all_rejected", "no ping was accepted; see rejected")
    };
    let body = AllRejected { problem: problem.body(), accepted: 0, rejected: refusals(rejected) };
    problem.respond_with(&body)
}

fn refusals(rejected: &[Rejected]) -> Vec<RejectedPing<'_>> {
    rejected.iter().map(RejectedPing::from).collect()
}

/// What became of the pings.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
pub(crate) struct TrackAnswer<'a> {
    /// Always `queued`: durable, and in the timeline within about a second.
    #[schema(example = "queued")]
    status: &'a str,
    /// How many were accepted.
    #[schema(minimum = 1, maximum = 1000, example = 998)]
    accepted: usize,
    /// The pings that were refused, in the order of the request.
    rejected: Vec<RejectedPing<'a>>,
}

/// A ping that was not accepted.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectedPing<'a> {
    /// Its place in the request, from 0; empty lines do not count.
    #[schema(example = 3)]
    index: usize,
    /// Why. Stable: clients may rely on it.
    #[schema(example = "end_before_start")]
    code: &'a str,
    /// Why, for people.
    #[schema(example = "end_time must not be before start_time")]
    detail: &'a str,
    /// Whether the same ping may be accepted later, so that a tracker should keep it: one that lies too
    /// far in the future by the server's clock; one that is too old while that clock is in doubt; one
    /// with a new name when the day's names are used up (`too_many_names`). Else sending it again will
    /// not help.
    #[schema(example = false)]
    retry: bool,
}

impl<'a> From<&'a Rejected> for RejectedPing<'a> {
    fn from(Rejected { index, refusal }: &'a Rejected) -> Self {
        Self { index: *index, code: refusal.code, detail: &refusal.detail, retry: refusal.retry }
    }
}

/// The problem that no ping was accepted.
#[derive(Serialize, ToSchema)]
pub(crate) struct AllRejected<'a> {
    #[serde(flatten)]
    problem: ProblemBody,
    /// Always 0. Left out, with `rejected`, where the body is neither a ping nor an array:
    /// `invalid_input`.
    #[schema(maximum = 0, required = false)]
    accepted: usize,
    /// Why each was not.
    #[schema(required = false)]
    rejected: Vec<RejectedPing<'a>>,
}
