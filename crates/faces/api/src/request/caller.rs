//! Who a request is from: the bearer of an access token or of an API key, and from nowhere else.
//! Deliberately absent: what they may do; each use case asks for the scope it needs.

use axum::extract::FromRequestParts;
use dayline_app::AppError;
use dayline_app::identity::auth::{self, Caller};
use http::{HeaderMap, header, request};

use super::Api;
use super::address::ClientAddress;
use crate::problem::Problem;

/// Longest access token that is looked at, in bytes.
const MAX_TOKEN: usize = 4_096;

/// The signed-in caller; without one the request ends with 401.
pub(crate) struct SignedIn(pub(crate) Caller);

impl FromRequestParts<Api> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        Ok(Self(caller(api, parts).await?))
    }
}

/// A caller who wants to sign out: a session that has ended already is none, and that is fine.
pub(crate) struct SigningOut(pub(crate) Option<Caller>);

impl FromRequestParts<Api> for SigningOut {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        match caller(api, parts).await {
            Ok(caller) => Ok(Self(Some(caller))),
            Err(AppError::SessionRevoked) => Ok(Self(None)),
            Err(error) => Err(error.into()),
        }
    }
}

/// A caller whose credential can be asked again whether it still holds, for answers that go on for long.
pub(crate) struct StaysSignedIn {
    pub(crate) caller: Caller,
    token: Box<str>,
}

impl StaysSignedIn {
    /// Fails when the credential has ended or was revoked. No I/O for an access token.
    pub(crate) async fn check(&self, api: &Api) -> Result<(), AppError> {
        auth::authenticate(&api.app, &self.token, self.caller.address).await.map(drop)
    }
}

impl FromRequestParts<Api> for StaysSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        let caller = caller(api, parts).await?;
        let token = bearer(&parts.headers).ok_or(AppError::NotSignedIn)?.into();
        Ok(Self { caller, token })
    }
}

async fn caller(api: &Api, parts: &request::Parts) -> Result<Caller, AppError> {
    let token = bearer(&parts.headers).ok_or(AppError::NotSignedIn)?;
    auth::authenticate(&api.app, token, ClientAddress::of(parts, api).0).await
}

/// The bearer token, if there is exactly one `Authorization` and it is of that scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (only, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN).then_some(token)
}
