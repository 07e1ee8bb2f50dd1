//! Identities in paths. One that can't be read names nothing, so it is not found.

use axum::extract::{FromRequestParts, RawPathParams};
use dayline_app::AppError;
use dayline_domain::Id;
use http::request;

use crate::problem::Problem;
use crate::state::Face;

/// The one identity in a path, the parameter `id`.
pub struct PathId<Kind>(pub Id<Kind>);

impl<Kind, F: Face> FromRequestParts<F> for PathId<Kind> {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        let params = RawPathParams::from_request_parts(parts, face).await.ok();
        let id = params.and_then(|params| {
            let (_, text) = params.iter().find(|(name, _)| *name == "id")?;
            text.parse().ok()
        });
        id.map(Self).ok_or_else(|| Problem::from(AppError::NotFound).into())
    }
}
