//! What clients ask for or send of which Dayline has and keeps nothing. Each is answered as its clients need
//! it to go on.

use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_domain::Scope;
use dayline_http_kit::json::private_json;
use http::StatusCode;
use serde_json::json;

use super::mine::Mine;
use super::refusal::Refusal;

/// Who knows a file best: nobody knows.
pub(super) async fn file_experts(Mine(caller): Mine) -> Result<Response, Refusal> {
    caller.require(Scope::Read)?;
    Ok(private_json(&json!({"data": []})))
}

/// There are no goals.
pub(super) async fn goal(Mine(_): Mine) -> Result<Response, Refusal> {
    Err(AppError::NotFound.into())
}

/// Errors of plug-ins are their makers'. Nobody is asked who they are, since some clients don't say.
pub(super) async fn plug_in_error() -> Response {
    (StatusCode::CREATED, private_json(&json!({}))).into_response()
}
