//! For operators and orchestrators: liveness, readiness, metrics, the API document.
//! `/metrics` shows counts, never names; where that is too much, a proxy in front keeps it in.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_http_kit::metrics::Exposition;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::unread::shared;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Api;
use crate::views::accept;

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain", description = "It does")),
)]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the service can do its work.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct Readiness {
    /// All parts that are needed work.
    ready: bool,
    /// A part that is not needed does not work: the service does its work, but not all of it.
    degraded: bool,
    /// Each part that was checked.
    checks: Vec<CheckItem>,
}

/// One part of the service.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckItem {
    /// The part's name in lists, the log and metrics.
    #[schema(example = "ledger")]
    name: &'static str,
    /// Whether it works. Why not is in the log.
    ok: bool,
    /// Whether the service can't do its work without it.
    needed: bool,
    /// What to look at if it does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "is there space on the disk of the data folder?")]
    hint: Option<&'static str>,
}

impl CheckItem {
    fn of(check: &crate::state::Check) -> Self {
        let ok = check.failure.is_none();
        Self { name: check.name, ok, needed: check.needed, hint: (!ok).then_some(check.hint) }
    }
}

/// Whether the service can do its work now.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = Readiness, description = "It can"),
        (status = 503, body = Readiness, description = "A part that is needed is down, or the server was told to stop"),
    ),
)]
pub(crate) async fn readyz(State(api): State<Api>) -> Response {
    let checks = api.readiness.checks().await;
    let failing = || checks.iter().filter(|check| check.failure.is_some());
    let ready = failing().all(|check| !check.needed);
    let degraded = ready && failing().next().is_some();
    let body = Json(Readiness { ready, degraded, checks: checks.iter().map(CheckItem::of).collect() });
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, no_store(), body).into_response()
}

/// Counts and times for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, description = "Counts and times; the first form if the client takes both",
            content((String = "text/plain; version=0.0.4; charset=utf-8"),
                (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"))),
        (status = 500, body = ProblemBody, content_type = "application/problem+json",
            description = "The text could not be written"),
    ),
)]
pub(crate) async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let offers = ["text/plain", "application/openmetrics-text"];
    let exposition = Exposition::ALL[accept::preferred(&headers, offers)];
    let text = api.kit.metrics.text(exposition)?;
    let content_type = HeaderValue::from_static(exposition.media_type());
    let about = [(header::CONTENT_TYPE, content_type), (header::VARY, HeaderValue::from_static("accept"))];
    Ok((about, no_store(), text).into_response())
}

/// This document. The dates of its examples are yesterday's (UTC).
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses((status = 200, body = Object, description = "OpenAPI 3.1")),
)]
pub(crate) async fn openapi(State(api): State<Api>) -> Response {
    let mut response = shared(api.document.at(api.app.clock.now()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn no_store() -> [(HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}
