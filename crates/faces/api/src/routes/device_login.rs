//! `/auth/device`: signing a tracker in by a code, so that it never sees a password (RFC 8628 in
//! JSON).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::identity::device_login::{self, NotYet, Request, Started};
use dayline_domain::DeviceId;
use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{CODE_LIFE_MS, DeviceLogin};
use dayline_http_kit::address::{ClientAddress, own_url};
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::fields::{Fields, FromFields, Json};
use dayline_http_kit::instant;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::openapi::{BodyProblems, LimitedProblems, QueryProblems, SignedInProblems};
use crate::state::Api;
use crate::views::json::private_json;
use crate::views::tokens::TokenPair;

/// A device that asks to be signed in.
#[derive(ToSchema)]
pub(crate) struct DeviceAsks {
    /// Names the device; 1–128 characters, the same each time.
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

/// What a device needs to wait for its tokens (RFC 8628, section 3.2).
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceCodes {
    /// The secret to poll with.
    #[schema(example = "dld_…")]
    device_code: String,
    /// What the device shows, for the person to type or compare.
    #[schema(example = "BCDF-GHJK")]
    user_code: String,
    /// The page on which the person approves.
    #[schema(format = "uri", example = "https://dayline.example.org/device")]
    verification_uri: String,
    /// The same with the code filled in, for a link or a QR code.
    #[schema(format = "uri", example = "https://dayline.example.org/device?user_code=BCDF-GHJK")]
    verification_uri_complete: String,
    /// Seconds until both codes end.
    #[schema(example = 600)]
    expires_in: i64,
    /// Seconds to wait between two polls.
    #[schema(example = 5)]
    interval: u32,
}

/// Ask to be signed in as whoever approves the code.
#[utoipa::path(
    post, path = "/api/v1/auth/device", tag = "auth", operation_id = "ask_for_device_login", request_body = DeviceAsks,
    responses(
        (status = 200, body = DeviceCodes, description = "Show the user code and poll with the device code"),
        BodyProblems, LimitedProblems,
    ),
)]
pub(crate) async fn start(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(DeviceAsks { device_id: device, device_name }): Json<DeviceAsks>,
) -> Result<Response, Problem> {
    let started = device_login::start(&api.app, Request { device, device_name, address }).await?;
    let Started { device_code, user_code, expires_in_s, interval_s } = started;
    let page = format!("{}/device", own_url(&api.kit.config, &headers, address));
    Ok(private_json(&DeviceCodes {
        verification_uri_complete: format!("{page}?user_code={user_code}"),
        verification_uri: page,
        device_code,
        user_code: user_code.to_string(),
        expires_in: expires_in_s,
        interval: interval_s,
    }))
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
    post, path = "/api/v1/auth/device/token", tag = "auth", operation_id = "poll_device_login", request_body = DevicePoll,
    responses(
        // The row of 400 comes after those that it replaces.
        BodyProblems, LimitedProblems,
        (status = 200, body = TokenPair, description = "Approved: the device is signed in"),
        (status = 400, body = NoTokens, content_type = "application/problem+json",
            description = "`authorization_pending`: poll again; `slow_down`: the same, less often; \
                `expired_token`: the code is unknown, used or too old; `access_denied`: the person refused. \
                Also `malformed_json`, `invalid_utf8`, `broken_body`, without `error`"),
    ),
)]
pub(crate) async fn poll(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    Json(DevicePoll { device_code }): Json<DevicePoll>,
) -> Result<Response, Problem> {
    Ok(match device_login::poll(&api.app, &device_code, address).await? {
        Ok(tokens) => private_json(&TokenPair::from(tokens)),
        Err(not_yet) => no_tokens(not_yet),
    })
}

fn no_tokens(not_yet: NotYet) -> Response {
    let (error, detail, interval) = match not_yet {
        NotYet::AuthorizationPending => ("authorization_pending", "the person has not decided yet", None),
        NotYet::SlowDown { interval_s } => ("slow_down", "poll less often, see interval", Some(interval_s)),
        NotYet::ExpiredToken => {
            ("expired_token", "the code is unknown, used up or too old; start again", None)
        }
        NotYet::AccessDenied => ("access_denied", "the person refused", None),
    };
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
        SignedInProblems, QueryProblems,
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
    #[schema(value_type = Option<bool>, nullable, required = false, default = true)]
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
