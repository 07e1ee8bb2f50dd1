//! Exports of ActivityWatch: buckets with their events, read one event at a time. Of an event only that is kept which
//! says what was done: no title, and of an address its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use dayline_domain::UtcMs;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::item::{Bucket, Item, Target};
use super::stream::{Elements, Members, Sink};

/// The kinds of buckets that say what was done.
const KINDS: [&str; 3] = ["currentwindow", "afkstatus", "web.tab.current"];
/// What is kept of an event's data.
const KEPT: [&str; 4] = ["app", "status", "audible", "incognito"];

/// What an export says of a bucket beside its events, in whatever order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    r#type: Option<String>,
    client: Option<String>,
    hostname: Option<String>,
}

/// An event as it is written.
#[derive(Deserialize)]
struct Written {
    timestamp: Timestamp,
    duration: Option<f64>,
    data: Map<String, Value>,
}

/// Reads an export, whose buckets are known from a first look at it.
///
/// # Errors
/// If it is no JSON, or the sink stops.
pub(super) fn read(
    file: impl Read,
    buckets: BTreeMap<String, About>,
    sink: &mut Sink<'_>,
) -> Result<(), serde_json::Error> {
    let buckets = Buckets { known: buckets, sink };
    let mut file = serde_json::Deserializer::from_reader(file);
    Members { name: "buckets", inner: Some(buckets) }.deserialize(&mut file)
}

/// All buckets.
struct Buckets<'a, 'b> {
    known: BTreeMap<String, About>,
    sink: &'a mut Sink<'b>,
}

impl<'de> DeserializeSeed<'de> for Buckets<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Buckets<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("buckets by their ids")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut buckets: A) -> Result<(), A::Error> {
        while let Some(id) = buckets.next_key::<String>()? {
            let Some(bucket) = self.known.remove(&id).map(|about| bucket(id, about)) else {
                buckets.next_value::<IgnoredAny>()?;
                continue;
            };
            let bucket = Arc::new(bucket);
            let mut take = |event: &RawValue| (self.sink)(item(&bucket, event));
            buckets.next_value_seed(Members { name: "events", inner: Some(Elements(&mut take)) })?;
        }
        Ok(())
    }
}

fn bucket(id: String, about: About) -> Bucket {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let About { r#type, client, hostname } = about;
    Bucket { id, kind: or_unknown(r#type), client: or_unknown(client), hostname: or_unknown(hostname) }
}

fn item(bucket: &Arc<Bucket>, event: &RawValue) -> Item {
    if !KINDS.contains(&bucket.kind.as_str()) {
        return Item::LeftOut("events of buckets that do not say what was done");
    }
    let Ok(Written { timestamp, duration, mut data }) = serde_json::from_str(event.get()) else {
        return Item::LeftOut("events that cannot be read");
    };
    let duration = duration.unwrap_or_default();
    if duration < 0.0 {
        return Item::LeftOut("events that end before they begin");
    }
    let url = data.get("url").and_then(Value::as_str).map(|url| origin(url).to_owned());
    data.retain(|name, _| KEPT.contains(&name.as_str()));
    if let Some(url) = url {
        data.insert("url".to_owned(), url.into());
    }
    let json = json!({"timestamp": timestamp.to_string(), "duration": duration, "data": data}).to_string();
    Item::Sent { to: Target::Bucket(Arc::clone(bucket)), at: UtcMs(timestamp.as_millisecond()), json }
}

/// What comes before the path of an address; of what is no web address, its scheme.
pub(super) fn origin(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.split_once(':').map_or("", |(scheme, _)| scheme);
    };
    let host = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    &url[..scheme.len() + "://".len() + host]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::format::{self, Format};

    const EXPORT: &str = r#"{"buckets": {
        "aw-watcher-window_pc": {"events": [
            {"id": 7, "timestamp": "2026-11-20T10:00:00.5+00:00", "duration": 5.25,
                "data": {"app": "Code", "title": "secret.rs - dayline"}},
            {"timestamp": "soon", "duration": 1, "data": {}},
            {"timestamp": "2026-11-20T10:00:00Z", "duration": -1, "data": {"app": "Code"}},
            {"timestamp": "2026-11-20T10:01:00Z", "data": {"app": "half \ud800"}},
            null
        ], "id": "aw-watcher-window_pc", "type": "currentwindow", "client": "aw-watcher-window", "hostname": "pc",
            "created": "2020-01-01T00:00:00Z", "data": {}, "metadata": {"start": null}},
        "aw-watcher-web-firefox": {"type": "web.tab.current", "hostname": "pc", "events": [
            {"timestamp": "2026-11-20T11:00:00+01:00", "duration": null,
                "data": {"url": "https://example.org/secret?q", "title": "secret", "audible": true, "tabCount": 3}}]},
        "aw-watcher-input_pc": {"type": "os.hid.input", "hostname": "pc", "events": [
            {"timestamp": "2026-11-20T10:00:00Z", "duration": 1, "data": {"presses": 3}}]},
        "empty": {"type": "afkstatus"}
    }}"#;

    fn items(text: &str) -> Vec<Item> {
        let Format::ActivityWatch(buckets) = format::of(text.as_bytes()).unwrap() else { panic!() };
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            Ok(())
        };
        read(text.as_bytes(), buckets, &mut sink).unwrap();
        items
    }

    #[test]
    fn events_are_read_whatever_comes_first_and_odd_ones_cost_themselves_alone() {
        let items = items(EXPORT);
        let sent: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Sent { to, at, json } => Some((to.to_string(), at.0, json.as_str())),
                _ => None,
            })
            .collect();
        let window = "events of aw-watcher-window_pc (currentwindow)".to_owned();
        let page = "events of aw-watcher-web-firefox (web.tab.current)".to_owned();
        let expected = [
            (
                window,
                1_795_168_800_500,
                r#"{"data":{"app":"Code"},"duration":5.25,"timestamp":"2026-11-20T10:00:00.5Z"}"#,
            ),
            (
                page,
                1_795_168_800_000,
                r#"{"data":{"audible":true,"url":"https://example.org"},"duration":0.0,"timestamp":"2026-11-20T10:00:00Z"}"#,
            ),
        ];
        assert_eq!(sent, expected);
        let left_out: Vec<_> = items.iter().filter(|item| matches!(item, Item::LeftOut(_))).collect();
        assert_eq!(left_out.len(), 5);
    }

    #[test]
    fn of_an_address_its_origin_is_sent() {
        for (url, cut) in [
            ("https://example.org/a?b#c", "https://example.org"),
            ("http://[::1]:8080?x", "http://[::1]:8080"),
            ("https://example.org", "https://example.org"),
            ("https://a.org\\secret", "https://a.org"),
            ("about:blank", "about"),
            ("data:text/html,secret", "data"),
            ("secret", ""),
        ] {
            assert_eq!(origin(url), cut, "{url}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_told() {
        let cut = &EXPORT[..EXPORT.len() - 40];
        let Format::ActivityWatch(buckets) = format::of(EXPORT.as_bytes()).unwrap() else { panic!() };
        assert!(read(cut.as_bytes(), buckets, &mut |_| Ok(())).is_err());
        assert!(format::of(cut.as_bytes()).is_err());
    }
}
