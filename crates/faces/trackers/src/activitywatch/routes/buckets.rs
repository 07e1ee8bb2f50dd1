//! `/buckets`: what trackers open before they send, and may look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use dayline_app::tracking::{buckets, raw_events};
use dayline_http_kit::Problem;
use dayline_http_kit::body::{self, Coding};
use http::StatusCode;

use super::{PathBucket, Sender, info, private};
use crate::activitywatch::bucket_form::{BucketItem, Empty, NewBucket, extent_of};
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a bucket to be opened.
const MAX_BODY: usize = 64 << 10;

/// All buckets of the caller, by identity.
pub(in crate::activitywatch) async fn list(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
) -> Result<Response, Refusal> {
    let stored = buckets::list(&aw.app, &caller).await?;
    let extents = raw_events::extents(&aw.app, &caller).await?;
    let items = stored.iter().map(|stored| BucketItem::new(stored, extent_of(&extents, &stored.bucket.id)));
    let items: BTreeMap<&str, BucketItem<'_>> = items.map(|item| (item.id, item)).collect();
    Ok(private(&items))
}

/// One bucket of the caller.
pub(in crate::activitywatch) async fn show(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathBucket(id): PathBucket,
) -> Result<Response, Refusal> {
    let stored = buckets::show(&aw.app, &caller, id).await?;
    let extents = raw_events::extents(&aw.app, &caller).await?;
    Ok(private(&BucketItem::new(&stored, extent_of(&extents, &stored.bucket.id))))
}

/// Opens a bucket. One that is there already is no error: it is not modified.
pub(in crate::activitywatch) async fn open(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathBucket(id): PathBucket,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let body = body::receive(&aw.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let new: NewBucket = serde_json::from_str(body.text()?).map_err(|_| unreadable())?;
    let host = if new.asks_for_host() { info::host_of(&aw, &caller).await } else { String::new() };
    if !buckets::open(&aw.app, &caller, new.on(id, host)?).await? {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(private(&Empty {}))
}

/// Forgets a bucket. What was told by it stays on the timeline.
pub(in crate::activitywatch) async fn delete(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathBucket(id): PathBucket,
) -> Result<Response, Refusal> {
    buckets::delete(&aw.app, &caller, id).await?;
    Ok(private(&Empty {}))
}

fn unreadable() -> Problem {
    Problem::malformed("invalid_bucket", "a bucket needs the texts client, type and hostname")
}
