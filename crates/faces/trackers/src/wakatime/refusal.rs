//! How this wire says that something is wrong: JSON with one `error`. Its clients need a body always, and
//! some read nothing else of it.

use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_http_kit::Problem;
use http::{HeaderValue, header};
use serde::Serialize;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub struct Refusal(Problem);

/// What clients read of it.
#[derive(Serialize)]
struct Wrong<'a> {
    error: &'a str,
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
        // The fields of what is invalid are told in the same sentence.
        let mut error = problem.detail().to_owned();
        for field in problem.fields() {
            error.extend(["; ", &field.field, " ", &field.detail]);
        }
        let mut response = problem.respond_with(&Wrong { error: &error });
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
