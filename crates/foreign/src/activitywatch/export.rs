//! Exports of ActivityWatch: buckets with their events, read one event at a time. Of an event only that is kept which
//! says what was done: no title, and of an address its origin.

use std::fmt;
use std::sync::Arc;

use dayline_domain::UtcMs;
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Data, Event};
use crate::item::Item;
use crate::stream::{Elements, MAX_PIECE, Sink};

/// The kinds of buckets that say what was done.
const KINDS: [&str; 3] = ["currentwindow", "afkstatus", "web.tab.current"];
/// What is said of a bucket that does not say it.
const UNKNOWN: &str = "unknown";

/// All buckets.
pub(crate) struct Buckets<'a, 'b> {
    /// Most bytes of events that are kept until it is known what their bucket is: exports have that first.
    pub(crate) most_held: usize,
    pub(crate) sink: &'a mut Sink<'b>,
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

    fn visit_map<A: MapAccess<'de>>(self, mut buckets: A) -> Result<(), A::Error> {
        while let Some(id) = buckets.next_key::<String>()? {
            buckets.next_value_seed(OneBucket { id: &id, most_held: self.most_held, sink: self.sink })?;
        }
        Ok(())
    }
}

/// A bucket with its events.
struct OneBucket<'a, 'b> {
    id: &'a str,
    most_held: usize,
    sink: &'a mut Sink<'b>,
}

impl<'de> DeserializeSeed<'de> for OneBucket<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneBucket<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut about = About::default();
        let mut held = Held { events: Vec::new(), left: Some(self.most_held) };
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "type" => about.kind = members.next_value()?,
                "client" => about.client = members.next_value()?,
                "hostname" => about.hostname = members.next_value()?,
                "events" if about.is_whole() => {
                    let bucket = about.bucket(self.id);
                    let mut take = |event: &RawValue| (self.sink)(item(bucket.as_ref(), event));
                    members.next_value_seed(Elements(&mut take))?;
                }
                "events" => {
                    let mut keep = |event: &RawValue| {
                        held.add(event);
                        Ok(())
                    };
                    members.next_value_seed(Elements(&mut keep))?;
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        if held.left.is_none() {
            return Err(A::Error::custom(
                "too many events of a bucket stand before its type, client and hostname",
            ));
        }
        let bucket = about.bucket(self.id);
        held.events
            .iter()
            .try_for_each(|event| (self.sink)(item(bucket.as_ref(), event)))
            .map_err(A::Error::custom)
    }
}

/// Events of a bucket of which it is not known yet what it is.
struct Held {
    events: Vec<Box<RawValue>>,
    /// Bytes that may be held besides; `None` once there were more.
    left: Option<usize>,
}

impl Held {
    fn add(&mut self, event: &RawValue) {
        let bytes = event.get().len() + size_of::<Box<RawValue>>();
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        if self.left.is_some() {
            self.events.push(event.to_owned());
        }
    }
}

/// What an export says of a bucket beside its events, in whatever order.
#[derive(Default)]
struct About {
    kind: Option<String>,
    client: Option<String>,
    hostname: Option<String>,
}

impl About {
    fn is_whole(&self) -> bool {
        self.kind.is_some() && self.client.is_some() && self.hostname.is_some()
    }

    /// The bucket, if it can be one.
    fn bucket(&self, id: &str) -> Option<Arc<Bucket>> {
        let word = |text: &Option<String>| BucketWord::new(text.as_deref().unwrap_or(UNKNOWN)).ok();
        let (kind, client, host) = (word(&self.kind)?, word(&self.client)?, word(&self.hostname)?);
        Some(Arc::new(Bucket { id: BucketId::new(id).ok()?, kind, client, host }))
    }
}

/// An event as it is written.
#[derive(Deserialize)]
struct Written {
    timestamp: Timestamp,
    duration: Option<f64>,
    data: Data,
}

fn item(bucket: Option<&Arc<Bucket>>, event: &RawValue) -> Item {
    let Some(bucket) = bucket else {
        return Item::LeftOut("events of buckets with odd names");
    };
    if !KINDS.contains(&bucket.kind.as_str()) {
        return Item::LeftOut("events of buckets that do not say what was done");
    }
    if event.get().len() > MAX_PIECE {
        return Item::LeftOut("events that are too large");
    }
    let Ok(Written { timestamp, duration, mut data }) = serde_json::from_str(event.get()) else {
        return Item::LeftOut("events that cannot be read");
    };
    let duration = duration.unwrap_or_default();
    if duration < 0.0 {
        return Item::LeftOut("events that end before they begin");
    }
    data.url = data.url.map(|url| origin(&url).to_owned());
    let start = UtcMs(timestamp.as_millisecond());
    let end = start.plus((duration * 1_000.0).round() as i64);
    Item::Event(Arc::clone(bucket), Event { start, end, data })
}

/// What comes before the path of an address; of what is no web address, its scheme.
fn origin(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.split_once(':').map_or("", |(scheme, _)| scheme);
    };
    let host = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    &url[..scheme.len() + "://".len() + host]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file;

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
        let mut items = Vec::new();
        let mut sink = |item| {
            items.push(item);
            Ok(())
        };
        file::read(text.as_bytes(), &file::How::default(), &mut sink).unwrap();
        items
    }

    #[test]
    fn events_are_read_whatever_comes_first_and_odd_ones_cost_themselves_alone() {
        let items = items(EXPORT);
        let sent: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Event(bucket, Event { start, end, data }) => {
                    Some((bucket.id.as_str(), bucket.kind.as_str(), start.0, end.since(*start), data.clone()))
                }
                _ => None,
            })
            .collect();
        let app = Data { app: Some("Code".into()), ..Data::default() };
        let page = Data { url: Some("https://example.org".into()), audible: true, ..Data::default() };
        let expected = [
            ("aw-watcher-window_pc", "currentwindow", 1_795_168_800_500, 5_250, app),
            ("aw-watcher-web-firefox", "web.tab.current", 1_795_168_800_000, 0, page),
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
        assert!(file::read(cut.as_bytes(), &file::How::default(), &mut |_| Ok(())).is_err());
    }

    #[test]
    fn no_more_is_held_of_a_bucket_that_is_not_known_yet_than_may_be() {
        let event = r#"{"timestamp": "2026-11-20T10:00:00Z", "data": {"app": "Code"}}"#;
        let of = |first: &str, last: &str| {
            format!(r#"{{"buckets": {{"b": {{{first}"events": [{event},{event}]{last}}}}}}}"#)
        };
        let about = r#""type": "currentwindow", "client": "c", "hostname": "pc""#;
        let read = |text: &str, most_held| {
            let mut number = 0;
            let how = file::How { most_held, ..file::How::default() };
            let mut sink = |item| {
                number += u32::from(matches!(item, Item::Event(..)));
                Ok(())
            };
            file::read(text.as_bytes(), &how, &mut sink).map(|()| number)
        };
        let (known_first, known_last) = (of(&format!("{about}, "), ""), of("", &format!(", {about}")));
        assert_eq!(read(&known_first, 0), Ok(2));
        assert_eq!(read(&known_last, 1_000), Ok(2));
        assert!(read(&known_last, 100).unwrap_err().contains("before its type"));
    }

    #[test]
    fn what_is_too_large_costs_itself_alone() {
        let large = "x".repeat(MAX_PIECE);
        let text = EXPORT.replace("secret.rs - dayline", &large);
        let items = items(&text);
        assert_eq!(items[0], Item::LeftOut("events that are too large"));
        assert_eq!(items.iter().filter(|item| matches!(item, Item::Event(..))).count(), 1);
    }
}
