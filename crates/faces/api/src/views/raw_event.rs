//! What is kept for foreign trackers beside the timeline.

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::StoredRawEvent;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_http_kit::instant;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An event of a foreign tracker as it came.
#[derive(Serialize, ToSchema)]
#[schema(as = RawEvent)]
pub(crate) struct RawEventItem<'a> {
    /// The bucket that it is in.
    #[schema(example = "aw-watcher-window_laptop")]
    bucket: &'a str,
    /// One of mine, never used again.
    #[schema(example = 7)]
    id: u64,
    /// When it began.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    start_time: String,
    /// When it ended; it may be when it began.
    #[schema(format = DateTime, example = "2026-11-20T10:00:05.000Z")]
    end_time: String,
    /// What the tracker said, but for web addresses, of which the origin is kept.
    #[schema(value_type = Object, example = json!({"app": "Code", "title": "main.rs"}))]
    data: Box<RawValue>,
}

impl<'a> RawEventItem<'a> {
    pub(crate) fn new(bucket: &'a BucketId, StoredRawEvent { number, event }: &StoredRawEvent) -> Self {
        Self {
            bucket: bucket.as_str(),
            id: *number,
            start_time: instant::utc(event.start()),
            end_time: instant::utc(event.end()),
            data: json(event.data().as_str()),
        }
    }
}

/// What a foreign tracker's page remembers at its server.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerSetting)]
pub(crate) struct TrackerSettingItem<'a> {
    /// By which it is addressed.
    #[schema(example = "startOfDay")]
    name: &'a str,
    /// What it is.
    #[schema(value_type = serde_json::Value, example = "04:00")]
    value: Box<RawValue>,
}

impl<'a> TrackerSettingItem<'a> {
    pub(crate) fn new(name: &'a SettingName, value: &SettingValue) -> Self {
        Self { name: name.as_str(), value: json(value.as_str()) }
    }
}

/// A stored text as the JSON that it is; null if it is none, which no door lets in.
fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
