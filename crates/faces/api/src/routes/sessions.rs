//! `/auth/sessions`: my devices, and ending one of their sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::sessions;
use dayline_domain::id::SessionKind;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::json::private_json;
use dayline_http_kit::path::PathId;
use dayline_http_kit::problem::{Problem, ProblemBody};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::views::session::SessionItem;

/// My sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The one used last comes first.
    sessions: Vec<SessionItem>,
}

/// My devices and since when they are signed in.
#[utoipa::path(
    get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "list_sessions",
    responses((status = 200, body = SessionList, description = "All that have not ended"), SignedInProblems),
    security(("session" = [])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let sessions = sessions::list(&api.app, &caller).await?;
    let current = caller.session();
    let sessions = sessions.into_iter().map(|session| SessionItem::new(session, current)).collect();
    Ok(private_json(&SessionList { sessions }))
}

/// End one of my sessions. Its access tokens are refused within a second.
#[utoipa::path(
    delete, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "end_session",
    params(("id" = String, Path, format = Uuid, description = "The session")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json",
            description = "I have no such session"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn end(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<SessionKind>,
) -> Result<Response, Problem> {
    sessions::end_session(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
