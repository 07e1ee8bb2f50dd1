//! How far the past follows what was changed about it.

use axum::response::Response;
use dayline_app::ports::Settling;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which it is worth another look how many days are left.
const LOOK_AGAIN_S: u32 = 1;

/// How many of my days (UTC) are settled by what I prefer and by which of my devices are merged.
#[derive(Serialize, ToSchema)]
#[schema(as = Settling)]
pub(crate) struct SettlingItem {
    /// Days of which anything is known.
    #[schema(example = 365)]
    days: u64,
    /// Those of them that are still settled as it was before.
    #[schema(example = 0)]
    left: u64,
}

impl From<Settling> for SettlingItem {
    fn from(Settling { days, left }: Settling) -> Self {
        Self { days, left }
    }
}

/// The answer, where days are still to follow.
pub(crate) fn accepted(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(LOOK_AGAIN_S));
    response
}
