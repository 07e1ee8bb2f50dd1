//! `/export`: buckets with the events that are kept, as other servers take them in.

use std::sync::Arc;
use std::vec;

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::StoredBucket;
use dayline_app::tracking::{buckets, raw_events};
use dayline_domain::raw_event::EventRange;
use dayline_http_kit::stream::{CHUNK, Writer};
use http::header;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{LongSender, PathBucket, private_json};
use crate::activitywatch::bucket_form::{BucketItem, extent_of};
use crate::activitywatch::event_item::{EventItem, Events, List};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// All buckets of the caller.
pub(in crate::activitywatch) async fn all(
    State(aw): State<Arc<ActivityWatch>>,
    sender: LongSender,
) -> Result<Response, Refusal> {
    let stored = buckets::list(&aw.app, &sender.caller).await?;
    answer(&aw, sender, stored, "aw-buckets-export.json").await
}

/// One of them.
pub(in crate::activitywatch) async fn one(
    State(aw): State<Arc<ActivityWatch>>,
    PathBucket(id): PathBucket,
    sender: LongSender,
) -> Result<Response, Refusal> {
    let stored = buckets::show(&aw.app, &sender.caller, id).await?;
    let id = utf8_percent_encode(stored.bucket.id.as_str(), NON_ALPHANUMERIC).to_string();
    answer(&aw, sender, vec![stored], &format!("aw-bucket-export_{id}.json")).await
}

async fn answer(
    aw: &Arc<ActivityWatch>,
    LongSender { caller, request }: LongSender,
    stored: Vec<StoredBucket>,
    name: &str,
) -> Result<Response, Refusal> {
    let extents = raw_events::extents(&aw.app, &caller).await?;
    // With what comes before their events.
    let heads = stored.into_iter().map(|stored| {
        let item = BucketItem::new(&stored, extent_of(&extents, &stored.bucket.id));
        let mut head = serde_json::to_vec(&stored.bucket.id.as_str()).unwrap_or_default();
        head.push(b':');
        head.extend(serde_json::to_vec(&item).unwrap_or_default());
        // The events come as another member of the bucket.
        head.pop();
        head.extend_from_slice(b",\"events\":[");
        (stored, head)
    });
    let heads: Vec<_> = heads.collect();
    let user = caller.user;
    let writer = ExportWriter {
        aw: Arc::clone(aw),
        caller,
        buckets: heads.into_iter(),
        current: None,
        is_first: true,
    };
    let body = request.body_of_any_length(b"{\"buckets\":{", writer, &aw.long_answers, user).await?;
    let mut response = private_json(body);
    if let Ok(name) = format!("attachment; filename={name}").parse() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// An export being written. Of the events it holds a page.
struct ExportWriter {
    aw: Arc<ActivityWatch>,
    caller: Caller,
    buckets: vec::IntoIter<(StoredBucket, Vec<u8>)>,
    current: Option<(Events, List)>,
    is_first: bool,
}

impl Writer for ExportWriter {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            if let Some((events, list)) = &mut self.current {
                if let Some(stored) = events.next().await? {
                    list.push(&EventItem::without_number(&stored.event), chunk);
                    continue;
                }
                chunk.extend_from_slice(b"]}");
                self.current = None;
            }
            let Some((stored, head)) = self.buckets.next() else {
                chunk.extend_from_slice(b"}}");
                return Ok(false);
            };
            if !std::mem::take(&mut self.is_first) {
                chunk.push(b',');
            }
            chunk.extend(head);
            let events = Events::of(&self.aw, &self.caller, stored.bucket.id, EventRange::ALL, usize::MAX);
            self.current = Some((events, List::default()));
        }
        Ok(true)
    }
}
