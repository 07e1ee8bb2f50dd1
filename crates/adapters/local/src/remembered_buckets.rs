//! Buckets of foreign trackers remembered for a while: each event asks for its bucket, and is to be taken while the
//! store is away.

use std::sync::Arc;

use dayline_app::ports::{Buckets, Clock, OpenBucket, PortFuture, StoredBucket};
use dayline_domain::UserId;
use dayline_domain::bucket::BucketId;

use crate::remembered::Remembered;

/// For so long a bucket is not looked up again, in milliseconds. What another process does to it is noticed later
/// by that; it hardly ever does anything, since trackers open a bucket once and for all.
const FRESH_MS: i64 = 60_000;
/// Most buckets that are remembered.
const BUCKETS: usize = 50_000;

/// [`Buckets`] of a store, with a memory.
pub struct RememberedBuckets {
    store: Arc<dyn Buckets>,
    clock: Arc<dyn Clock>,
    known: Remembered<(UserId, BucketId), StoredBucket>,
}

impl RememberedBuckets {
    /// Nothing is remembered yet.
    pub fn of(store: Arc<dyn Buckets>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Remembered::new(BUCKETS, FRESH_MS, i64::MAX) }
    }
}

impl Buckets for RememberedBuckets {
    fn buckets(&self, user: UserId) -> PortFuture<'_, Vec<StoredBucket>> {
        self.store.buckets(user)
    }

    fn bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, Option<StoredBucket>> {
        Box::pin(async move {
            let key = (user, id.clone());
            self.known.find(key, self.clock.now(), || self.store.bucket(user, id)).await
        })
    }

    fn open_bucket(
        &self,
        user: UserId,
        new: StoredBucket,
        max_per_user: usize,
    ) -> PortFuture<'_, OpenBucket> {
        Box::pin(async move {
            let key = (user, new.bucket.id.clone());
            let opened = self.store.open_bucket(user, new, max_per_user).await;
            self.known.forget(&key);
            opened
        })
    }

    fn delete_bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let deleted = self.store.delete_bucket(user, id.clone()).await;
            self.known.forget(&(user, id));
            deleted
        })
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::identity::accounts::{self, Registration};
    use dayline_app::ports::PortError;
    use dayline_contract::fakes::FakeApp;
    use dayline_domain::bucket::{Bucket, BucketWord};
    use dayline_domain::{Email, FullName, NewPassword};

    use super::*;

    fn id() -> BucketId {
        BucketId::new("window").unwrap()
    }

    fn bucket(kind: &str) -> StoredBucket {
        let word = |text: &str| BucketWord::new(text).unwrap();
        let bucket = Bucket { id: id(), kind: word(kind), client: word("watcher"), host: word("laptop") };
        StoredBucket { bucket, opened_by: None, created_at: dayline_domain::UtcMs(1) }
    }

    /// A person with a window bucket, and the memory over it.
    async fn world() -> (FakeApp, UserId, RememberedBuckets) {
        let fake = FakeApp::default();
        let registration = Registration {
            email: Email::new("ada@example.org").unwrap(),
            password: NewPassword::new("a long enough secret").unwrap(),
            full_name: FullName::new("Ada").unwrap(),
            timezone: None,
            address: None,
        };
        let ada = accounts::register(&fake.app, registration).await.unwrap().id;
        let buckets = RememberedBuckets::of(fake.store.clone(), fake.clock.clone());
        assert_eq!(buckets.open_bucket(ada, bucket("window"), 9).await, Ok(OpenBucket::New));
        (fake, ada, buckets)
    }

    fn away() -> PortError {
        PortError::Unavailable("away".into())
    }

    #[tokio::test]
    async fn a_bucket_in_use_is_known_while_the_store_is_away_however_long() {
        let (fake, ada, buckets) = world().await;
        fake.store.fail(Some(away()));
        assert!(buckets.bucket(ada, id()).await.is_err(), "nothing was asked for yet");
        fake.store.fail(None);
        assert_eq!(buckets.bucket(ada, id()).await, Ok(Some(bucket("window"))));
        fake.store.fail(Some(away()));
        for ms in [0, 59_999, 60_000, 7 * 86_400_000] {
            fake.clock.advance(ms);
            assert_eq!(buckets.bucket(ada, id()).await, Ok(Some(bucket("window"))), "{ms}");
        }
    }

    #[tokio::test]
    async fn what_this_process_does_is_known_at_once_and_what_others_do_within_a_minute() {
        let (fake, ada, buckets) = world().await;
        assert!(buckets.bucket(ada, id()).await.unwrap().is_some());
        assert_eq!(buckets.delete_bucket(ada, id()).await, Ok(true));
        assert_eq!(buckets.bucket(ada, id()).await, Ok(None));
        assert_eq!(buckets.open_bucket(ada, bucket("afk"), 9).await, Ok(OpenBucket::New));
        assert_eq!(buckets.bucket(ada, id()).await, Ok(Some(bucket("afk"))));
        assert_eq!(fake.store.delete_bucket(ada, id()).await, Ok(true));
        fake.clock.advance(60_000);
        assert_eq!(buckets.bucket(ada, id()).await, Ok(None));
    }
}
