//! Events of foreign trackers as they came, of people who choose to keep them: keep, read, delete.
//! Not here: the timeline, for which each event is a ping, whether it is kept or not.

use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_domain::{DAY_MS, RawEventDays, Scope, UtcMs};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::{EventExtent, EventsAsked, Keeping, Kept, PortFuture};
use crate::{App, AppError};

/// Most bytes of events that are kept of one person: of about a million.
pub const MAX_BYTES: u64 = 256 << 20;
/// How far in the future an event may end, in milliseconds.
const MAX_FUTURE_MS: i64 = 366 * DAY_MS;
/// Most events that are read or deleted at a time.
pub const AT_A_TIME: usize = 500;

/// Keeps a heartbeat, if its person keeps any; gives the event that it became, or a part of.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::NotFound`] if they have no such bucket; when the store is away.
pub async fn keep_beat(
    app: &App,
    caller: &Caller,
    bucket: &BucketId,
    beat: &RawEvent,
    pulse_ms: i64,
) -> Result<Option<StoredRawEvent>, AppError> {
    let keep =
        |keeping| app.raw_events.keep_beat(caller.user, bucket.clone(), beat.clone(), pulse_ms, keeping);
    if beat.end() > latest_end(app) {
        return Ok(None);
    }
    kept(app, caller, keep).await
}

/// Keeps events, if their person keeps any; gives those that are kept. One with a number takes the place of the event of that
/// number, if the bucket has it.
///
/// # Errors
/// As [`keep_beat`].
pub async fn keep_events(
    app: &App,
    caller: &Caller,
    bucket: &BucketId,
    events: Vec<(Option<u64>, RawEvent)>,
) -> Result<Vec<StoredRawEvent>, AppError> {
    let latest = latest_end(app);
    let events: Vec<_> = events.into_iter().filter(|(_, event)| event.end() <= latest).collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let keep = |keeping| app.raw_events.keep_events(caller.user, bucket.clone(), events, keeping);
    Ok(kept(app, caller, keep).await?.unwrap_or_default())
}

/// Whether the caller's events are kept, as far as this process knows.
///
/// # Errors
/// When the store is away.
pub async fn are_kept(app: &App, caller: &Caller) -> Result<bool, AppError> {
    Ok(app.preferences.keeps_raw_events(caller.user).await?)
}

/// What ends later would be kept too long. Unlike a ping an event may lie in the future: some programs keep plans.
fn latest_end(app: &App) -> UtcMs {
    app.clock.now().plus(MAX_FUTURE_MS)
}

async fn kept<'a, T>(
    app: &'a App,
    caller: &Caller,
    keep: impl FnOnce(Keeping) -> PortFuture<'a, Kept<T>>,
) -> Result<Option<T>, AppError> {
    caller.require(Scope::Track)?;
    if app.rules.maintenance || !are_kept(app, caller).await? {
        return Ok(None);
    }
    match keep(Keeping { now: app.clock.now(), max_bytes: MAX_BYTES }).await? {
        Kept::Stored(stored) => Ok(Some(stored)),
        Kept::NotWanted => Ok(None),
        Kept::NoSuchBucket => Err(AppError::NotFound),
    }
}

/// Some of the events of one of the caller's buckets that are still kept.
///
/// # Errors
/// [`AppError::MissingScope`]; when the store is away.
pub async fn list(app: &App, caller: &Caller, asked: EventsAsked) -> Result<Vec<StoredRawEvent>, AppError> {
    let Some(range) = still_kept(app, caller, asked.range).await? else { return Ok(Vec::new()) };
    Ok(app.raw_events.raw_events(caller.user, EventsAsked { range, ..asked }).await?)
}

/// How many of them touch a range.
///
/// # Errors
/// As [`list`].
pub async fn count(app: &App, caller: &Caller, bucket: BucketId, range: EventRange) -> Result<u64, AppError> {
    let Some(range) = still_kept(app, caller, range).await? else { return Ok(0) };
    Ok(app.raw_events.count_raw_events(caller.user, bucket, range).await?)
}

/// One of them.
///
/// # Errors
/// As [`list`]; [`AppError::NotFound`] if there is none.
pub async fn show(
    app: &App,
    caller: &Caller,
    bucket: BucketId,
    number: u64,
) -> Result<StoredRawEvent, AppError> {
    let range = still_kept(app, caller, EventRange::ALL).await?.ok_or(AppError::NotFound)?;
    let found = app.raw_events.raw_event(caller.user, bucket, number).await?;
    found.filter(|stored| range.touches(&stored.event)).ok_or(AppError::NotFound)
}

/// How far the events of each bucket reach.
///
/// # Errors
/// As [`list`].
pub async fn extents(app: &App, caller: &Caller) -> Result<Vec<EventExtent>, AppError> {
    let Some(range) = still_kept(app, caller, EventRange::ALL).await? else { return Ok(Vec::new()) };
    Ok(app.raw_events.event_extents(caller.user, range.from).await?)
}

/// Deletes an event of one of the caller's buckets; nothing happens if there is none. What it told stays on the timeline.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; when the store is away.
pub async fn delete(app: &App, caller: &Caller, bucket: BucketId, number: u64) -> Result<(), AppError> {
    caller.require(Scope::Track)?;
    count_write(app, caller).await?;
    app.raw_events.delete_raw_event(caller.user, bucket, number).await?;
    Ok(())
}

/// The part of a range in which events are still kept, whatever is not deleted yet; `None` if the caller keeps none.
async fn still_kept(app: &App, caller: &Caller, range: EventRange) -> Result<Option<EventRange>, AppError> {
    caller.require(Scope::Read)?;
    let preferences = app.preferences.preferences(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    let since = RawEventDays::since(preferences.raw_event_days, app.clock.now());
    Ok(since.map(|since| EventRange { from: range.from.max(since), ..range }))
}
