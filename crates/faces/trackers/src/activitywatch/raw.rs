//! Events as they came, for people who keep them: all that they say, but for web addresses, of which the origin stays.
//! Not here: what is observed by them (see [`super::event`]), which does not depend on this.

use std::fmt;

use dayline_domain::raw_event::{EventData, RawEvent};
use dayline_domain::with_origins_alone;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::event::WireEvent;

/// An event, perhaps with the number of the one that it is to replace.
pub(super) type Numbered = (Option<u64>, RawEvent);

/// Reads an event; `None` if it can't be read, or says too much to be kept.
pub(super) fn one(json: &str) -> Option<Numbered> {
    let wire: WireEvent<'_> = serde_json::from_str(json).ok()?;
    let (start, end) = wire.times().ok()?;
    Some((wire.id, RawEvent::new(start, end, data(wire.data)?)))
}

/// Reads a list of events, or a single one; what can't be kept is left out.
pub(super) fn many(json: &str) -> Vec<Numbered> {
    if json.trim_start().starts_with('[') {
        serde_json::from_str(json).map(|RawList(events)| events).unwrap_or_default()
    } else {
        one(json).into_iter().collect()
    }
}

/// A list of events, without what can't be kept.
#[derive(Default)]
pub(super) struct RawList(pub(super) Vec<Numbered>);

impl<'de> Deserialize<'de> for RawList {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        list.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for RawList {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self, A::Error> {
        while let Some(item) = list.next_element::<&RawValue>()? {
            self.0.extend(one(item.get()));
        }
        Ok(self)
    }
}

/// What an event says, as one text for one meaning: members by name, without white space.
fn data(json: &RawValue) -> Option<EventData> {
    // The parser goes only so deep, and so does what follows.
    let mut value: Value = serde_json::from_str(json.get()).ok().filter(Value::is_object)?;
    cut_addresses(&mut value);
    EventData::new(value.to_string())
}

/// Cuts the web addresses in all texts to their origins, names of members as well.
fn cut_addresses(value: &mut Value) {
    match value {
        Value::String(text) => *text = with_origins_alone(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(cut_addresses),
        Value::Object(members) => {
            let cut = std::mem::take(members).into_iter().map(|(name, mut value)| {
                cut_addresses(&mut value);
                (with_origins_alone(&name).into_owned(), value)
            });
            *members = cut.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(data: &str) -> Option<String> {
        let json = format!(r#"{{"timestamp": "2026-11-23T13:52:22.969Z", "data": {data}}}"#);
        one(&json).map(|(_, event)| event.data().as_str().to_owned())
    }

    #[test]
    fn data_are_one_text_for_one_meaning() {
        for (a, b, are_same) in [
            (r#"{"a": 1, "b": [true]}"#, r#"{ "b":[ true ],"a":1}"#, true),
            (r#"{"a": "\u0041"}"#, r#"{"a": "A"}"#, true),
            (r#"{"a": 1}"#, r#"{"a": 1.0}"#, false),
            (r#"{"a": 1}"#, r#"{"a": "1"}"#, false),
            (r#"{"a": null}"#, "{}", false),
        ] {
            assert_eq!(kept(a).unwrap() == kept(b).unwrap(), are_same, "{a} {b}");
        }
    }

    #[test]
    fn no_address_is_kept_beyond_its_origin_however_deep_it_lies() {
        let said = r#"{"url": "https://ada:key@example.org:8443/secret?secret#secret", "title": "see HTTP://a.example/secret",
            "more": [{"b": [" https:\/\/c.example\/secret "]}], "https://d.example/secret": {"x": "h\u0074tps://e.example/secret"}}"#;
        let kept = kept(said).unwrap();
        assert!(!kept.contains("secret") && !kept.contains("key"), "{kept}");
        let value: Value = serde_json::from_str(&kept).unwrap();
        let expected = serde_json::json!({
            "url": "https://example.org:8443", "title": "see http://a.example", "more": [{"b": ["https://c.example"]}],
            "https://d.example": {"x": "https://e.example"},
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn what_says_too_much_or_goes_too_deep_is_not_kept() {
        let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(16 << 10));
        let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
        for data in [long.as_str(), &deep, "[]", "7", "null"] {
            assert_eq!(kept(data), None);
        }
        let address = format!(r#"{{"url": "https://example.org/{}"}}"#, "x".repeat(16 << 10));
        assert_eq!(kept(&address).as_deref(), Some(r#"{"url":"https://example.org"}"#));
    }

    #[test]
    fn a_list_is_kept_but_for_what_can_t_be() {
        let good = r#"{"id": 7, "timestamp": "2026-11-23T13:52:22.969Z", "duration": 1.5, "data": {"app": "XTerm"}}"#;
        let all = many(&format!("[{good}, 7, {{}}, {}]", good.replace('7', "null")));
        assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [Some(7), None]);
        assert_eq!(all[0].1, many(good)[0].1);
        assert_eq!(all[0].1.end().since(all[0].1.start()), 1_500);
        assert!(many("[").is_empty() && many("").is_empty() && many("{}").is_empty());
    }
}
