//! The routes, each with its wire types.

pub(super) mod buckets;
pub(super) mod events;
pub(super) mod heartbeat;
pub(super) mod import;
pub(super) mod info;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_domain::bucket::BucketId;
use http::{HeaderValue, header, request};
use serde::Serialize;

use super::refusal::Refusal;
use super::state::ActivityWatch;

/// Who sent a request; without that it ends with 401.
pub(super) struct Sender(pub(super) Caller);

impl FromRequestParts<Arc<ActivityWatch>> for Sender {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut request::Parts,
        state: &Arc<ActivityWatch>,
    ) -> Result<Self, Refusal> {
        Ok(Self(state.caller(parts).await?))
    }
}

/// The bucket in a path. One whose name can't be read names none.
pub(super) struct PathBucket(pub(super) BucketId);

impl FromRequestParts<Arc<ActivityWatch>> for PathBucket {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut request::Parts,
        state: &Arc<ActivityWatch>,
    ) -> Result<Self, Refusal> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| BucketId::new(&text).ok());
        id.map(Self).ok_or_else(|| AppError::NotFound.into())
    }
}

/// An answer that nobody else may keep.
pub(super) fn private<T: Serialize>(body: &T) -> Response {
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
