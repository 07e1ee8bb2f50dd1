//! Identities and devices in paths. One that can't be read names nothing, so it is not found.

use axum::extract::{FromRequestParts, RawPathParams};
use dayline_app::AppError;
use dayline_domain::{DeviceId, Id};
use http::request;

use crate::problem::Problem;
use crate::state::Face;

/// The one identity in a path, the parameter `id`.
pub struct PathId<Kind>(pub Id<Kind>);

impl<Kind, F: Face> FromRequestParts<F> for PathId<Kind> {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        let id = param(parts, face).await.and_then(|text| text.parse().ok());
        id.map(Self).ok_or_else(not_found)
    }
}

/// The one device in a path, the parameter `id`.
pub struct PathDevice(pub DeviceId);

impl<F: Face> FromRequestParts<F> for PathDevice {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, face: &F) -> Result<Self, F::Refusal> {
        let id = param(parts, face).await.and_then(|text| DeviceId::new(&text).ok());
        id.map(Self).ok_or_else(not_found)
    }
}

async fn param<F: Face>(parts: &mut request::Parts, face: &F) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, face).await.ok()?;
    let (_, text) = params.iter().find(|(name, _)| *name == "id")?;
    Some(text.to_owned())
}

fn not_found<Refusal: From<Problem>>() -> Refusal {
    Problem::from(AppError::NotFound).into()
}
