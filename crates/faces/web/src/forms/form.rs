//! The fields of a form, small and UTF-8. Not here: what they mean.

use axum::extract::{FromRequest, Request};
use dayline_app::FieldError;
use dayline_http_kit::Problem;
use dayline_http_kit::body::{self, Coding};
use dayline_http_kit::fields::has_media_type;
use std::fmt::Display;

use crate::refusal::Refusal;
use crate::show::sentence;
use crate::state::Web;

/// Most bytes of a form.
const MAX_FORM: usize = 16 * 1_024;

/// The fields of a form as the browser sent them, and what is wrong with them.
#[derive(Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl FromRequest<Web> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        if !has_media_type(&parts.headers, "application/x-www-form-urlencoded") {
            let detail = "content-type must be application/x-www-form-urlencoded";
            return Err(Problem::unsupported("unsupported_media_type", detail).into());
        }
        let body = body::receive(&web.kit, &parts, body, MAX_FORM, Coding::Identity).await?;
        Ok(Self::read(body.text()?))
    }
}

impl Form {
    fn read(text: &str) -> Self {
        let fields = form_urlencoded::parse(text.as_bytes());
        Self { fields: fields.map(|(name, text)| (name.into(), text.into())).collect(), errors: Vec::new() }
    }

    /// What was typed into a field; nothing if the form does not have it.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, text)| text)
    }

    /// Whether a box was ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// A form with these fields, to be shown.
    pub(crate) fn with(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        Self { fields, errors: Vec::new() }
    }

    /// This form with what was typed into another one, and what is wrong with that.
    #[must_use]
    pub(crate) fn overlaid(mut self, typed: Self) -> Self {
        self.fields.retain(|(name, _)| typed.fields.iter().all(|(other, _)| other != name));
        self.fields.extend(typed.fields);
        Self { errors: typed.errors, ..self }
    }

    /// A field that must be good; what is wrong with it is remembered.
    pub(crate) fn read_field<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = parse(self.text(name)).map_err(|error| error.to_string());
        parsed.map_err(|detail| self.errors.push(FieldError::new(name, detail))).ok()
    }

    /// Remembers what else is wrong.
    pub(crate) fn refuse(&mut self, errors: Vec<FieldError>) {
        self.errors.extend(errors);
    }

    /// Whether anything is wrong with it.
    pub(crate) fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What is wrong with a field, as a sentence.
    pub(crate) fn wrong(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == name).map(|error| sentence(&error.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = Form::read("email=ada%40example.org&full_name=Ada+L%C3%B6we&box=on&email=other");
        assert_eq!(form.text("email"), "ada@example.org");
        assert_eq!(form.text("full_name"), "Ada Löwe");
        assert_eq!(form.text("missing"), "");
        assert!(form.ticked("box") && !form.ticked("missing"));
    }

    #[test]
    fn what_was_typed_is_kept() {
        let mut typed = Form::read("name=new");
        typed.refuse(vec![FieldError::new("name", "is bad")]);
        let shown = Form::with(&[("name", "old"), ("zone", "UTC")]).overlaid(typed);
        assert_eq!([shown.text("name"), shown.text("zone")], ["new", "UTC"]);
        assert_eq!(shown.wrong("name").unwrap(), "Is bad.");
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let mut form = Form::read("age=x");
        assert_eq!(form.read_field("age", str::parse::<u8>), None);
        assert_eq!(form.wrong("age").unwrap(), "Invalid digit found in string.");
        assert_eq!(form.wrong("other"), None);
    }
}
