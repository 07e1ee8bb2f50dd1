//! Reads query parameters and collects everything that is wrong with them, naming the parameter.

use std::convert::Infallible;
use std::fmt::Display;

use axum::extract::FromRequestParts;
use dayline_app::{AppError, FieldError};
use http::request;

use crate::parameter::{self, Plus};
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
    /// A parameter that may be left out, as forms write it: a `+` is a blank.
    pub fn optional<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.read(name, Plus::Blank, parse)
    }

    /// A moment that may be left out. The `+` of its offset stands for itself.
    pub fn moment<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.read(name, Plus::Itself, parse)
    }

    fn read<T, E: Display>(
        &mut self,
        name: &'static str,
        plus: Plus,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match parameter::only(self.query, name, plus) {
            Ok(text) => parse(&text?).map_err(|error| error.to_string()),
            Err(detail) => Err(detail.to_owned()),
        };
        parsed.map_err(|detail| self.errors.push(FieldError::new(name, detail))).ok()
    }

    /// A parameter that must be there.
    pub fn required<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if matches!(parameter::only(self.query, name, Plus::Blank), Ok(None)) {
            self.errors.push(FieldError::new(name, "is missing"));
            return None;
        }
        self.optional(name, parse)
    }

    /// The name of a time zone that may be left out. Those of Windows have blanks, for which forms write
    /// `+`; that of `Etc/GMT+5` and `UTC+12` stands for itself.
    pub fn zone(&mut self, name: &'static str) -> Option<String> {
        let read = |text: &str| {
            let mut zone = String::with_capacity(text.len());
            for c in text.chars() {
                let before = zone.get(zone.len().saturating_sub(3)..).unwrap_or_default();
                let is_offset = before.eq_ignore_ascii_case("gmt") || before.eq_ignore_ascii_case("utc");
                zone.push(if c == '+' && !is_offset { ' ' } else { c });
            }
            Ok::<_, Infallible>(zone)
        };
        self.read(name, Plus::Itself, read)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params<'_> {
        Params { query, errors: Vec::new() }
    }

    #[test]
    fn a_plus_is_a_blank_but_in_a_moment() {
        for (sent, text, moment) in [
            ("a+b", "a b", "a+b"),
            ("c%2B%2B", "c++", "c++"),
            ("%2B+%2b%20+", "+ +  ", "+++ +"),
            ("%C3%BC+", "ü ", "ü+"),
        ] {
            let query = format!("name={sent}");
            let read = |text: &str| Ok::<_, Infallible>(text.to_owned());
            assert_eq!(params(&query).optional("name", read).as_deref(), Some(text), "{sent}");
            assert_eq!(params(&query).moment("name", read).as_deref(), Some(moment), "{sent}");
        }
    }

    #[test]
    fn a_plus_in_a_zone_is_a_blank_unless_an_offset_follows() {
        for (sent, name) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("Etc/GMT+5", "Etc/GMT+5"),
            ("etc/gmt%2B5", "etc/gmt+5"),
            ("+ü+", " ü "),
            ("UTC+12", "UTC+12"),
            ("W.+Europe+Standard+Time", "W. Europe Standard Time"),
            ("Russia%20Time%20Zone%203", "Russia Time Zone 3"),
        ] {
            let query = format!("tz={sent}");
            assert_eq!(params(&query).zone("tz").as_deref(), Some(name), "{sent}");
        }
    }
}
