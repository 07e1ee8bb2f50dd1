//! `/buckets/{id}/events`: the events of people who keep them. Who does not has none.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::tracking::{buckets, raw_events};
use dayline_domain::UtcMs;
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::EventRange;
use dayline_http_kit::query::{FromParams, Params, Query};
use dayline_http_kit::stream::{CHUNK, Writer};
use http::request;
use serde::Serialize;

use super::{LongSender, PathBucket, Sender, private, private_json};
use crate::activitywatch::event::at;
use crate::activitywatch::event_item::{EventItem, Events, List};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// An event in a path. One that can't be read names none.
pub(in crate::activitywatch) struct PathEvent {
    bucket: BucketId,
    number: u64,
}

impl FromRequestParts<Arc<ActivityWatch>> for PathEvent {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut request::Parts,
        state: &Arc<ActivityWatch>,
    ) -> Result<Self, Refusal> {
        let path: Result<Path<(String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let read = |Path((bucket, number)): Path<(String, String)>| {
            Some(Self { bucket: BucketId::new(&bucket).ok()?, number: number.parse().ok()? })
        };
        path.ok().and_then(read).ok_or_else(|| AppError::NotFound.into())
    }
}

/// Which events are asked for.
pub(in crate::activitywatch) struct Asked {
    range: EventRange,
    limit: usize,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        let moment = |text: &str| {
            // Some clients write the `+` of an offset as it is, others have had it made a blank.
            at(&text.replace(' ', "+")).map_err(|why| why.to_string())
        };
        let from = params.moment("start", moment).unwrap_or(UtcMs(i64::MIN));
        let to = params.moment("end", moment).unwrap_or(UtcMs(i64::MAX));
        // Clients write -1 for all, and what is no number means that, too.
        let number = |text: &str| Ok::<_, &str>(text.trim().parse::<i64>().ok());
        let limit = params.optional("limit", number).flatten();
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        Self { range: EventRange { from, to }, limit }
    }
}

/// Some events of a bucket, the last one first.
pub(in crate::activitywatch) async fn list(
    State(aw): State<Arc<ActivityWatch>>,
    PathBucket(id): PathBucket,
    Query(Asked { range, limit }): Query<Asked>,
    LongSender { caller, request }: LongSender,
) -> Result<Response, Refusal> {
    buckets::show(&aw.app, &caller, id.clone()).await?;
    let events = Events::of(&aw, &caller, id, range, limit);
    let writer = ListWriter { events, list: List::default() };
    let body = request.body_of_any_length(b"[", writer, &aw.long_answers, caller.user).await?;
    Ok(private_json(body))
}

struct ListWriter {
    events: Events,
    list: List,
}

impl Writer for ListWriter {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            let Some(event) = self.events.next().await? else {
                chunk.push(b']');
                return Ok(false);
            };
            self.list.push(&EventItem::numbered(&event), chunk);
        }
        Ok(true)
    }
}

/// How many events of a bucket touch a range.
pub(in crate::activitywatch) async fn count(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathBucket(id): PathBucket,
    Query(Asked { range, .. }): Query<Asked>,
) -> Result<Response, Refusal> {
    buckets::show(&aw.app, &caller, id.clone()).await?;
    Ok(private(&raw_events::count(&aw.app, &caller, id, range).await?))
}

/// One event.
pub(in crate::activitywatch) async fn show(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathEvent { bucket, number }: PathEvent,
) -> Result<Response, Refusal> {
    let stored = raw_events::show(&aw.app, &caller, bucket, number).await?;
    Ok(private(&EventItem::numbered(&stored)))
}

/// An event is not there any more, whether it was or not.
#[derive(Serialize)]
struct Gone {
    success: bool,
}

/// Deletes an event. What it told stays on the timeline.
pub(in crate::activitywatch) async fn delete(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathEvent { bucket, number }: PathEvent,
) -> Result<Response, Refusal> {
    raw_events::delete(&aw.app, &caller, bucket, number).await?;
    Ok(private(&Gone { success: true }))
}
