//! One heartbeat as its clients write it, read as leniently as they differ: a field of an unexpected type
//! counts as left out, and unknown ones are ignored. Not here: what it says was done (see
//! [`super::observations`]).

use std::borrow::Cow;

use dayline_domain::UtcMs;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is read of a heartbeat. Of what is edited (`entity`, branch, lines, dependencies) only the entity
/// is looked at, since that of an app or a page says which.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heartbeat<'a> {
    /// What `entity` names.
    pub kind: EntityKind,
    /// A file's path, an app's name, a domain or an address.
    pub entity: Option<Cow<'a, str>>,
    /// When; `None` if it says no time that there is.
    pub at: Option<UtcMs>,
    /// The project, as it is written.
    pub project: Option<Cow<'a, str>>,
    /// The language, as it is written.
    pub language: Option<Cow<'a, str>>,
    /// The user agent of the plug-in, if it is said here and not only in the request's head.
    pub user_agent: Option<Cow<'a, str>>,
}

/// What an entity is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    /// A file in an editor; also where nothing is said.
    #[default]
    File,
    /// A program.
    App,
    /// A web page, by its domain.
    Domain,
    /// A web page, by its address.
    Url,
    /// Something else, of which nothing is kept.
    Other,
}

/// The fields, whatever their values are.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    entity: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    project: Option<&'a RawValue>,
    language: Option<&'a RawValue>,
    user_agent: Option<&'a RawValue>,
    /// What browsers and editors in browsers call `user_agent`.
    plugin: Option<&'a RawValue>,
}

impl<'a> Heartbeat<'a> {
    /// Reads one; `None` if it is no object.
    pub fn read(element: &'a RawValue) -> Option<Self> {
        let fields: Fields<'a> = serde_json::from_str(element.get()).ok()?;
        Some(Self {
            kind: kind(fields.r#type),
            entity: fields.entity.and_then(text),
            at: fields.time.and_then(instant),
            project: fields.project.and_then(text),
            language: fields.language.and_then(text),
            user_agent: fields.user_agent.or(fields.plugin).and_then(text),
        })
    }
}

impl Heartbeat<'_> {
    /// The same, with what it borrows.
    pub(super) fn into_owned(self) -> Heartbeat<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Heartbeat {
            kind: self.kind,
            entity: owned(self.entity),
            at: self.at,
            project: owned(self.project),
            language: owned(self.language),
            user_agent: owned(self.user_agent),
        }
    }
}

fn kind(written: Option<&RawValue>) -> EntityKind {
    let Some(kind) = written.and_then(text) else { return EntityKind::File };
    match kind.trim() {
        "" | "file" => EntityKind::File,
        "app" => EntityKind::App,
        "domain" => EntityKind::Domain,
        "url" => EntityKind::Url,
        _ => EntityKind::Other,
    }
}

/// A text in which something is written.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let Text(text) = serde_json::from_str(value.get()).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// Seconds since 1970 as a number or as a text, to the millisecond. Clients say 0 for no time.
fn instant(value: &RawValue) -> Option<UtcMs> {
    let seconds: f64 = match text(value) {
        Some(text) => text.trim().parse().ok()?,
        None => value.get().parse().ok()?,
    };
    // The cast ends at the greatest instant, which is too far in the future for anything.
    (seconds.is_finite() && seconds > 0.0).then(|| UtcMs((seconds * 1_000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn read(json: &str) -> Heartbeat<'_> {
        Heartbeat::read(raw(json)).unwrap()
    }

    #[test]
    fn a_time_is_a_number_or_a_text_of_seconds() {
        let at = |time: &str| read(&format!(r#"{{"time":{time}}}"#)).at;
        assert_eq!(at("1795442400.123"), Some(UtcMs(1_795_442_400_123)));
        assert_eq!(at("1795442400.1230004"), Some(UtcMs(1_795_442_400_123)));
        assert_eq!(at("1795442400"), Some(UtcMs(1_795_442_400_000)));
        assert_eq!(at(r#""1795442400.123""#), Some(UtcMs(1_795_442_400_123)));
        for none in ["0", "0.0", "-1", "null", r#""""#, r#""soon""#, r#""NaN""#, r#""inf""#, "1e999", "[]"] {
            assert_eq!(at(none), None, "{none}");
        }
        assert_eq!(read("{}").at, None);
    }

    #[test]
    fn a_type_that_is_left_out_is_a_file() {
        for file in ["{}", r#"{"type":null}"#, r#"{"type":""}"#, r#"{"type":"file"}"#, r#"{"type":7}"#] {
            assert_eq!(read(file).kind, EntityKind::File, "{file}");
        }
        assert_eq!(read(r#"{"type":"app"}"#).kind, EntityKind::App);
        assert_eq!(read(r#"{"type":"domain"}"#).kind, EntityKind::Domain);
        assert_eq!(read(r#"{"type":"url"}"#).kind, EntityKind::Url);
        assert_eq!(read(r#"{"type":"event"}"#).kind, EntityKind::Other);
    }

    #[test]
    fn fields_of_unexpected_types_count_as_left_out() {
        let odd = r#"{"entity":["a"],"type":"file","time":1795442400.5,"project":7,"language":{"a":1},
            "user_agent":null,"category":null,"lineno":"2","lines":"x","is_write":null,"dependencies":{},
            "ai_session":[[]],"new_field":true}"#;
        let expected = Heartbeat { at: Some(UtcMs(1_795_442_400_500)), ..Heartbeat::default() };
        assert_eq!(read(odd), expected);
        // Half a surrogate pair, as a file name that is no UTF-8 has it, costs its own field alone.
        let broken = r#"{"entity":"/tmp/\udcff","time":1795442400.5,"project":"\udcff","language":"C"}"#;
        assert_eq!(read(broken), Heartbeat { language: Some("C".into()), ..expected });
    }

    #[test]
    fn nothing_written_and_null_are_no_values() {
        let blank = r#"{"project":"","language":" ","entity":null}"#;
        assert_eq!(read(blank), Heartbeat::default());
    }

    #[test]
    fn the_user_agent_is_also_called_plugin() {
        assert_eq!(read(r#"{"plugin":"a"}"#).user_agent.as_deref(), Some("a"));
        assert_eq!(read(r#"{"user_agent":"b","plugin":"a"}"#).user_agent.as_deref(), Some("b"));
        assert_eq!(read(r#"{"user_agent":null,"plugin":"a"}"#).user_agent.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_no_object_is_no_heartbeat() {
        for other in ["null", "7", r#""x""#, "[]", r#"{"time":1,"time":2}"#] {
            assert!(Heartbeat::read(raw(other)).is_none(), "{other}");
        }
    }
}
