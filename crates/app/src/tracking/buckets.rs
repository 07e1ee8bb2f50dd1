//! The buckets of foreign trackers: open, look up, list, forget.
//! Not here: what an event in a bucket means; that is for the face that speaks the trackers' wire.

use dayline_domain::Scope;
use dayline_domain::bucket::{Bucket, BucketId};

use crate::identity::account_writes::count_write;
use crate::identity::caller::Caller;
use crate::ports::{CredentialId, OpenBucket, StoredBucket};
use crate::tracking::raw_events::AT_A_TIME;
use crate::{App, AppError};

/// Most buckets one person may have: of some watchers on each of many computers.
pub const MAX_BUCKETS: usize = 500;

/// Opens a bucket of the caller's; true if it is new. One that is there stays as it is: trackers open theirs
/// at each start.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::TooManyBuckets`]; when the store is away.
pub async fn open(app: &App, caller: &Caller, bucket: Bucket) -> Result<bool, AppError> {
    caller.require(Scope::Track)?;
    let opened_by = key_of(caller);
    let known = app.buckets.bucket(caller.user, bucket.id.clone()).await?;
    if known.is_some_and(|known| known.opened_by == opened_by) {
        return Ok(false);
    }
    count_write(app, caller).await?;
    let new = StoredBucket { bucket, opened_by, created_at: app.clock.now() };
    match app.buckets.open_bucket(caller.user, new, MAX_BUCKETS).await? {
        OpenBucket::New => Ok(true),
        OpenBucket::Known => Ok(false),
        OpenBucket::TooMany => Err(AppError::TooManyBuckets),
        OpenBucket::NoSuchUser => Err(AppError::NotSignedIn),
    }
}

/// The bucket of an event that the caller sends.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::NotFound`] if they have no such bucket; when the store is away.
pub async fn of_event(app: &App, caller: &Caller, id: BucketId) -> Result<Bucket, AppError> {
    caller.require(Scope::Track)?;
    let found = app.buckets.bucket(caller.user, id).await?;
    found.map(|stored| stored.bucket).ok_or(AppError::NotFound)
}

/// The caller's buckets, by identity.
///
/// # Errors
/// [`AppError::MissingScope`]; when the store is away.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<StoredBucket>, AppError> {
    caller.require(Scope::Read)?;
    Ok(app.buckets.buckets(caller.user).await?)
}

/// One of the caller's buckets.
///
/// # Errors
/// As [`list`]; [`AppError::NotFound`] if they have no such bucket.
pub async fn show(app: &App, caller: &Caller, id: BucketId) -> Result<StoredBucket, AppError> {
    caller.require(Scope::Read)?;
    app.buckets.bucket(caller.user, id).await?.ok_or(AppError::NotFound)
}

/// Forgets one of the caller's buckets, and its events if they are kept. What was told by it stays on the timeline.
///
/// # Errors
/// [`AppError::MissingScope`]; [`AppError::TooMany`]; [`AppError::NotFound`] if they have no such bucket; when
/// the store is away.
pub async fn delete(app: &App, caller: &Caller, id: BucketId) -> Result<(), AppError> {
    caller.require(Scope::Track)?;
    count_write(app, caller).await?;
    // A little at a time: they may be a million.
    while app.raw_events.clear_raw_events(caller.user, id.clone(), AT_A_TIME).await? > 0 {}
    if app.buckets.delete_bucket(caller.user, id).await? { Ok(()) } else { Err(AppError::NotFound) }
}

/// The newest bucket of a kind that was opened with the caller's key, so that other trackers with this key can
/// be told which computer they are on. A session opens buckets on any computer.
///
/// # Errors
/// When the store is away.
pub async fn newest_of_key(app: &App, caller: &Caller, kind: &str) -> Result<Option<StoredBucket>, AppError> {
    let Some(key) = key_of(caller) else { return Ok(None) };
    let all = app.buckets.buckets(caller.user).await?.into_iter();
    let of_key = all.filter(|stored| stored.opened_by == Some(key) && stored.bucket.kind.as_str() == kind);
    Ok(of_key.max_by_key(|stored| stored.created_at))
}

fn key_of(caller: &Caller) -> Option<dayline_domain::ApiKeyId> {
    match caller.credential {
        CredentialId::Key(id) => Some(id),
        CredentialId::Session(_) => None,
    }
}
