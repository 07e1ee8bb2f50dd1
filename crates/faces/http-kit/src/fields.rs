//! Reads the fields of a small JSON object, or of a form, and collects everything that is wrong with them, so that
//! one answer names all fields at once. Not here: pings, which have a parser of their own.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use dayline_app::identity::accounts::find_zone;
use dayline_app::{App, AppError, FieldError};
use http::{HeaderMap, header, request};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::body::{self, Coding};
use crate::problem::Problem;
use crate::state::{Face, KitState};

/// Most bytes of such an object.
const MAX_BODY: usize = 16 * 1024;
/// When so many things are wrong, no more items of a list are looked at.
const MANY_ERRORS: usize = 100;

/// A wire type that is read from the fields of a JSON object.
pub trait FromFields: Sized {
    /// Reads all fields, also after one was wrong; `None` only if one was.
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Extracts a wire type from a JSON body.
pub struct Json<T>(pub T);

impl<T: FromFields, F: Face> FromRequest<F> for Json<T> {
    type Rejection = F::Refusal;

    async fn from_request(request: Request, face: &F) -> Result<Self, F::Refusal> {
        Ok(Self(json(request, face.kit()).await?))
    }
}

/// A wire type from a JSON body, for handlers that take others too.
///
/// # Errors
/// What is wrong with the body, or with which fields.
pub async fn json<T: FromFields>(request: Request, kit: &KitState) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(not_json());
    }
    let body = body::receive(kit, &parts, body, MAX_BODY, Coding::Identity).await?;
    read(&kit.app, body.text()?)
}

/// The same where the body may be left out.
pub struct MaybeJson<T>(pub Option<T>);

impl<T: FromFields, F: Face> FromRequest<F> for MaybeJson<T> {
    type Rejection = F::Refusal;

    async fn from_request(request: Request, face: &F) -> Result<Self, F::Refusal> {
        Ok(Self(maybe_json(request, face.kit()).await?))
    }
}

async fn maybe_json<T: FromFields>(request: Request, kit: &KitState) -> Result<Option<T>, Problem> {
    let (parts, body) = request.into_parts();
    let is_json = is_json(&parts.headers);
    let body = body::receive(kit, &parts, body, MAX_BODY, Coding::Identity).await?;
    match body.text()? {
        "" => Ok(None),
        text if is_json && text.trim_ascii() == "null" => Ok(None),
        _ if !is_json => Err(not_json()),
        text => read(&kit.app, text).map(Some),
    }
}

/// Whether the content type is that of a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    has_media_type(headers, "application/x-www-form-urlencoded")
}

/// The same from a form, whose fields are texts.
///
/// # Errors
/// As for JSON.
pub async fn form<T: FromFields>(kit: &KitState, parts: &request::Parts, body: Body) -> Result<T, Problem> {
    let body = body::receive(kit, parts, body, MAX_BODY, Coding::Identity).await?;
    let text = body.text()?;
    // Else bytes that are none would be replaced.
    if percent_decode_str(text).decode_utf8().is_err() {
        return Err(Problem::malformed("invalid_utf8", "the form must be utf-8"));
    }
    let mut object = HashMap::new();
    for (name, text) in form_urlencoded::parse(text.as_bytes()) {
        let text = Some(Value::String(text.into_owned()));
        object.entry(name.into_owned()).and_modify(|known| *known = None).or_insert(text);
    }
    read_fields(&kit.app, Object(object))
}

fn not_json() -> Problem {
    Problem::unsupported("unsupported_media_type", "content-type must be application/json")
}

/// Whether the content type is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    has_media_type(headers, "application/json")
}

/// Whether the content type is this one, in any case and with any parameters. One that is given twice is
/// none.
pub fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return false };
    let given = only.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    given.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
}

fn read<T: FromFields>(app: &App, text: &str) -> Result<T, Problem> {
    let object = match serde_json::from_str(text) {
        Ok(object) => object,
        Err(error) if error.is_data() && serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            return Err(Problem::invalid("invalid_input", "the body must be a json object"));
        }
        Err(error) => return Err(Problem::malformed("malformed_json", malformed_detail(&error))),
    };
    read_fields(app, object)
}

fn read_fields<T: FromFields>(app: &App, object: Object) -> Result<T, Problem> {
    let mut fields = Fields { object, errors: Vec::new(), app };
    match T::from_fields(&mut fields) {
        Some(value) if fields.errors.is_empty() => Ok(value),
        _ => Err(AppError::Invalid(fields.errors).into()),
    }
}

/// Where the JSON breaks. The parser's own words are not passed on: they may quote what the client
/// sent.
pub fn malformed_detail(error: &serde_json::Error) -> String {
    format!("the body is not json: line {}, column {}", error.line(), error.column())
}

