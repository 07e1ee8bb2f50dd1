//! `/buckets/{id}/heartbeat`: what nearly all traffic is. Refused are only those that can never be right: what is
//! refused is lost.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::{buckets, ingest, raw_events};
use dayline_app::{AppError, Kind};
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::RawEvent;
use dayline_domain::{Scope, UserId};
use dayline_foreign::activitywatch::{Event, observed};
use dayline_http_kit::body::{self, Coding};
use dayline_http_kit::query::{FromParams, Params, Query};
use dayline_http_kit::{Problem, instant};
use http::request;
use serde::Serialize;

use super::{PathBucket, private};
use crate::activitywatch::bucket_form::Empty;
use crate::activitywatch::event;
use crate::activitywatch::event_item::EventItem;
use crate::activitywatch::hold::Patience;
use crate::activitywatch::raw;
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a heartbeat: a page's address may hold a picture.
const MAX_BODY: usize = 1 << 20;
/// What a heartbeat costs, as bytes of pings.
const WORK: usize = 4 << 10;
/// Whose a heartbeat is as long as that can't be known.
const NOBODY: UserId = UserId::from_bits(0);

/// Within how many seconds two heartbeats are one event, where events are kept. The timeline rule has its own; but who leaves it out
/// has made a mistake that the servers which trackers know would tell.
pub(in crate::activitywatch) struct PulseTime {
    ms: i64,
}

impl FromParams for PulseTime {
    fn from_params(params: &mut Params<'_>) -> Self {
        let seconds = |text: &str| text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite());
        let seconds = params.required("pulsetime", |text| seconds(text).ok_or("must be a number of seconds"));
        Self { ms: (seconds.unwrap_or_default() * 1_000.0).round() as i64 }
    }
}

/// An event that was taken.
#[derive(Serialize)]
struct Taken {
    /// An event that is not kept has no number of its own: it is when it began.
    id: i64,
    timestamp: String,
    duration: f64,
    data: Empty,
}

/// Takes a heartbeat.
pub(in crate::activitywatch) async fn take(
    State(aw): State<Arc<ActivityWatch>>,
    PathBucket(id): PathBucket,
    Query(PulseTime { ms: pulse_ms }): Query<PulseTime>,
    request: Request,
) -> Result<Response, Refusal> {
    let patience = Patience::new();
    let (parts, body) = request.into_parts();
    let caller = patience.hold(&aw.unknown, NOBODY, &[Kind::Unavailable], || aw.caller(&parts)).await?;
    let mended = [Kind::Unavailable, Kind::TooMany];
    let are_kept = || raw_events::are_kept(&aw.app, &caller);
    let keeps = patience.hold(&aw.held, caller.user, &mended, are_kept).await?;
    let (event, raw) = read(&aw, &caller, &parts, body, keeps).await?;
    patience.hold(&aw.held, caller.user, &mended, || store(&aw, &caller, &id, &event)).await?;
    if let Some(raw) = raw {
        let keep = || raw_events::keep_beat(&aw.app, &caller, &id, &raw, pulse_ms);
        let kept = patience.hold(&aw.held, caller.user, &mended, keep).await?;
        // Who reads nothing is not told either what it became.
        if let (Some(kept), Ok(())) = (kept, caller.require(Scope::Read)) {
            return Ok(private(&EventItem::numbered(&kept)));
        }
    }
    let duration = event.end.since(event.start) as f64 / 1_000.0;
    Ok(private(&Taken { id: event.start.0, timestamp: instant::utc(event.start), duration, data: Empty {} }))
}

async fn read(
    aw: &ActivityWatch,
    caller: &Caller,
    parts: &request::Parts,
    body: Body,
    keeps: bool,
) -> Result<(Event, Option<RawEvent>), Problem> {
    let body = body::receive(&aw.kit, parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    let text = body.text_of_items();
    let raw = if keeps { raw::one(&text).map(|(_, event)| event) } else { None };
    Ok((event::one(&text)?, raw))
}

/// Makes what a heartbeat says durable. What is kept of none, or has times that can't be, is taken and dropped: no
/// client could mend it.
async fn store(aw: &ActivityWatch, caller: &Caller, id: &BucketId, event: &Event) -> Result<(), AppError> {
    let bucket = buckets::of_event(&aw.app, caller, id.clone()).await?;
    let Some(draft) = observed(&bucket, event) else { return Ok(()) };
    let work = aw.kit.ping_work.acquire_or_all(WORK);
    let _work = work.map_err(|_| AppError::LogFull { retry_after_s: 1 })?;
    let limits = aw.app.rules.pings.of_foreign_wires();
    let receipt = ingest::accept_within(&limits, &aw.app, caller, [Ok(draft)]).await?;
    aw.kit.metrics.pings_received(&receipt);
    Ok(())
}
