//! The routes, each with its wire types.

pub(super) mod buckets;
pub(super) mod events;
pub(super) mod export;
pub(super) mod heartbeat;
pub(super) mod import;
pub(super) mod info;
pub(super) mod query;
pub(super) mod settings;
pub(super) mod stored_events;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_domain::bucket::BucketId;
use dayline_http_kit::caller::StaysSignedIn;
use dayline_http_kit::stream::LongRequest;
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

/// Who sent a request whose answer may be long.
pub(super) struct LongSender {
    pub(super) caller: Caller,
    pub(super) request: LongRequest,
}

impl FromRequestParts<Arc<ActivityWatch>> for LongSender {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut request::Parts,
        state: &Arc<ActivityWatch>,
    ) -> Result<Self, Refusal> {
        if let Some(door) = &state.door {
            let caller = door.caller(&state.app).await?;
            return Ok(Self { caller, request: LongRequest::new(Arc::clone(&state.kit), None, parts) });
        }
        let credential = StaysSignedIn::from_request_parts(parts, state).await?;
        let caller = credential.caller.clone();
        let request = LongRequest::new(Arc::clone(&state.kit), Some(credential), parts);
        Ok(Self { caller, request })
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
    not_to_be_kept(Json(body).into_response())
}

/// The same of a body that is JSON.
pub(super) fn private_json(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    not_to_be_kept(response)
}

fn not_to_be_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
