//! What every store of foreign trackers' buckets keeps.

use dayline_app::ports::{OpenBucket, StoredBucket};
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::{ApiKeyId, UserId};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_bucket_comes_back_exactly", |s| Box::pin(a_bucket_comes_back_exactly(s))),
    Fact::new("people_have_buckets_of_their_own", |s| Box::pin(people_have_buckets_of_their_own(s))),
    Fact::new("a_bucket_that_is_opened_again_stays_but_for_its_key", |s| {
        Box::pin(a_bucket_that_is_opened_again_stays_but_for_its_key(s))
    }),
    Fact::new("buckets_are_bounded_in_number_and_known_ones_open_all_the_same", |s| {
        Box::pin(buckets_are_bounded_in_number_and_known_ones_open_all_the_same(s))
    }),
    Fact::new("of_many_that_open_one_bucket_at_once_one_makes_it", |s| {
        Box::pin(of_many_that_open_one_bucket_at_once_one_makes_it(s))
    }),
    Fact::new("a_bucket_is_forgotten_once_and_only_by_its_owner", |s| {
        Box::pin(a_bucket_is_forgotten_once_and_only_by_its_owner(s))
    }),
    Fact::new("a_stranger_opens_no_bucket", |s| Box::pin(a_stranger_opens_no_bucket(s))),
];

const MANY: usize = 500;

fn id(text: &str) -> BucketId {
    BucketId::new(text).unwrap()
}

fn word(text: &str) -> BucketWord {
    BucketWord::new(text).unwrap()
}

/// A bucket of this identity, opened by the `n`-th key.
fn bucket(text: &str, n: u128) -> StoredBucket {
    let bucket = Bucket {
        id: id(text),
        kind: word("currentwindow"),
        client: word("aw-watcher-window"),
        host: word(&format!("host-{n}")),
    };
    StoredBucket { bucket, opened_by: Some(ApiKeyId::from_bits(n)), created_at: NOW.plus(n as i64) }
}

async fn open(store: &StorePorts, user: UserId, new: StoredBucket) -> OpenBucket {
    store.buckets.open_bucket(user, new, MANY).await.unwrap()
}

async fn a_bucket_comes_back_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let longest = "💻".repeat(255);
    let plain = bucket("aw-watcher-window_laptop", 1);
    let empty = Bucket { id: id("a/b c"), kind: word(""), client: word(""), host: word("") };
    let odd = Bucket { id: id(&longest), kind: word(&longest), client: word("'; --"), host: word("é") };
    let mut expected = vec![
        StoredBucket { bucket: empty, opened_by: None, created_at: NOW },
        plain,
        StoredBucket { bucket: odd, created_at: NOW, ..bucket("x", u128::MAX) },
    ];
    for new in expected.iter().rev() {
        assert_eq!(open(&store, user, new.clone()).await, OpenBucket::New);
        let found = store.buckets.bucket(user, new.bucket.id.clone()).await.unwrap();
        assert_eq!(found.as_ref(), Some(new));
    }
    expected.sort_by(|a, b| a.bucket.id.cmp(&b.bucket.id));
    assert_eq!(store.buckets.buckets(user).await.unwrap(), expected);
}

async fn people_have_buckets_of_their_own(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert_eq!(open(&store, ada, bucket("window", 1)).await, OpenBucket::New);
    assert_eq!(store.buckets.bucket(bob, id("window")).await, Ok(None));
    assert_eq!(store.buckets.buckets(bob).await, Ok(vec![]));
    assert_eq!(open(&store, bob, bucket("window", 2)).await, OpenBucket::New);
    assert_eq!(store.buckets.bucket(ada, id("window")).await, Ok(Some(bucket("window", 1))));
    assert_eq!(store.buckets.bucket(bob, id("window")).await, Ok(Some(bucket("window", 2))));
    assert_eq!(store.buckets.bucket(ada, id("Window")).await, Ok(None), "case means something");
}

async fn a_bucket_that_is_opened_again_stays_but_for_its_key(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(open(&store, user, bucket("window", 1)).await, OpenBucket::New);
    let first = bucket("window", 1);
    for opened_by in [Some(ApiKeyId::from_bits(2)), None, Some(ApiKeyId::from_bits(2))] {
        let again = StoredBucket { opened_by, ..bucket("window", 7) };
        assert_eq!(open(&store, user, again).await, OpenBucket::Known);
        let expected = StoredBucket { opened_by, ..first.clone() };
        assert_eq!(store.buckets.bucket(user, id("window")).await, Ok(Some(expected.clone())));
        assert_eq!(store.buckets.buckets(user).await, Ok(vec![expected]));
    }
}

async fn buckets_are_bounded_in_number_and_known_ones_open_all_the_same(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let open = async |user, text| store.buckets.open_bucket(user, bucket(text, 1), 2).await.unwrap();
    for (text, became) in
        [("a", OpenBucket::New), ("b", OpenBucket::New), ("c", OpenBucket::TooMany), ("a", OpenBucket::Known)]
    {
        assert_eq!(open(ada, text).await, became, "{text}");
    }
    assert_eq!(open(bob, "c").await, OpenBucket::New);
    assert!(store.buckets.delete_bucket(ada, id("a")).await.unwrap());
    assert_eq!(open(ada, "c").await, OpenBucket::New);
}

async fn of_many_that_open_one_bucket_at_once_one_makes_it(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let buckets = store.buckets.clone();
        // Two identities, room for two: none is too many.
        let new = bucket(["a", "b"][n % 2], n as u128);
        racing.spawn(async move { buckets.open_bucket(user, new, 2).await.unwrap() });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == OpenBucket::New).count(), 2);
    assert!(!outcomes.contains(&OpenBucket::TooMany));
}

async fn a_bucket_is_forgotten_once_and_only_by_its_owner(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    open(&store, ada, bucket("window", 1)).await;
    assert!(!store.buckets.delete_bucket(bob, id("window")).await.unwrap());
    assert!(store.buckets.bucket(ada, id("window")).await.unwrap().is_some());
    assert!(store.buckets.delete_bucket(ada, id("window")).await.unwrap());
    assert!(!store.buckets.delete_bucket(ada, id("window")).await.unwrap());
    assert_eq!(store.buckets.bucket(ada, id("window")).await, Ok(None));
    let other = Bucket { kind: word("afkstatus"), ..bucket("window", 1).bucket };
    let other = StoredBucket { bucket: other, ..bucket("window", 1) };
    assert_eq!(open(&store, ada, other.clone()).await, OpenBucket::New);
    assert_eq!(store.buckets.bucket(ada, id("window")).await, Ok(Some(other)));
}

async fn a_stranger_opens_no_bucket(store: StorePorts) {
    let stranger = person(1).id;
    assert_eq!(open(&store, stranger, bucket("window", 1)).await, OpenBucket::NoSuchUser);
    assert_eq!(store.buckets.buckets(stranger).await, Ok(vec![]));
    assert_eq!(store.buckets.bucket(stranger, id("window")).await, Ok(None));
    assert!(!store.buckets.delete_bucket(stranger, id("window")).await.unwrap());
    store.register(1).await;
    assert_eq!(open(&store, stranger, bucket("window", 1)).await, OpenBucket::New);
    store.accounts.delete(stranger, NOW).await.unwrap().unwrap();
    assert_eq!(open(&store, stranger, bucket("window", 1)).await, OpenBucket::NoSuchUser);
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(store.buckets.buckets(stranger).await, Ok(vec![]));
}
