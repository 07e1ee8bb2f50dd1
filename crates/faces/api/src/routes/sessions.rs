//! `/auth/sessions`: my devices, and ending one of their sessions.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::auth;
use dayline_domain::id::SessionKind;
use dayline_domain::{Session, SessionId};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::private_json;
use crate::openapi::SignedInProblems;
use crate::problem::{Problem, ProblemBody};
use crate::request::Api;
use crate::request::caller::SignedIn;
use crate::request::path::PathId;
use crate::wire::instant;

/// My sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The one used last comes first.
    sessions: Vec<SessionItem>,
}

/// One device's session. Never shows a token.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionItem {
    /// Identity, for ending it.
    #[schema(format = Uuid)]
    id: String,
    /// The device, as it named itself.
    #[schema(example = "laptop")]
    device_id: String,
    /// The device, as the person calls it.
    #[schema(required, example = "Ada's laptop")]
    device_name: Option<String>,
    /// The network it was last used from (IPv4 /24, IPv6 /48).
    #[schema(required, example = "192.0.2.0/24")]
    address: Option<String>,
    /// Sign-in.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// Last sign-in or refresh.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    last_used_at: String,
    /// Whether this request came from it.
    current: bool,
}

impl SessionItem {
    pub(crate) fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            device_id: session.device.as_str().to_owned(),
            device_name: session.device_name.map(|name| name.as_str().to_owned()),
            address: session.address.map(String::from),
            created_at: instant::utc(session.created_at),
            last_used_at: instant::utc(session.last_used_at),
            current: current == Some(session.id),
        }
    }
}

/// My devices and since when they are signed in.
#[utoipa::path(
    get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "list_sessions",
    responses((status = 200, body = SessionList, description = "All that have not ended"), SignedInProblems),
    security(("session" = [])),
)]
pub(crate) async fn list(State(api): State<Api>, SignedIn(caller): SignedIn) -> Result<Response, Problem> {
    let sessions = auth::sessions(&api.app, &caller).await?;
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
    auth::end_session(&api.app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
