//! Reads query parameters and collects everything that is wrong with them, naming the parameter.
//! A `+` stands for itself: no parameter has spaces, while offsets (`+02:00`) and zones (`Etc/GMT+5`) have `+`.

use std::borrow::Cow;
use std::fmt::Display;

use axum::extract::FromRequestParts;
use dayline_app::{AppError, FieldError};
use http::request;
use percent_encoding::percent_decode_str;

use super::Api;
use crate::problem::Problem;

/// A wire type that is read from query parameters.
pub(crate) trait FromParams: Sized {
    /// Reads all parameters, also after one was wrong.
    fn from_params(params: &mut Params<'_>) -> Self;
}

/// Extracts a wire type from the query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: FromParams> FromRequestParts<Api> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, _: &Api) -> Result<Self, Problem> {
        let mut params = Params { query: parts.uri.query().unwrap_or_default(), errors: Vec::new() };
        let value = T::from_params(&mut params);
        if params.errors.is_empty() { Ok(Self(value)) } else { Err(AppError::Invalid(params.errors).into()) }
    }
}

/// The parameters of a request. Unknown ones are ignored.
pub(crate) struct Params<'a> {
    query: &'a str,
    errors: Vec<FieldError>,
}

impl Params<'_> {
    /// A parameter that may be left out.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match self.only(name) {
            Ok(text) => parse(&text?).map_err(|error| error.to_string()),
            Err(detail) => Err(detail.to_owned()),
        };
        parsed.map_err(|detail| self.errors.push(FieldError::new(name, detail))).ok()
    }

    /// `true` or `false`; false if left out.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        let read = |text: &str| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false"),
        };
        self.optional(name, read).unwrap_or(false)
    }

    /// The text of a parameter that must not be given more than once.
    fn only(&self, name: &str) -> Result<Option<Cow<'_, str>>, &'static str> {
        let mut found = None;
        for pair in self.query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if percent_decode_str(key).ne(name.bytes()) {
                continue;
            }
            if found.replace(value).is_some() {
                return Err("must be given only once");
            }
        }
        let text = found.map(|value| percent_decode_str(value).decode_utf8());
        text.transpose().map_err(|_| "must be utf-8")
    }
}
