//! `/auth`: sign in, rotate tokens, sign out.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::identity::login::{self, Login};
use dayline_app::identity::sign_out::SignedOut;
use dayline_app::identity::tokens::Tokens;
use dayline_app::identity::{refresh, sessions};
use dayline_domain::identity::account::Label;
use dayline_domain::{DeviceId, Email};
use dayline_http_kit::KitConfig;
use dayline_http_kit::address::ClientAddress;
use dayline_http_kit::caller::SigningOut;
use dayline_http_kit::cookie;
use dayline_http_kit::fields::{Fields, FromFields, Json, MaybeJson};
use dayline_http_kit::json::private_json;
use dayline_http_kit::problem::{Problem, ProblemBody};
use dayline_http_kit::query::{FromParams, Params, Query};
use http::{HeaderMap, StatusCode, header};
use utoipa::{IntoParams, ToSchema};

use crate::openapi::{BodyProblems, LimitedProblems, SignedInProblems};
use crate::refresh_cookie;
use crate::signed_out::{self, SignOutBody};
use crate::state::Api;
use crate::views::tokens::TokenPair;

/// A sign-in of one device.
#[derive(ToSchema)]
pub(crate) struct SignIn {
    /// The address of the account.
    #[schema(value_type = String, format = Email, example = "ada@example.org")]
    email: Email,
    /// The account's password, as typed.
    #[schema(format = Password, example = "tea at half past four")]
    password: String,
    /// Names the device; 1–128 characters, the same each time. What names none (`unknown`, `null`, `localhost`,
    /// blanks) gets a mark of its own, unless the device's last `refresh_token` tells which one it is: then
    /// several such devices do not end each other's sessions.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "laptop")]
    device_id: DeviceId,
    /// What the person calls the device; 1–100 characters.
    #[schema(value_type = Option<String>, nullable, required = false, example = "Ada's laptop")]
    device_name: Option<Label>,
    /// The last refresh token of this device, if it has one: then strangers who guess can't lock it
    /// out. Browsers send the cookie instead.
    #[schema(nullable, required = false)]
    refresh_token: Option<String>,
}

impl FromFields for SignIn {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::new);
        let password = fields.required("password", str::parse);
        let device_id = fields.required("device_id", DeviceId::new);
        let device_name = fields.optional("device_name", Label::new);
        let refresh_token = fields.optional("refresh_token", str::parse);
        Some(Self { email: email?, password: password?, device_id: device_id?, device_name, refresh_token })
    }
}

/// Sign this device in. A second sign-in of a device replaces its session.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth", request_body = SignIn,
    responses(
        (status = 200, body = TokenPair, description = "Signed in"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json",
            description = "`invalid_credentials`; which of the two is wrong is not told"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json",
            description = "`account_disabled`; only told to who knows the password"),
        BodyProblems, LimitedProblems,
    ),
)]
pub(crate) async fn login(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Result<Response, Problem> {
    let SignIn { email, password, device_id: device, device_name, refresh_token } = sign_in;
    // A cookie from a page of another site proves nothing, and harms nothing.
    let cookie = || refresh_cookie::token(&headers, &api.kit.config.allowed_origins).ok().flatten();
    let refresh_token = refresh_token.or_else(cookie);
    let login = Login { email, password, device, device_name, refresh_token, address };
    let tokens = login::login(&api.app, login).await?;
    Ok(signed_in(&api, tokens, cookie::must_be_secure(&api.kit.config, &headers, address)))
}

/// A refresh token.
#[derive(ToSchema)]
pub(crate) struct Refresh {
    /// The newest refresh token of the session.
    refresh_token: String,
}

impl FromFields for Refresh {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { refresh_token: fields.required("refresh_token", str::parse)? })
    }
}

/// Get the next pair of tokens. The refresh token is in the body or, for browsers, in the cookie
/// `dayline_refresh`, which is only taken from pages of this site.
///
/// A client that did not get the answer may ask again with the same token, within a minute, and gets
/// the same successor. Later the session ends, since the token may be somebody's copy: sign in again.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth",
    request_body(content = Option<Refresh>, description = "May be left out where the cookie is sent"),
    responses(
        (status = 200, body = TokenPair, description = "The next pair"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json",
            description = "`session_revoked`, or `token_reused`: a token that was replaced was seen \
                again, and its session ended; sign in again"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json",
            description = "`foreign_origin`: the cookie came from a page of another site"),
        BodyProblems, LimitedProblems,
    ),
)]
pub(crate) async fn refresh(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<Refresh>,
) -> Result<Response, Problem> {
    let from_cookie = match body {
        Some(_) => None,
        None => refresh_cookie::token(&headers, &api.kit.config.allowed_origins)?,
    };
    let token = body.as_ref().map(|body| body.refresh_token.as_str()).or(from_cookie.as_deref());
    let token = token.ok_or_else(|| AppError::field("refresh_token", "is missing"))?;
    let tokens = refresh::refresh(&api.app, token, address).await?;
    Ok(signed_in(&api, tokens, cookie::must_be_secure(&api.kit.config, &headers, address)))
}

fn signed_in(api: &Api, tokens: Tokens, secure: bool) -> Response {
    let idle_s = api.app.rules.sessions.idle_ms / 1_000;
    let cookie = refresh_cookie::set(&tokens.refresh_token, idle_s, api.kit.config.base_path(), secure);
    let mut response = private_json(&TokenPair::from(tokens));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// End this session. Ending it again is fine.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth",
    responses((status = 204, description = "The session has ended"), SignedInProblems),
    security(("session" = [])),
)]
pub(crate) async fn logout(
    State(api): State<Api>,
    SigningOut(caller): SigningOut,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(caller) = caller {
        sessions::logout(&api.app, &caller).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    forget_cookie(&mut response, &api.kit.config, &headers, address);
    Ok(response)
}

/// Which sessions to end.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogoutAsked {
    /// Whether this session goes on while all others end.
    #[param(required = false)]
    keep_current: bool,
}

impl FromParams for LogoutAsked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { keep_current: params.flag("keep_current") }
    }
}

/// End all my sessions, or all but this one, and with them the device codes that they approved. The
/// body may be left out.
#[utoipa::path(
    post, path = "/api/v1/auth/logout-all", tag = "auth", params(LogoutAsked),
    request_body(content = Option<SignOutBody>, description = "May be left out"),
    responses(
        (status = 204, description = "They have ended",
            headers(("api-keys-deleted" = u64, description = "How many API keys were deleted"))),
        SignedInProblems, BodyProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn logout_all(
    State(api): State<Api>,
    SigningOut(caller): SigningOut,
    Query(asked): Query<LogoutAsked>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<SignOutBody>,
) -> Result<Response, Problem> {
    let delete_api_keys = body.is_some_and(|body| body.delete_api_keys);
    let mut ended = SignedOut { sessions: 0, api_keys: 0 };
    if let Some(caller) = caller {
        ended = sessions::logout_all(&api.app, &caller, asked.keep_current, delete_api_keys).await?;
    }
    let mut response = signed_out::answer(ended);
    if !asked.keep_current {
        forget_cookie(&mut response, &api.kit.config, &headers, address);
    }
    Ok(response)
}

fn forget_cookie(response: &mut Response, config: &KitConfig, headers: &HeaderMap, address: Option<IpAddr>) {
    let secure = cookie::must_be_secure(config, headers, address);
    if let Some(cookie) = refresh_cookie::set("", 0, config.base_path(), secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
