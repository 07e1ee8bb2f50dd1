//! Reads the bodies of `POST /usage/track`: one ping, an array of pings, or NDJSON, borrowing from
//! the body. A ping of the wrong shape is refused by itself; only what is not JSON at all is
//! refused as a whole.

use std::borrow::Cow;
use std::fmt;

use dayline_app::tracking::ingest::{MAX_PINGS, PingDraft, Refusal};
use dayline_domain::UtcMs;
use dayline_http_kit::Problem;
use dayline_http_kit::fields::malformed_detail;
use dayline_http_kit::instant;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A ping that can be checked further, or why it can't.
pub(crate) type Draft<'a> = Result<PingDraft<'a>, Refusal>;

/// The pings of a JSON body: an object, or an array of objects.
pub(crate) fn json(text: &str) -> Result<Vec<Draft<'_>>, Problem> {
    match text.trim_ascii_start().bytes().next() {
        Some(b'{') => Ok(vec![object(text)?]),
        Some(b'[') => array(text),
        _ => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Err(Problem::invalid("invalid_input", "the body must be a ping or an array of pings")),
            Err(error) => Err(malformed(&error)),
        },
    }
}

/// The pings of an NDJSON body: one a line, empty lines left out.
pub(crate) fn ndjson(text: &str) -> Result<Vec<Draft<'_>>, Problem> {
    let lines = text.split('\n').map(str::trim_ascii).filter(|line| !line.is_empty());
    let mut drafts = Vec::new();
    for line in lines {
        if drafts.len() == MAX_PINGS {
            return Err(too_many());
        }
        let malformed = |error| Refusal::new("malformed_json", malformed_detail(&error));
        drafts.push(object_or(line, malformed).unwrap_or_else(Err));
    }
    Ok(drafts)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::malformed("malformed_json", malformed_detail(error))
}

fn too_many() -> Problem {
    Problem::too_large("too_many_pings", format!("send at most {MAX_PINGS} pings at once"))
}

fn object(text: &str) -> Result<Draft<'_>, Problem> {
    object_or(text, |error| malformed(&error))
}

fn object_or<E>(text: &str, malformed: impl FnOnce(serde_json::Error) -> E) -> Result<Draft<'_>, E> {
    match serde_json::from_str(text) {
        Ok(Lenient(draft)) => Ok(draft),
        Err(_) => serde_json::from_str::<&RawValue>(text).map(|_| Err(not_read(text))).map_err(malformed),
    }
}

fn array(text: &str) -> Result<Vec<Draft<'_>>, Problem> {
    let drafts = if let Ok(AtMost(pings)) = serde_json::from_str(text) {
        pings.map(|pings| pings.into_iter().map(|Lenient(draft)| draft).collect())
    } else {
        // The parser stopped at one of them; take the array apart first and read each by itself.
        let pings = serde_json::from_str::<AtMost<&RawValue>>(text).map_err(|error| malformed(&error))?;
        pings.0.map(|pings| pings.into_iter().map(|ping| element(ping.get())).collect())
    };
    drafts.ok_or_else(too_many)
}

fn element(text: &str) -> Draft<'_> {
    serde_json::from_str(text).unwrap_or_else(|_| Lenient(Err(not_read(text)))).0
}

/// Why a text that is JSON by its grammar could not be read as a ping.
fn not_read(text: &str) -> Refusal {
    let detail = if text.starts_with('{') {
        "the ping has a text with half a surrogate pair, or a number out of range"
    } else {
        "a ping must be a json object"
    };
    Refusal::new("invalid_ping", detail)
}

/// An array; `None` if it has more elements than a request may.
struct AtMost<T>(Option<Vec<T>>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AtMost<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AtMostVisitor(std::marker::PhantomData))
    }
}

struct AtMostVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtMostVisitor<T> {
    type Value = AtMost<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<AtMost<T>, A::Error> {
        let mut taken = Vec::new();
        while taken.len() < MAX_PINGS {
            let Some(element) = elements.next_element()? else { return Ok(AtMost(Some(taken))) };
            taken.push(element);
        }
        let more = elements.next_element::<IgnoredAny>()?.is_some();
        drain(elements)?;
        Ok(AtMost((!more).then_some(taken)))
    }
}

fn drain<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<(), A::Error> {
    while elements.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A ping whose fields may be wrong in any way; only what is no object is an error.
struct Lenient<'a>(Draft<'a>);

impl<'de> Deserialize<'de> for Lenient<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Lenient<'de>, A::Error> {
        let mut slots = Slots::default();
        while let Some(field) = fields.next_key()? {
            let slot = match field {
                Field::AppName => &mut slots.app_name,
                Field::Url => &mut slots.url,
                Field::StartTime => &mut slots.start_time,
                Field::EndTime => &mut slots.end_time,
                Field::DeviceId => &mut slots.device_id,
                Field::Unknown => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let value = fields.next_value()?;
            *slot = if matches!(slot, Slot::Absent) { value } else { Slot::Twice };
        }
        Ok(Lenient(slots.draft()))
    }
}

