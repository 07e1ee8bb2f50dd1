//! A bucket as watchers ask for one, and as they are told of it.

use dayline_app::AppError;
use dayline_app::ports::{EventExtent, StoredBucket};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_http_kit::instant;
use serde::{Deserialize, Serialize};

/// What a watcher says that leaves it to the server to know on which computer they both are.
const OF_THE_SERVER: &str = "!local";

/// A bucket to be opened. Its identity is in the path.
#[derive(Deserialize)]
pub(super) struct NewBucket {
    pub(super) client: String,
    pub(super) r#type: String,
    pub(super) hostname: String,
}

impl NewBucket {
    /// Whether the computer's name is asked of the server.
    pub(super) fn asks_for_host(&self) -> bool {
        self.hostname == OF_THE_SERVER
    }

    /// The bucket, on this computer.
    pub(super) fn on(self, id: BucketId, host: String) -> Result<Bucket, AppError> {
        let hostname = if self.asks_for_host() { host } else { self.hostname };
        let word = |field: &'static str, text: &str| {
            BucketWord::new(text).map_err(|error| AppError::field(field, error.to_string()))
        };
        let (kind, client) = (word("type", &self.r#type)?, word("client", &self.client)?);
        Ok(Bucket { id, kind, client, host: word("hostname", &hostname)? })
    }
}

/// A bucket that there is. What clients look for and Dayline does not have is empty.
#[derive(Serialize)]
pub(super) struct BucketItem<'a> {
    pub(super) id: &'a str,
    name: Option<&'a str>,
    r#type: &'a str,
    client: &'a str,
    hostname: &'a str,
    created: String,
    data: Empty,
    /// When the event ended that began last.
    last_updated: Option<String>,
    /// How far its events reach, if any are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Extent>,
}

#[derive(Serialize)]
struct Extent {
    start: String,
    end: String,
}

/// An object without members.
#[derive(Serialize)]
pub(super) struct Empty {}

impl<'a> BucketItem<'a> {
    /// A bucket, and how far its events reach.
    pub(super) fn new(
        StoredBucket { bucket, created_at, .. }: &'a StoredBucket,
        extent: Option<&EventExtent>,
    ) -> Self {
        Self {
            id: bucket.id.as_str(),
            name: None,
            r#type: bucket.kind.as_str(),
            client: bucket.client.as_str(),
            hostname: bucket.host.as_str(),
            created: instant::utc(*created_at),
            data: Empty {},
            last_updated: extent.map(|extent| instant::utc(extent.end)),
            metadata: extent
                .map(|extent| Extent { start: instant::utc(extent.start), end: instant::utc(extent.end) }),
        }
    }
}

/// How far the events of a bucket reach.
pub(super) fn extent_of<'a>(extents: &'a [EventExtent], bucket: &BucketId) -> Option<&'a EventExtent> {
    extents.iter().find(|extent| extent.bucket == *bucket)
}
