//! `/buckets/{id}/heartbeat`: what nearly all traffic is. Refused are only those that can never be right: what is
//! refused is lost.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use dayline_app::identity::caller::Caller;
use dayline_app::tracking::{buckets, ingest};
use dayline_app::{AppError, Kind};
use dayline_domain::UserId;
use dayline_domain::bucket::BucketId;
use dayline_foreign::activitywatch::{Event, observed};
use dayline_http_kit::body::{self, Coding};
use dayline_http_kit::query::{FromParams, Params, Query};
use dayline_http_kit::{Problem, instant};
use http::request;
use serde::Serialize;

use super::{PathBucket, private};
use crate::activitywatch::bucket_form::Empty;
use crate::activitywatch::event;
use crate::activitywatch::hold::Patience;
use crate::activitywatch::refusal::Refusal;
use crate::activitywatch::state::ActivityWatch;

/// Most bytes of a heartbeat: a page's address may hold a picture.
const MAX_BODY: usize = 1 << 20;
/// What a heartbeat costs, as bytes of pings.
const WORK: usize = 4 << 10;
/// Whose a heartbeat is as long as that can't be known.
const NOBODY: UserId = UserId::from_bits(0);

/// Within how many seconds two heartbeats are one. The timeline rule has its own; but who leaves it out has
/// made a mistake that the servers which trackers know would tell.
pub(in crate::activitywatch) struct PulseTime;

impl FromParams for PulseTime {
    fn from_params(params: &mut Params<'_>) -> Self {
        let seconds = |text: &str| text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite());
        params.required("pulsetime", |text| seconds(text).ok_or("must be a number of seconds"));
        Self
    }
}

/// An event that was taken.
#[derive(Serialize)]
struct Taken {
    /// Events are not kept, and have no number of their own: it is when they began.
    id: i64,
    timestamp: String,
    duration: f64,
    data: Empty,
}

/// Takes a heartbeat.
pub(in crate::activitywatch) async fn take(
    State(aw): State<Arc<ActivityWatch>>,
    PathBucket(id): PathBucket,
    Query(PulseTime): Query<PulseTime>,
    request: Request,
) -> Result<Response, Refusal> {
    let patience = Patience::new();
    let (parts, body) = request.into_parts();
    let caller = patience.hold(&aw.unknown, NOBODY, &[Kind::Unavailable], || aw.caller(&parts)).await?;
    let event = read(&aw, &caller, &parts, body).await?;
    let mended = [Kind::Unavailable, Kind::TooMany];
    patience.hold(&aw.held, caller.user, &mended, || store(&aw, &caller, &id, &event)).await?;
    let duration = event.end.since(event.start) as f64 / 1_000.0;
    Ok(private(&Taken { id: event.start.0, timestamp: instant::utc(event.start), duration, data: Empty {} }))
}

async fn read(
    aw: &ActivityWatch,
    caller: &Caller,
    parts: &request::Parts,
    body: Body,
) -> Result<Event, Problem> {
    let body = body::receive(&aw.kit, parts, body, MAX_BODY, Coding::Gzip(caller.user)).await?;
    event::one(&body.text_of_items())
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