/// The fields of a ping.
#[derive(Clone, Copy)]
enum Field {
    AppName,
    Url,
    StartTime,
    EndTime,
    DeviceId,
    Unknown,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(FieldVisitor)
    }
}

struct FieldVisitor;

impl Visitor<'_> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "app_name" => Field::AppName,
            "url" => Field::Url,
            "start_time" => Field::StartTime,
            "end_time" => Field::EndTime,
            "device_id" => Field::DeviceId,
            _ => Field::Unknown,
        })
    }
}

/// What was given for a field.
#[derive(Default)]
enum Slot<'a> {
    #[default]
    Absent,
    Null,
    Text(Cow<'a, str>),
    /// Neither a text nor null.
    Other,
    Twice,
}

#[derive(Default)]
struct Slots<'a> {
    app_name: Slot<'a>,
    url: Slot<'a>,
    start_time: Slot<'a>,
    end_time: Slot<'a>,
    device_id: Slot<'a>,
}

impl<'a> Slots<'a> {
    fn draft(self) -> Draft<'a> {
        Ok(PingDraft {
            app_name: self.app_name.text("app_name", "invalid_app_name")?,
            url: self.url.maybe_text("url", "invalid_url")?,
            start: self.start_time.instant("start_time", "invalid_start_time")?,
            end: self.end_time.instant("end_time", "invalid_end_time")?,
            device_id: self.device_id.maybe_text("device_id", "invalid_device_id")?,
        })
    }
}

impl<'a> Slot<'a> {
    fn maybe_text(self, name: &str, code: &'static str) -> Result<Option<Cow<'a, str>>, Refusal> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Other => Err(Refusal::new(code, format!("{name} must be a string"))),
            Self::Twice => Err(Refusal::new(code, format!("{name} is given twice"))),
        }
    }

    fn text(self, name: &str, code: &'static str) -> Result<Cow<'a, str>, Refusal> {
        let missing = || Refusal::new(code, format!("{name} is missing"));
        self.maybe_text(name, code)?.ok_or_else(missing)
    }

    fn instant(self, name: &str, code: &'static str) -> Result<UtcMs, Refusal> {
        let text = self.text(name, code)?;
        instant::parse(&text).map_err(|error| Refusal::new(code, format!("{name} {error}")))
    }
}

impl<'de> Deserialize<'de> for Slot<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor)
    }
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Slot<'de>, E> {
        Ok(Slot::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slot<'de>, E> {
        Ok(Slot::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Slot<'de>, E> {
        Ok(Slot::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Slot<'de>, E> {
        Ok(Slot::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Slot<'de>, A::Error> {
        drain(elements)?;
        Ok(Slot::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Slot<'de>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Slot::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = r#"{"app_name":"C\u00fc","url":null,"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:05Z","x":[1,{"y":"z"}]}"#;

    /// Texts that are nearly pings: a good one with some bytes cut out and others put in.
    fn nearly() -> impl Strategy<Value = String> {
        let junk = prop::sample::select(vec![
            "", "{", "}", "[", "]", "\"", "\\u", "\\", ",", ":", "null", "1e999", "\\ud800", "é",
        ]);
        (0..GOOD.len(), 0..8_usize, junk).prop_map(|(at, cut, junk)| {
            let end = (at + cut).min(GOOD.len());
            format!("{}{junk}{}", &GOOD[..at], &GOOD[end..])
        })
    }

    fn code(draft: &Draft<'_>) -> &'static str {
        draft.as_ref().map_or_else(|refusal| refusal.code, |_| "")
    }

    proptest! {
        #[test]
        fn a_ping_fares_the_same_alone_in_an_array_and_as_a_line(text in nearly()) {
            let Ok(alone) = json(&text) else { return Ok(()) };
            prop_assert_eq!(alone.len(), 1);
            let array = format!("[{GOOD},{text},{GOOD}]");
            let among = json(&array);
            let among = among.map_err(|problem| TestCaseError::fail(format!("{problem:?}")))?;
            let codes: Vec<_> = among.iter().map(code).collect();
            prop_assert_eq!(codes, ["", code(&alone[0]), ""]);
            let lines = format!("{text}\n{GOOD}");
            let lines = ndjson(&lines).map_err(|problem| TestCaseError::fail(format!("{problem:?}")))?;
            prop_assert_eq!(code(&lines[0]), code(&alone[0]));
        }

        #[test]
        fn what_is_read_is_json_for_others_as_well(text in nearly()) {
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert_eq!(json(&text).is_ok(), is_json && text.trim_ascii_start().starts_with(['{', '[']));
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in r#"[\[\]{},:"\\a-z0-9 \n]{0,60}|\PC{0,60}"#) {
            let _ = (json(&text), ndjson(&text));
        }
    }
}
