//! Whose data a path is about: the caller's own, always.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_http_kit::caller::SignedIn;
use http::request;

use super::refusal::Refusal;
use super::state::Wakatime;

/// The caller, where the path says `current`, their own id, or nobody. Anybody else is not found.
pub(super) struct Mine(pub(super) Caller);

impl FromRequestParts<Arc<Wakatime>> for Mine {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut request::Parts, state: &Arc<Wakatime>) -> Result<Self, Refusal> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| AppError::NotFound)?;
        let named = params.iter().find(|(name, _)| *name == "user").map(|(_, user)| user);
        match named {
            Some(user) if user != "current" && user != caller.user.to_string() => {
                Err(AppError::NotFound.into())
            }
            _ => Ok(Self(caller)),
        }
    }
}
