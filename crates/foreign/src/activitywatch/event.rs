//! An event of ActivityWatch, of which titles and the like are dropped while it is read. Not here: how wires and files write
//! its times.

use dayline_app::tracking::ingest::MAX_URL;
use dayline_domain::UtcMs;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// An event: what a bucket's tracker saw, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it began.
    pub start: UtcMs,
    /// When it ended, never before the start.
    pub end: UtcMs,
    /// What was seen.
    pub data: Data,
}

/// What of an event's data may be kept. Which of it there is depends on the tracker; what is of another type than
/// it should be is as good as left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// The program of a window.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The address of a page, as it is told.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `afk` or `not-afk`.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether the page could be heard.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub audible: bool,
    /// Whether it is one of which nobody shall know.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub incognito: bool,
}

/// A text, at most as long as an address may be: the host stands at its beginning, and names are shorter.
fn text<'de, D: Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    let Value::String(mut text) = Value::deserialize(json)? else { return Ok(None) };
    text.truncate(text.floor_char_boundary(MAX_URL));
    text.shrink_to_fit();
    Ok(Some(text))
}

fn flag<'de, D: Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(json)? == Value::Bool(true))
}
