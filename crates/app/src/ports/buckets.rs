//! The buckets of foreign trackers.

use dayline_domain::bucket::{Bucket, BucketId};
use dayline_domain::{ApiKeyId, UserId, UtcMs};

use super::future::PortFuture;

/// A bucket as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBucket {
    /// What is remembered of it.
    pub bucket: Bucket,
    /// The key with which it was opened last; none if that was a session.
    pub opened_by: Option<ApiKeyId>,
    /// When it was opened first.
    pub created_at: UtcMs,
}

/// What became of a bucket that was to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenBucket {
    /// It is stored from now on.
    New,
    /// There is one of this identity. It stays as it was, but for who opened it last.
    Known,
    /// The person has as many as they may have.
    TooMany,
    /// There is no such person.
    NoSuchUser,
}

/// The buckets of foreign trackers, of each person their own.
pub trait Buckets: Send + Sync {
    /// A person's buckets, by identity.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn buckets(&self, user: UserId) -> PortFuture<'_, Vec<StoredBucket>>;

    /// One of a person's buckets. It is asked for with each event: an implementation may answer from
    /// memory for a minute, and while the store is away for as long as it is.
    ///
    /// # Errors
    ///
    /// As [`Buckets::buckets`].
    fn bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, Option<StoredBucket>>;

    /// Stores a bucket of a person, unless they have one of this identity or then had more than
    /// `max_per_user`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then.
    fn open_bucket(&self, user: UserId, new: StoredBucket, max_per_user: usize)
    -> PortFuture<'_, OpenBucket>;

    /// Forgets a bucket of a person with its events; false if they have no such. What was told by it stays on the timeline.
    ///
    /// # Errors
    ///
    /// As [`Buckets::open_bucket`].
    fn delete_bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, bool>;
}
