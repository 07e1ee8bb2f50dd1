//! The buckets of foreign trackers, in the fake store.

use dayline_app::ports::{Buckets, OpenBucket, PortFuture, StoredBucket};
use dayline_domain::UserId;
use dayline_domain::bucket::BucketId;

use super::FakeStore;

impl Buckets for FakeStore {
    fn buckets(&self, user: UserId) -> PortFuture<'_, Vec<StoredBucket>> {
        self.transaction(|tables| {
            let theirs = tables.buckets.iter().filter(|((of, _), _)| *of == user);
            Ok(theirs.map(|(_, stored)| stored.clone()).collect())
        })
    }

    fn bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, Option<StoredBucket>> {
        self.transaction(|tables| Ok(tables.buckets.get(&(user, id)).cloned()))
    }

    fn open_bucket(
        &self,
        user: UserId,
        new: StoredBucket,
        max_per_user: usize,
    ) -> PortFuture<'_, OpenBucket> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&user) {
                return Ok(OpenBucket::NoSuchUser);
            }
            let key = (user, new.bucket.id.clone());
            if let Some(known) = tables.buckets.get_mut(&key) {
                known.opened_by = new.opened_by;
                return Ok(OpenBucket::Known);
            }
            if tables.buckets.keys().filter(|(of, _)| *of == user).count() >= max_per_user {
                return Ok(OpenBucket::TooMany);
            }
            tables.buckets.insert(key, new);
            Ok(OpenBucket::New)
        })
    }

    fn delete_bucket(&self, user: UserId, id: BucketId) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            tables.raw.clear(user, &id, usize::MAX);
            Ok(tables.buckets.remove(&(user, id)).is_some())
        })
    }
}
