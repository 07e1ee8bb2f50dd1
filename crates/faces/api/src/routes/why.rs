//! `GET /usage/why`: which observations and which steps of the rule decide an instant. Not here: how
//! it is shown (see [`crate::views::why`]).

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::reporting::why;
use dayline_domain::{Scope, UtcMs};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::json::private_json;
use dayline_http_kit::query::{FromParams, Params, Query};
use dayline_http_kit::{Problem, instant};
use utoipa::IntoParams;

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::views::why::WhyBody;

/// Which instant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Instant {
    /// The instant (RFC 3339 with an offset).
    #[param(value_type = String, format = DateTime, required = true, example = "2026-11-20T10:00:00Z")]
    at: Option<UtcMs>,
}

impl FromParams for Instant {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { at: params.moment("at", instant::parse) }
    }
}

/// Why an instant of my timeline is what it is: what each device had to show, and what decided.
///
/// The rule has ten steps. What was observed is united (1); in front of a device is what was seen (2), held (3)
/// or inferred from heartbeats (4), named by a page and a heartbeat (5), unless nobody was there (6). That makes
/// runs (7), of which the one that started last counts (8), unless a correction decides (9).
#[utoipa::path(
    get, path = "/api/v1/usage/why", tag = "usage", operation_id = "why", params(Instant),
    responses(
        (status = 200, body = WhyBody<'_>, description = "What decides the instant"),
        SignedInProblems,
    ),
    security(("session" = []), ("api_key" = ["read"])),
)]
pub(crate) async fn why(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(Instant { at }): Query<Instant>,
) -> Result<Response, Problem> {
    caller.require(Scope::Read)?;
    let at = at.ok_or_else(|| AppError::field("at", "is missing"))?;
    let explained = why::why(&api.app, &caller, at).await?;
    Ok(private_json(&WhyBody::new(at, &explained)))
}
