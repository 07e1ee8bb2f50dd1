//! `/auth/device`: signing a tracker in by a code, so that it never sees a password (RFC 8628, in
//! JSON). Not here: the same in forms, as stock OAuth clients speak (see [`super::oauth`]).

use axum::extract::{self, State};
use axum::response::{IntoResponse, Response};
use dayline_app::identity::device_login::{self, NotYet, Request};
use dayline_domain::DeviceId;
use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{CODE_LIFE_MS, DeviceLogin};
use dayline_http_kit::address::{ClientAddress, own_url};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json, is_form, json};
use dayline_http_kit::instant;
use dayline_http_kit::json::private_json;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::openapi::{BodyProblems, OAuthProblems, SignedInProblems};
use crate::routes::oauth::{self, ClientAsks, ClientPolls, OAuthError};
use crate::state::Api;
use crate::views::device_codes::{DeviceCodes, why_not_yet};
use crate::views::tokens::TokenPair;

/// A device that asks to be signed in.
#[derive(ToSchema)]
pub(crate) struct DeviceAsks {
    /// Names the device; 1–128 characters, the same each time. What names none (`unknown`, …) gets a mark of
    /// its own when the device is signed in.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "tracker-1")]
    device_id: DeviceId,
    /// What it calls itself; 1–100 characters.
    #[schema(value_type = Option<String>, nullable, required = false, example = "Tracker on the workstation")]
    device_name: Option<Label>,
}

impl FromFields for DeviceAsks {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let device_id = fields.required("device_id", DeviceId::new);
        let device_name = fields.optional("device_name", Label::new);
        Some(Self { device_id: device_id?, device_name })
    }
}

/// Ask to be signed in as whoever approves the code.
#[utoipa::path(
    post, path = "/api/v1/auth/device", tag = "auth", operation_id = "ask_for_device_login",
    request_body(content((DeviceAsks = "application/json"), (ClientAsks = "application/x-www-form-urlencoded"))),
    responses(
        // The row of 400 comes after those that it replaces.
        BodyProblems, OAuthProblems,
        (status = 200, body = DeviceCodes, description = "Show the user code and poll with the device code"),
        (status = 400, description = "`malformed_json`, `invalid_utf8`, `broken_body`; of a form `invalid_request`",
            content((ProblemBody = "application/problem+json"), (OAuthError = "application/json"))),
    ),
)]
pub(crate) async fn start(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    request: extract::Request,
) -> Result<Response, Problem> {
    if is_form(request.headers()) {
        return Ok(oauth::start(&api, address, request).await);
    }
    let headers = request.headers().clone();
    let DeviceAsks { device_id: device, device_name } = json(request, &api.kit).await?;
    let started = device_login::start(&api.app, Request { device, device_name, address }).await?;
    let server = own_url(&api.kit.config, &headers, address);
    Ok(private_json(&DeviceCodes::new(started, &server)))
}

/// A device that polls.
#[derive(ToSchema)]
pub(crate) struct DevicePoll {
    /// The secret it was given.
    device_code: String,
}

impl FromFields for DevicePoll {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { device_code: fields.required("device_code", str::parse)? })
    }
}

/// Why a device has no tokens yet, or will have none.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoTokens {
    #[serde(flatten)]
    problem: ProblemBody,
    /// The code again, under the name that OAuth clients look for.
    #[schema(required = false, example = "authorization_pending")]
    error: &'static str,
    /// For `slow_down`: seconds to wait between two polls from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = 10)]
    interval: Option<u32>,
}

