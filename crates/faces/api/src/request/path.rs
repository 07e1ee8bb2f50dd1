//! Identities in paths. One that can't be read names nothing, so it is not found.

use axum::extract::{FromRequestParts, RawPathParams};
use dayline_app::AppError;
use dayline_domain::Id;
use http::request;

use super::Api;
use crate::problem::Problem;

/// The one identity in a path, the parameter `id`.
pub(crate) struct PathId<Kind>(pub(crate) Id<Kind>);

impl<Kind> FromRequestParts<Api> for PathId<Kind> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, api).await;
        let params = params.map_err(|_| Problem::from(AppError::NotFound))?;
        let text = params.iter().find(|(name, _)| *name == "id").map(|(_, text)| text);
        let id = text.and_then(|text| text.parse().ok()).ok_or(AppError::NotFound)?;
        Ok(Self(id))
    }
}
