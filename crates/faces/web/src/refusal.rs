//! How this face says that something is wrong: a page. An extractor that refuses knows nothing of the
//! page around it, so that the refusal travels with its answer until `dress` makes a page of it.

use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_http_kit::Problem;
use http::StatusCode;

use crate::show::sentence;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub struct Refusal(Problem);

/// What the page says of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    /// Sentences, at least one.
    pub(crate) details: Vec<String>,
    /// In seconds, if that is known.
    pub(crate) retry_after_s: Option<u32>,
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
        let refused = Refused {
            status: problem.status(),
            details: details(&problem),
            retry_after_s: problem.retry_after_s(),
        };
        let mut response = problem.into_response();
        response.extensions_mut().insert(refused);
        response
    }
}

/// What is wrong: of what was typed into the address, each part by its name.
fn details(problem: &Problem) -> Vec<String> {
    let fields = problem.fields();
    if fields.is_empty() {
        return vec![sentence(problem.detail())];
    }
    fields.iter().map(|wrong| sentence(&format!("{} {}", wrong.field, wrong.detail))).collect()
}
