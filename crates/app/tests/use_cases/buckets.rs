//! The buckets of foreign trackers.

use dayline_app::AppError;
use dayline_app::identity::api_keys::{self, NewKey};
use dayline_app::identity::authenticate::authenticate;
use dayline_app::identity::caller::Caller;
use dayline_app::identity::key_text::KeyFormat;
use dayline_app::ports::Limit;
use dayline_app::tracking::buckets::{MAX_BUCKETS, delete, list, newest_of_key, of_event, open, show};
use dayline_contract::fakes::FakeApp;
use dayline_domain::bucket::{Bucket, BucketId, BucketWord};
use dayline_domain::identity::account::Label;
use dayline_domain::{Scope, Scopes};

use super::{caller, login, register, with_ada};

fn id(text: &str) -> BucketId {
    BucketId::new(text).unwrap()
}

fn bucket(text: &str, kind: &str, host: &str) -> Bucket {
    let word = |text: &str| BucketWord::new(text).unwrap();
    Bucket { id: id(text), kind: word(kind), client: word("watcher"), host: word(host) }
}

/// The bearer of a new key of somebody's.
async fn by_key(world: &FakeApp, person: &Caller, scope: Scope) -> Caller {
    let new = NewKey {
        name: Label::new("tracker").unwrap(),
        scopes: Scopes::NONE.with(scope),
        expires_at: None,
        format: KeyFormat::Prefixed,
    };
    let (_, text) = api_keys::create(&world.app, person, new).await.unwrap();
    authenticate(&world.app, &text, None).await.unwrap()
}

#[tokio::test]
async fn a_bucket_is_opened_once_and_stays_as_it_was() {
    let (world, ada) = with_ada().await;
    let app = &world.app;
    assert_eq!(open(app, &ada, bucket("w", "currentwindow", "pc")).await, Ok(true));
    assert_eq!(open(app, &ada, bucket("w", "afkstatus", "mac")).await, Ok(false));
    assert_eq!(of_event(app, &ada, id("w")).await, Ok(bucket("w", "currentwindow", "pc")));
    assert_eq!(delete(app, &ada, id("w")).await, Ok(()));
    assert_eq!(delete(app, &ada, id("w")).await, Err(AppError::NotFound));
    assert_eq!(of_event(app, &ada, id("w")).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn opening_a_bucket_again_is_no_change_of_the_account() {
    let (world, ada) = with_ada().await;
    world.limits.allow(Limit::AccountWritePerUser, 1);
    assert_eq!(open(&world.app, &ada, bucket("w", "currentwindow", "pc")).await, Ok(true));
    for _ in 0..50 {
        assert_eq!(open(&world.app, &ada, bucket("w", "currentwindow", "pc")).await, Ok(false));
    }
    let another = open(&world.app, &ada, bucket("v", "currentwindow", "pc")).await;
    assert!(matches!(another, Err(AppError::TooMany(_))));
}

#[tokio::test]
async fn a_key_that_tracks_reads_nothing_and_one_that_reads_writes_nothing() {
    let (world, ada) = with_ada().await;
    let app = &world.app;
    let (tracks, reads) = (by_key(&world, &ada, Scope::Track).await, by_key(&world, &ada, Scope::Read).await);
    assert_eq!(open(app, &tracks, bucket("w", "currentwindow", "pc")).await, Ok(true));
    assert_eq!(list(app, &tracks).await, Err(AppError::MissingScope(Scope::Read)));
    assert_eq!(show(app, &tracks, id("w")).await, Err(AppError::MissingScope(Scope::Read)));
    assert_eq!(list(app, &reads).await.unwrap().len(), 1);
    assert_eq!(show(app, &reads, id("w")).await.unwrap().bucket, bucket("w", "currentwindow", "pc"));
    let missing = AppError::MissingScope(Scope::Track);
    assert_eq!(open(app, &reads, bucket("v", "currentwindow", "pc")).await, Err(missing.clone()));
    assert_eq!(of_event(app, &reads, id("w")).await, Err(missing.clone()));
    assert_eq!(delete(app, &reads, id("w")).await, Err(missing));
}

#[tokio::test]
async fn nobody_sees_anybody_elses_bucket() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    let app = &world.app;
    open(app, &ada, bucket("w", "currentwindow", "pc")).await.unwrap();
    assert_eq!(list(app, &bob).await, Ok(vec![]));
    for found in [
        show(app, &bob, id("w")).await.err(),
        of_event(app, &bob, id("w")).await.err(),
        delete(app, &bob, id("w")).await.err(),
    ] {
        assert_eq!(found, Some(AppError::NotFound));
    }
    assert_eq!(list(app, &ada).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_computer_of_a_key_is_that_of_its_newest_window_bucket() {
    let (world, ada) = with_ada().await;
    let app = &world.app;
    let (one, other) = (by_key(&world, &ada, Scope::Track).await, by_key(&world, &ada, Scope::Track).await);
    let host = async |caller: &Caller| {
        let newest = newest_of_key(app, caller, "currentwindow").await.unwrap();
        newest.map(|stored| stored.bucket.host.as_str().to_owned())
    };
    assert_eq!(host(&one).await, None);
    for (caller, text, kind, computer) in [
        (&one, "w1", "currentwindow", "old"),
        (&one, "w2", "currentwindow", "new"),
        (&one, "a", "afkstatus", "elsewhere"),
        (&other, "w3", "currentwindow", "theirs"),
        (&ada, "w4", "currentwindow", "by a session"),
    ] {
        world.clock.advance(1);
        open(app, caller, bucket(text, kind, computer)).await.unwrap();
    }
    assert_eq!(host(&one).await.as_deref(), Some("new"));
    assert_eq!(host(&other).await.as_deref(), Some("theirs"));
    assert_eq!(host(&ada).await, None);
    // A computer that gets a new key keeps its buckets.
    assert_eq!(open(app, &other, bucket("w2", "currentwindow", "new")).await, Ok(false));
    assert_eq!(host(&one).await.as_deref(), Some("old"));
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_buckets() {
    let (world, ada) = with_ada().await;
    for n in 0..MAX_BUCKETS {
        open(&world.app, &ada, bucket(&n.to_string(), "currentwindow", "pc")).await.unwrap();
    }
    let more = open(&world.app, &ada, bucket("more", "currentwindow", "pc")).await;
    assert_eq!(more, Err(AppError::TooManyBuckets));
}