/// The members of an object; `None` for one that is given more than once, since which of them
/// counts is for nobody to guess.
struct Object(HashMap<String, Option<Value>>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut object = HashMap::new();
        while let Some((name, value)) = members.next_entry()? {
            object.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
        }
        Ok(Object(object))
    }
}

/// The fields of an object. Unknown ones are ignored.
pub struct Fields<'a> {
    object: Object,
    errors: Vec<FieldError>,
    app: &'a App,
}

impl<'a> Fields<'a> {
    /// What knows of zones, clocks and rules that a field may break.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// Adds what else is wrong.
    pub fn refuse(&mut self, errors: Vec<FieldError>) {
        self.errors.extend(errors);
    }

    /// The IANA name of a time zone that may be left out or null, as the database spells it.
    pub fn zone(&mut self, field: &'static str) -> Option<String> {
        let app = self.app;
        self.optional(field, |name| find_zone(app, name))
    }

    /// Whether a field is given, be it as what it can't be. Null is as good as left out.
    pub fn is_given(&self, field: &str) -> bool {
        !matches!(self.object.0.get(field), None | Some(Some(Value::Null)))
    }

    /// A text that must be there.
    pub fn required<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.is_given(field) {
            self.errors.push(FieldError::new(field, "is missing"));
            return None;
        }
        self.optional(field, parse)
    }

    /// A text that may be left out or null.
    pub fn optional<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match self.object.0.get(field)? {
            Some(Value::Null) => return None,
            Some(Value::String(text)) => parse(text).map_err(|error| error.to_string()),
            Some(_) => Err("must be a string".to_owned()),
            None => Err("is given twice".to_owned()),
        };
        parsed.map_err(|detail| self.errors.push(FieldError::new(field, detail))).ok()
    }

    /// A list of texts that must be there.
    pub fn list<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let item = |item: &Value| match item {
            Value::String(text) => parse(text).map_err(|error| error.to_string()),
            _ => Err("must be a list of strings".to_owned()),
        };
        let parsed = match self.object.0.get(field) {
            None | Some(Some(Value::Null)) => Err("is missing".to_owned()),
            Some(Some(Value::Array(items))) => items.iter().map(item).collect(),
            Some(Some(_)) => Err("must be a list of strings".to_owned()),
            Some(None) => Err("is given twice".to_owned()),
        };
        parsed.map_err(|detail| self.errors.push(FieldError::new(field, detail))).ok()
    }

    /// A list of objects that may be left out or null, each read like a body. What is wrong with one is named
    /// with its place: `rules[2].app`.
    pub fn objects<T>(
        &mut self,
        field: &'static str,
        read: impl Fn(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.object.0.get(field)? {
            Some(Value::Null) => return None,
            Some(Value::Array(items)) => items.clone(),
            other => {
                let detail = if other.is_some() { "must be a list of objects" } else { "is given twice" };
                self.errors.push(FieldError::new(field, detail));
                return None;
            }
        };
        let mut all = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            if self.errors.len() >= MANY_ERRORS {
                break;
            }
            let Value::Object(members) = item else {
                self.errors.push(FieldError::new(format!("{field}[{at}]"), "must be an object"));
                continue;
            };
            let object = Object(members.into_iter().map(|(name, value)| (name, Some(value))).collect());
            let mut fields = Fields { object, errors: Vec::new(), app: self.app };
            all.extend(read(&mut fields));
            let placed =
                |error: FieldError| FieldError::new(format!("{field}[{at}].{}", error.field), error.detail);
            self.errors.extend(fields.errors.into_iter().map(placed));
        }
        Some(all)
    }

    /// A whole number within bounds that may be left out or null.
    pub fn integer(&mut self, field: &'static str, within: RangeInclusive<u64>) -> Option<u64> {
        let detail = match self.object.0.get(field)? {
            Some(Value::Null) => return None,
            Some(Value::Number(number)) => match number.as_u64().filter(|number| within.contains(number)) {
                Some(number) => return Some(number),
                None => format!("must be a whole number from {} to {}", within.start(), within.end()),
            },
            Some(_) => "must be a number".to_owned(),
            None => "is given twice".to_owned(),
        };
        self.errors.push(FieldError::new(field, detail));
        None
    }

    /// True or false that may be left out or null.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        let detail = match self.object.0.get(field)? {
            Some(Value::Null) => return None,
            Some(Value::Bool(flag)) => return Some(*flag),
            Some(_) => "must be true or false",
            None => "is given twice",
        };
        self.errors.push(FieldError::new(field, detail));
        None
    }
}
