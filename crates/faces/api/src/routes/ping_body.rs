//! Reads the bodies of `POST /usage/track`: one ping, an array of pings, or NDJSON, borrowing from
//! the body. A ping of the wrong shape is refused by itself; only what is not JSON at all is
//! refused as a whole. Not here: the fields of a ping (see [`fields`]).

mod fields;
pub(crate) mod schema;
mod slot;

use std::fmt;

use dayline_app::tracking::ingest::{MAX_PINGS, Refusal};
use dayline_http_kit::Problem;
use dayline_http_kit::fields::malformed_detail;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use fields::{Draft, Lenient};

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
        "the ping has a text that is not utf-8 or has half a surrogate pair, or a number out of range"
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
        slot::drain(elements)?;
        Ok(AtMost((!more).then_some(taken)))
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
