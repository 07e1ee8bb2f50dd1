//! `/buckets/{id}/events`: several events at once, by programs that bring what they know.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::{buckets, ingest, raw_events};
use dayline_domain::Scope;
use dayline_domain::bucket::Bucket;
use dayline_foreign::activitywatch::{Event, observed};
use dayline_http_kit::body::{self, Coding};

use super::{PathBucket, Sender, private};
use crate::activitywatch::event;
use crate::activitywatch::event_item::EventItem;
use crate::activitywatch::raw;
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a list of events.
const MAX_BODY: usize = 4 << 20;
/// Events that become durable at once: as many as fit into a record of the log, however long their names are.
pub(super) const AT_ONCE: usize = 500;
/// What some events cost, as bytes of pings.
const WORK_EACH: usize = 256;

/// Takes events. Sending them again changes nothing, also after some were taken and others not. Who keeps events is told how
/// they are kept.
pub(in crate::activitywatch) async fn take(
    State(aw): State<Arc<ActivityWatch>>,
    Sender(caller): Sender,
    PathBucket(id): PathBucket,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let bucket = buckets::of_event(&aw.app, &caller, id).await?;
    let body = body::receive(&aw.kit, &parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let text = body.text_of_items();
    let events = event::many(&text)?;
    let raw = if raw_events::are_kept(&aw.app, &caller).await? { raw::many(&text) } else { Vec::new() };
    drop(text);
    drop(body);
    for some in events.chunks(AT_ONCE) {
        store(&aw, &caller, &bucket, some).await?;
    }
    let mut kept = Vec::new();
    for some in raw.chunks(AT_ONCE) {
        kept.extend(raw_events::keep_events(&aw.app, &caller, &bucket.id, some.to_vec()).await?);
    }
    // Who reads nothing is not told either what became of it.
    if kept.is_empty() || caller.require(Scope::Read).is_err() {
        return Ok(private(&None::<()>));
    }
    Ok(private(&kept.iter().map(EventItem::numbered).collect::<Vec<_>>()))
}

/// Makes durable what some events of a bucket say.
pub(super) async fn store(
    aw: &ActivityWatch,
    caller: &Caller,
    bucket: &Bucket,
    events: &[Event],
) -> Result<(), AppError> {
    let work = aw.kit.ping_work.acquire_or_all(events.len() * WORK_EACH);
    let _work = work.map_err(|_| AppError::LogFull { retry_after_s: 1 })?;
    let limits = aw.app.rules.pings.of_foreign_wires();
    let drafts = events.iter().filter_map(|event| observed(bucket, event)).map(Ok);
    let receipt = ingest::accept_within(&limits, &aw.app, caller, drafts).await?;
    aw.kit.metrics.pings_received(&receipt);
    Ok(())
}
