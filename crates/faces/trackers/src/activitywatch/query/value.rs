//! What names stand for in a query.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::UtcMs;
use dayline_http_kit::instant;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::stopped::Wrong;

/// What a value takes beside what is in it. So there are few of those that are no events.
const OVERHEAD: usize = 50;

/// So many bytes of an event's data weigh as much as a short event.
const BYTES_EACH: usize = 128;

/// What an event says.
pub(super) type Data = BTreeMap<String, Json>;

/// How much of a query's room an event takes whose data has so many bytes.
pub(super) fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_EACH).unwrap_or(u32::MAX).saturating_add(1)
}

/// An event in a query. One that was made of several has no number.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::activitywatch) struct Event {
    pub(super) number: Option<u64>,
    pub(super) start: UtcMs,
    pub(super) end: UtcMs,
    /// Shared, since most of what is made of events has the data of others.
    pub(super) data: Arc<Data>,
    /// How much of a query's room it takes, by how much it says.
    pub(super) weight: u32,
}

impl Event {
    /// In milliseconds.
    pub(super) fn length(&self) -> i64 {
        self.end.since(self.start)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Item<'a> {
            id: Option<u64>,
            timestamp: String,
            duration: f64,
            data: &'a Data,
        }
        let duration = seconds(self.length());
        Item { id: self.number, timestamp: instant::utc(self.start), duration, data: &self.data }
            .serialize(serializer)
    }
}

/// Milliseconds in seconds.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// A value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(in crate::activitywatch) enum Value {
    Events(Vec<Event>),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
    Text(String),
    Number(f64),
    Flag(bool),
}

impl Value {
    /// How much of a query's room it takes, in short events.
    pub(super) fn size(&self) -> usize {
        let inside: usize = match self {
            Self::Events(events) => events.iter().map(|event| event.weight as usize).sum(),
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Object(members) => members.iter().map(|(name, member)| name.len() + member.size()).sum(),
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Flag(_) => 0,
        };
        OVERHEAD + inside
    }

    /// As a function's argument: events. An empty list is none of whatever kind.
    pub(super) fn into_events(self) -> Result<Vec<Event>, Wrong> {
        match self {
            Self::Events(events) => Ok(events),
            Self::List(items) if items.is_empty() => Ok(Vec::new()),
            _ => Err(Wrong::argument("events")),
        }
    }

    /// A text.
    pub(super) fn into_text(self) -> Result<String, Wrong> {
        if let Self::Text(text) = self { Ok(text) } else { Err(Wrong::argument("a text")) }
    }

    /// The members of an object.
    pub(super) fn into_members(self) -> Result<BTreeMap<String, Self>, Wrong> {
        if let Self::Object(members) = self { Ok(members) } else { Err(Wrong::argument("an object")) }
    }

    /// A flag.
    pub(super) fn into_flag(self) -> Result<bool, Wrong> {
        if let Self::Flag(flag) = self { Ok(flag) } else { Err(Wrong::argument("true or false")) }
    }

    /// A number.
    pub(super) fn into_number(self) -> Result<f64, Wrong> {
        if let Self::Number(number) = self { Ok(number) } else { Err(Wrong::argument("a number")) }
    }

    /// A list of texts.
    pub(super) fn into_texts(self) -> Result<Vec<String>, Wrong> {
        self.into_list()?.into_iter().map(Self::into_text).collect()
    }

    /// A list of values as they are in the data of events.
    pub(super) fn into_data(self) -> Result<Vec<Json>, Wrong> {
        let json =
            |value: &Self| serde_json::to_value(value).map(whole).map_err(|_| Wrong::argument("a list"));
        self.into_list()?.iter().map(json).collect()
    }

    /// A list. One of no events is empty.
    pub(super) fn into_list(self) -> Result<Vec<Self>, Wrong> {
        match self {
            Self::List(items) => Ok(items),
            Self::Events(events) if events.is_empty() => Ok(Vec::new()),
            _ => Err(Wrong::argument("a list")),
        }
    }
}

/// A whole number as data have it: queries know no difference between 1 and 1.0.
fn whole(json: Json) -> Json {
    match json.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(number as i64),
        _ => json,
    }
}
