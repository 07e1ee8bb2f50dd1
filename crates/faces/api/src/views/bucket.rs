//! A bucket of a foreign tracker.

use dayline_app::ports::StoredBucket;
use dayline_http_kit::instant;
use serde::Serialize;
use utoipa::ToSchema;

/// What a foreign tracker calls a stream of its events.
#[derive(Serialize, ToSchema)]
#[schema(as = Bucket)]
pub(crate) struct BucketItem<'a> {
    /// By which it is addressed.
    #[schema(example = "aw-watcher-window_laptop")]
    id: &'a str,
    /// What its events are.
    #[schema(example = "currentwindow")]
    kind: &'a str,
    /// The program that writes to it.
    #[schema(example = "aw-watcher-window")]
    client: &'a str,
    /// The host name of the computer, as that program knows it.
    #[schema(example = "laptop")]
    host: &'a str,
    /// The key with which it was opened last; null if that was a session.
    #[schema(required, format = Uuid)]
    opened_by: Option<String>,
    /// When it was opened first.
    #[schema(format = DateTime, example = "2026-11-20T10:00:00.000Z")]
    created_at: String,
}

impl<'a> From<&'a StoredBucket> for BucketItem<'a> {
    fn from(StoredBucket { bucket, opened_by, created_at }: &'a StoredBucket) -> Self {
        Self {
            id: bucket.id.as_str(),
            kind: bucket.kind.as_str(),
            client: bucket.client.as_str(),
            host: bucket.host.as_str(),
            opened_by: opened_by.map(|key| key.to_string()),
            created_at: instant::utc(*created_at),
        }
    }
}
