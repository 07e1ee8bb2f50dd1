//! Reads query parameters and collects everything that is wrong with them, naming the parameter.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use dayline_app::{AppError, FieldError};
use http::request;

use crate::parameter;
use crate::problem::Problem;
use crate::state::Face;

/// A wire type that is read from query parameters.
pub trait FromParams: Sized {
    /// Reads all parameters, also after one was wrong.
    fn from_params(params: &mut Params<'_>) -> Self;
}

/// Extracts a wire type from the query.
pub struct Query<T>(pub T);

impl<T: FromParams, F: Face> FromRequestParts<F> for Query<T> {
    type Rejection = F::Refusal;

    async fn from_request_parts(parts: &mut request::Parts, _: &F) -> Result<Self, F::Refusal> {
        let mut params = Params { query: parts.uri.query().unwrap_or_default(), errors: Vec::new() };
        let value = T::from_params(&mut params);
        if params.errors.is_empty() {
            return Ok(Self(value));
        }
        Err(Problem::from(AppError::Invalid(params.errors)).into())
    }
}

/// The parameters of a request. Unknown ones are ignored.
pub struct Params<'a> {
    query: &'a str,
    errors: Vec<FieldError>,
}

impl Params<'_> {
    /// A parameter that may be left out.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match parameter::only(self.query, name) {
            Ok(text) => parse(&text?).map_err(|error| error.to_string()),
            Err(detail) => Err(detail.to_owned()),
        };
        parsed.map_err(|detail| self.errors.push(FieldError::new(name, detail))).ok()
    }

    /// `true` or `false`; false if left out.
    pub fn flag(&mut self, name: &'static str) -> bool {
        let read = |text: &str| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false"),
        };
        self.optional(name, read).unwrap_or(false)
    }
}