/// Ask whether the person has approved. The tokens are given once.
#[utoipa::path(
    post, path = "/api/v1/auth/device/token", tag = "auth", operation_id = "poll_device_login",
    request_body(content((DevicePoll = "application/json"), (ClientPolls = "application/x-www-form-urlencoded"))),
    responses(
        // The row of 400 comes after those that it replaces.
        BodyProblems, OAuthProblems,
        (status = 200, body = TokenPair, description = "Approved: the device is signed in"),
        (status = 400,
            description = "`authorization_pending`: poll again; `slow_down`: the same, less often; \
                `expired_token`: the code is unknown, used or too old; `access_denied`: the person refused. \
                Also `malformed_json`, `invalid_utf8`, `broken_body`, without `error`. Of a form also \
                `invalid_request`, `invalid_grant`, `unsupported_grant_type`",
            content((NoTokens = "application/problem+json"), (OAuthError = "application/json"))),
    ),
)]
pub(crate) async fn poll(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    request: extract::Request,
) -> Result<Response, Problem> {
    if is_form(request.headers()) {
        return Ok(oauth::poll(&api, address, request).await);
    }
    let DevicePoll { device_code } = json(request, &api.kit).await?;
    Ok(match device_login::poll(&api.app, &device_code, address).await? {
        Ok(tokens) => private_json(&TokenPair::from(tokens)),
        Err(not_yet) => no_tokens(not_yet),
    })
}

fn no_tokens(not_yet: NotYet) -> Response {
    let (error, detail, interval) = why_not_yet(not_yet);
    let problem = Problem::no_tokens(error, detail);
    problem.respond_with(&NoTokens { problem: problem.body(), error, interval })
}

/// The code that a device shows.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeAsked {
    /// The code, in any case, with or without the hyphen.
    #[param(value_type = String, example = "BCDF-GHJK")]
    user_code: Option<String>,
}

impl FromParams for CodeAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { user_code: params.optional("user_code", str::parse) }
    }
}

/// A device that waits to be approved.
#[derive(Serialize, ToSchema)]
pub(crate) struct WaitingDevice {
    /// The code, as the device shows it.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// The device, as it named itself.
    #[schema(example = "tracker-1")]
    device_id: String,
    /// What it calls itself.
    #[schema(example = "Tracker on the workstation")]
    device_name: Option<String>,
    /// The network it asked from (IPv4 /24, IPv6 /48).
    #[schema(example = "192.0.2.0/24")]
    address: Option<String>,
    /// When it asked.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
    /// When its code ends.
    #[schema(format = DateTime, example = "2026-11-20T10:10:00.000Z")]
    expires_at: String,
}

impl From<DeviceLogin> for WaitingDevice {
    fn from(login: DeviceLogin) -> Self {
        Self {
            user_code: login.user_code.to_string(),
            device_id: login.device.as_str().to_owned(),
            device_name: login.device_name.map(|name| name.as_str().to_owned()),
            address: login.address.map(String::from),
            created_at: instant::utc(login.created_at),
            expires_at: instant::utc(login.created_at.plus(CODE_LIFE_MS)),
        }
    }
}

/// Which device waits behind a code, to look at before approving it.
#[utoipa::path(
    get, path = "/api/v1/auth/device", tag = "auth", operation_id = "look_up_device_login", params(CodeAsked),
    responses(
        (status = 200, body = WaitingDevice, description = "The device; approve only one that is yours"),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn look_up(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(asked): Query<CodeAsked>,
) -> Result<Response, Problem> {
    let code = asked.user_code.unwrap_or_default();
    let login = device_login::look_up(&api.app, &caller, &code).await?;
    Ok(private_json(&WaitingDevice::from(login)))
}

/// What the person has decided.
#[derive(ToSchema)]
pub(crate) struct Decision {
    /// The code that the device shows.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// Whether the device is to be signed in as me; true if left out.
    #[schema(value_type = Option<bool>, nullable, required = false)]
    approve: bool,
}

impl FromFields for Decision {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let user_code = fields.required("user_code", str::parse);
        let approve = fields.flag("approve").unwrap_or(true);
        Some(Self { user_code: user_code?, approve })
    }
}

/// Sign the device in that waits behind a code, or refuse it. Its next poll gets the tokens.
#[utoipa::path(
    post, path = "/api/v1/auth/device/approve", tag = "auth", operation_id = "decide_device_login", request_body = Decision,
    responses((status = 204, description = "Decided"), SignedInProblems, BodyProblems),
    security(("session" = [])),
)]
pub(crate) async fn approve(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Json(Decision { user_code, approve }): Json<Decision>,
) -> Result<Response, Problem> {
    device_login::decide(&api.app, &caller, &user_code, approve).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
