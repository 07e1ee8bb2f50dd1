//! How this wire says that something is wrong: `{"message": "…"}`.

use axum::response::{IntoResponse, Response};
use dayline_app::{AppError, FieldError};
use dayline_http_kit::Problem;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A problem in the words of the wire.
#[derive(Debug)]
pub struct Refusal(Problem);

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let fields: Vec<String> = problem.fields().iter().map(in_words).collect();
        let fields = fields.join("; ");
        let message = if fields.is_empty() { problem.detail() } else { &fields };
        let mut response = problem.respond_with(&Message { message });
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The servers that the trackers know answer so to what they can't read.
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            *response.status_mut() = StatusCode::BAD_REQUEST;
        }
        response
    }
}

fn in_words(FieldError { field, detail }: &FieldError) -> String {
    format!("{field} {detail}")
}
