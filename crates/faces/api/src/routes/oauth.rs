//! Signing a tracker in by a code as stock OAuth clients speak it (RFC 8628, RFC 6749): in forms, with errors by
//! their names in the standards. A client is a device of its own each time it asks, unless it names one.
//! Not here: the routes, which take JSON too (see [`super::device_login`]).

use std::net::IpAddr;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use dayline_app::Kind;
use dayline_app::identity::{device_login, refresh};
use dayline_domain::DeviceId;
use dayline_domain::identity::account::Label;
use dayline_http_kit::address::own_url;
use dayline_http_kit::fields::{Fields, FromFields, form};
use dayline_http_kit::json::private_json;
use dayline_http_kit::problem::Problem;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::ApiState;
use crate::views::device_codes::{DeviceCodes, why_not_yet};
use crate::views::tokens::TokenPair;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH_TOKEN: &str = "refresh_token";

/// A client that asks to be signed in (RFC 8628, section 3.1).
#[derive(ToSchema)]
pub(crate) struct ClientAsks {
    /// Names the program; 1–128 characters. Nothing is to be registered first.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "tracker")]
    client_id: DeviceId,
    /// Which device the program runs on, the same each time; 1–128 characters. If it is left out, the
    /// device is called after the program, and is another one each time.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128, nullable = false, required = false,
        example = "workstation")]
    device_id: Option<DeviceId>,
    /// What it calls itself; 1–100 characters.
    #[schema(value_type = Option<String>, nullable = false, required = false, example = "Tracker on the workstation")]
    device_name: Option<Label>,
}

impl FromFields for ClientAsks {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let client_id = fields.required("client_id", DeviceId::new);
        let device_id = fields.optional("device_id", DeviceId::new);
        let device_name = fields.optional("device_name", Label::new);
        Some(Self { client_id: client_id?, device_id, device_name })
    }
}

/// A client that polls, or that wants the next tokens (RFC 8628, section 3.4; RFC 6749, section 6).
#[derive(ToSchema)]
pub(crate) struct ClientPolls {
    /// `urn:ietf:params:oauth:grant-type:device_code`, or `refresh_token`.
    #[schema(example = "urn:ietf:params:oauth:grant-type:device_code")]
    grant_type: String,
    /// The secret it was given; with the first.
    #[schema(nullable = false, required = false)]
    device_code: Option<String>,
    /// The newest refresh token; with the second.
    #[schema(nullable = false, required = false)]
    refresh_token: Option<String>,
    /// May be left out: the code says which device it is.
    #[schema(nullable = false, required = false, example = "tracker")]
    #[expect(dead_code, reason = "clients send it, and are told that they may")]
    client_id: Option<String>,
}

impl FromFields for ClientPolls {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let grant_type = fields.required("grant_type", str::parse::<String>);
        let (polls, refreshes) =
            (grant_type.as_deref() == Some(DEVICE_CODE), grant_type.as_deref() == Some(REFRESH_TOKEN));
        let device_code = needed_if(polls, fields, "device_code");
        let refresh_token = needed_if(refreshes, fields, "refresh_token");
        Some(Self { grant_type: grant_type?, device_code, refresh_token, client_id: None })
    }
}

fn needed_if(needed: bool, fields: &mut Fields<'_>, field: &'static str) -> Option<String> {
    if needed { fields.required(field, str::parse) } else { fields.optional(field, str::parse) }
}

/// Why a client got nothing (RFC 6749, section 5.2).
#[derive(Serialize, ToSchema)]
pub(crate) struct OAuthError {
    /// What exactly it is; stable.
    #[schema(example = "authorization_pending")]
    error: &'static str,
    /// A sentence for people. May change.
    error_description: String,
    /// For `slow_down`: seconds to wait between two polls from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 10)]
    interval: Option<u32>,
}

/// Answers a client that asks.
pub(super) async fn start(api: &ApiState, address: Option<IpAddr>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = match form(&api.kit, &parts, body).await {
        Ok(ClientAsks { client_id, device_id, device_name }) => {
            let device = device_id.unwrap_or_else(|| device_login::told_apart(&api.app, &client_id));
            device_login::start(&api.app, device_login::Request { device, device_name, address }).await
        }
        Err(problem) => return refused(&problem),
    };
    match asked {
        Ok(started) => {
            let server = own_url(&api.kit.config, &parts.headers, address);
            private_json(&DeviceCodes::new(started, &server))
        }
        Err(error) => refused(&error.into()),
    }
}

/// Answers a client that polls, or that wants the next tokens.
pub(super) async fn poll(api: &ApiState, address: Option<IpAddr>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ClientPolls { grant_type, device_code, refresh_token, .. } = match form(&api.kit, &parts, body).await
    {
        Ok(polls) => polls,
        Err(problem) => return refused(&problem),
    };
    match (&*grant_type, device_code, refresh_token) {
        (DEVICE_CODE, Some(code), _) => match device_login::poll(&api.app, &code, address).await {
            Ok(Ok(tokens)) => private_json(&TokenPair::from(tokens)),
            Ok(Err(not_yet)) => {
                let (error, detail, interval) = why_not_yet(not_yet);
                answer(StatusCode::BAD_REQUEST, error, detail.to_owned(), interval)
            }
            Err(error) => refused(&error.into()),
        },
        (REFRESH_TOKEN, _, Some(token)) => match refresh::refresh(&api.app, &token, address).await {
            Ok(tokens) => private_json(&TokenPair::from(tokens)),
            Err(error) if error.kind() == Kind::Unauthenticated => {
                answer(StatusCode::BAD_REQUEST, "invalid_grant", error.detail().to_owned(), None)
            }
            Err(error) => refused(&error.into()),
        },
        _ => {
            let detail = format!("grant_type must be {DEVICE_CODE} or {REFRESH_TOKEN}");
            answer(StatusCode::BAD_REQUEST, "unsupported_grant_type", detail, None)
        }
    }
}

/// The same refusal as a client knows it. What is wrong with a request is always 400.
fn refused(problem: &Problem) -> Response {
    let (status, error) = match problem.status() {
        status @ StatusCode::TOO_MANY_REQUESTS => (status, "slow_down"),
        status @ StatusCode::SERVICE_UNAVAILABLE => (status, "temporarily_unavailable"),
        status if status.is_server_error() => (status, "server_error"),
        _ => (StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let fields = problem.fields().iter().map(|field| format!("{} {}", field.field, field.detail));
    let fields: Vec<String> = fields.collect();
    let detail = if fields.is_empty() { problem.detail().to_owned() } else { fields.join("; ") };
    let mut response = answer(status, error, detail, None);
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    problem.log_with(&mut response);
    response
}

fn answer(status: StatusCode, error: &'static str, detail: String, interval: Option<u32>) -> Response {
    let body = Json(OAuthError { error, error_description: detail, interval });
    let mut response = (status, body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use dayline_app::AppError;

    use super::*;

    #[test]
    fn what_goes_wrong_has_the_names_of_the_standard() {
        for (error, status, name) in [
            (AppError::field("client_id", "is missing"), 400, "invalid_request"),
            (AppError::Unavailable("the store is away".into()), 503, "temporarily_unavailable"),
            (AppError::Internal("a bug".into()), 500, "server_error"),
        ] {
            let response = refused(&error.into());
            assert_eq!(response.status(), status, "{name}");
        }
    }
}
