//! Takes heartbeats in. Not here: what one says (see [`drafts`]).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::tracking::ingest;
use dayline_domain::Scope;
use dayline_foreign::wakatime::{Heartbeat, drafts};
use dayline_http_kit::body::{self, Coding};
use http::{HeaderValue, StatusCode, header};

use super::heartbeats::{elements, unwrapped};
use super::machine::machine;
use super::mine::Mine;
use super::refusal::Refusal;
use super::state::Wakatime;

/// Most bytes of a request, also after unpacking.
const MAX_BODY: usize = 1 << 20;
/// What a request costs beside its body, as bytes of body.
const REQUEST_WORK: usize = 4 << 10;
/// What a client is told to wait while too many pings are in flight.
const RETRY_WORK_S: u32 = 1;

/// What every heartbeat is answered, whatever became of it. Nothing of it is repeated: clients compare what
/// they get with what they sent, and send again what differs.
const TAKEN: &str = r#"[{"data":null,"error":null},201]"#;

/// Takes heartbeats in, durably before the answer. What can never be valid is dropped with the same answer.
pub(super) async fn receive(
    State(state): State<Arc<Wakatime>>,
    Mine(caller): Mine,
    request: Request,
) -> Result<Response, Refusal> {
    caller.require(Scope::Track)?;
    let (parts, body) = request.into_parts();
    let body = body::receive(&state.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let text = body.text_of_items();
    let work = state.kit.ping_work.acquire_or_all(text.len() + REQUEST_WORK);
    let _work = work.map_err(|_| AppError::LogFull { retry_after_s: RETRY_WORK_S })?;
    let text = unwrapped(&text)?;
    let elements = elements(&text)?;
    let heartbeats: Vec<_> = elements.iter().filter_map(|element| Heartbeat::read(element)).collect();
    let sent_by = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let device = machine(&parts.headers);
    let device_id = || device.as_ref().map(|device| device.as_str().into());
    let drafts = heartbeats.iter().flat_map(|heartbeat| drafts(heartbeat, sent_by, device_id()));
    let limits = state.app.rules.pings.of_foreign_wires();
    let receipt = ingest::accept_within(&limits, &state.app, &caller, drafts.map(Ok)).await?;
    state.kit.metrics.pings_received(&receipt);
    Ok(answer(elements.len()))
}

fn answer(heartbeats: usize) -> Response {
    let body = format!(r#"{{"responses":[{}]}}"#, vec![TAKEN; heartbeats].join(","));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
