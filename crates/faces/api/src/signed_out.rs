//! The answer to what signs a person out: nothing to read, but a header that says whether API keys
//! were deleted with it.

use axum::response::{IntoResponse, Response};
use dayline_app::identity::sign_out::SignedOut;
use http::{HeaderName, HeaderValue, StatusCode};
use utoipa::ToSchema;

use dayline_http_kit::fields::{Fields, FromFields};

/// How many API keys were deleted.
const API_KEYS_DELETED: HeaderName = HeaderName::from_static("api-keys-deleted");

/// What to end beside sessions.
#[derive(ToSchema)]
pub(crate) struct SignOutBody {
    /// Whether my API keys are deleted, too; false if left out.
    #[schema(required = false)]
    pub(crate) delete_api_keys: bool,
}

impl FromFields for SignOutBody {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { delete_api_keys: fields.flag("delete_api_keys").unwrap_or(false) })
    }
}

/// Answers 204.
pub(crate) fn answer(signed_out: SignedOut) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(API_KEYS_DELETED, HeaderValue::from(signed_out.api_keys));
    response
}
