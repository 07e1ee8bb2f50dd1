//! What every store of API keys keeps.

use dayline_app::ports::{ApiKey, CreateKey, Use};
use dayline_domain::identity::account::Label;
use dayline_domain::{Scope, Scopes};

use super::Fact;
use super::store::{NOW, StorePorts, api_key, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_key_is_kept_exactly", |s| Box::pin(a_key_is_kept_exactly(s))),
    Fact::new("keys_are_listed_the_newest_first", |s| Box::pin(keys_are_listed_the_newest_first(s))),
    Fact::new("a_key_is_found_by_its_hash_alone", |s| Box::pin(a_key_is_found_by_its_hash_alone(s))),
    Fact::new("a_key_says_to_about_a_minute_when_it_was_used", |s| {
        Box::pin(a_key_says_to_about_a_minute_when_it_was_used(s))
    }),
    Fact::new("a_key_whose_use_is_not_to_be_noted_is_found_and_not_written", |s| {
        Box::pin(a_key_whose_use_is_not_to_be_noted_is_found_and_not_written(s))
    }),
    Fact::new("a_key_used_by_many_at_once_is_found_by_all", |s| {
        Box::pin(a_key_used_by_many_at_once_is_found_by_all(s))
    }),
    Fact::new("a_person_has_at_most_so_many_keys", |s| Box::pin(a_person_has_at_most_so_many_keys(s))),
    Fact::new("many_keys_made_at_once_keep_the_bound", |s| {
        Box::pin(many_keys_made_at_once_keep_the_bound(s))
    }),
    Fact::new("a_stranger_gets_no_key", |s| Box::pin(a_stranger_gets_no_key(s))),
    Fact::new("a_key_is_deleted_once_and_only_by_its_owner", |s| {
        Box::pin(a_key_is_deleted_once_and_only_by_its_owner(s))
    }),
];

async fn a_key_is_kept_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let both = Scopes::NONE.with(Scope::Track).with(Scope::Read);
    let name = Label::new("NAS — ‏שלום \"x\"").unwrap();
    let full = ApiKey { name, scopes: both, expires_at: Some(NOW.plus(7)), ..api_key(user, 1) };
    let reads = ApiKey { scopes: Scopes::NONE.with(Scope::Read), ..api_key(user, 2) };
    for key in [full, reads] {
        assert_eq!(store.api_keys.create(key.clone(), 5).await, Ok(CreateKey::Created));
        assert_eq!(store.api_keys.list(user).await.unwrap()[0], key);
        // An expired key is found, too.
        let found = store.api_keys.find_used(key.hash, NOW.plus(10), Use::Noted).await.unwrap();
        assert_eq!(found, Some(ApiKey { last_used_at: Some(NOW.plus(10)), ..key }));
    }
}

async fn keys_are_listed_the_newest_first(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    for n in [2, 1, 3] {
        store.api_keys.create(api_key(user, n), 5).await.unwrap();
        store.api_keys.create(api_key(other, n), 5).await.unwrap();
    }
    assert_eq!(store.api_keys.list(user).await.unwrap(), [3, 2, 1].map(|n| api_key(user, n)));
    assert_eq!(store.api_keys.list(person(3).id).await.unwrap(), []);
}

async fn a_key_is_found_by_its_hash_alone(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for user in [ada, bob] {
        store.api_keys.create(api_key(user, 1), 5).await.unwrap();
    }
    for user in [ada, bob] {
        let found = store.api_keys.find_used(api_key(user, 1).hash, NOW, Use::Noted).await.unwrap().unwrap();
        assert_eq!((found.user, found.id), (user, api_key(user, 1).id));
    }
    assert_eq!(store.api_keys.find_used(api_key(ada, 2).hash, NOW, Use::Noted).await.unwrap(), None);
}

async fn a_key_says_to_about_a_minute_when_it_was_used(store: StorePorts) {
    let user = store.register(1).await.id;
    store.api_keys.create(api_key(user, 1), 5).await.unwrap();
    assert_eq!(store.api_keys.list(user).await.unwrap()[0].last_used_at, None);
    for minutes in [0, 1, 2, 60, 61] {
        let now = NOW.plus(60_000 * minutes);
        let found = store.api_keys.find_used(api_key(user, 1).hash, now, Use::Noted).await.unwrap().unwrap();
        for key in [found, store.api_keys.list(user).await.unwrap().remove(0)] {
            let age = now.since(key.last_used_at.unwrap());
            assert!((0..=60_000).contains(&age), "{age} ms old");
        }
    }
}

async fn a_key_whose_use_is_not_to_be_noted_is_found_and_not_written(store: StorePorts) {
    let user = store.register(1).await.id;
    let key = api_key(user, 1);
    store.api_keys.create(key.clone(), 5).await.unwrap();
    assert_eq!(store.api_keys.find_used(key.hash, NOW, Use::Unnoted).await, Ok(Some(key.clone())));
    assert_eq!(store.api_keys.list(user).await, Ok(vec![key]));
}

async fn a_key_used_by_many_at_once_is_found_by_all(store: StorePorts) {
    let user = store.register(1).await.id;
    store.api_keys.create(api_key(user, 1), 5).await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..30 {
        let keys = store.api_keys.clone();
        racing.spawn(
            async move { keys.find_used(api_key(user, 1).hash, NOW.plus(n), Use::Noted).await.unwrap() },
        );
    }
    assert!(racing.join_all().await.iter().all(Option::is_some));
}

async fn a_person_has_at_most_so_many_keys(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    store.api_keys.create(api_key(other, 1), 5).await.unwrap();
    for (n, expected) in [(1, CreateKey::Created), (2, CreateKey::Created), (3, CreateKey::TooMany)] {
        assert_eq!(store.api_keys.create(api_key(user, n), 2).await, Ok(expected));
    }
    assert_eq!(store.api_keys.find_used(api_key(user, 3).hash, NOW, Use::Noted).await.unwrap(), None);
    assert!(store.api_keys.delete(user, api_key(user, 1).id).await.unwrap());
    assert_eq!(store.api_keys.create(api_key(user, 3), 2).await, Ok(CreateKey::Created));
}

async fn many_keys_made_at_once_keep_the_bound(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let keys = store.api_keys.clone();
        racing.spawn(async move { keys.create(api_key(user, n), 3).await.unwrap() });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == CreateKey::Created).count(), 3);
    assert_eq!(store.api_keys.list(user).await.unwrap().len(), 3);
}

async fn a_stranger_gets_no_key(store: StorePorts) {
    let stranger = person(1).id;
    assert_eq!(store.api_keys.create(api_key(stranger, 1), 5).await, Ok(CreateKey::NoSuchUser));
    assert_eq!(store.api_keys.find_used(api_key(stranger, 1).hash, NOW, Use::Noted).await.unwrap(), None);
}

async fn a_key_is_deleted_once_and_only_by_its_owner(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let hers = api_key(ada, 1);
    store.api_keys.create(hers.clone(), 5).await.unwrap();
    store.api_keys.find_used(hers.hash, NOW, Use::Noted).await.unwrap().unwrap();
    assert!(!store.api_keys.delete(bob, hers.id).await.unwrap());
    assert_eq!(store.api_keys.list(ada).await.unwrap().len(), 1);
    assert!(store.api_keys.delete(ada, hers.id).await.unwrap());
    assert!(!store.api_keys.delete(ada, hers.id).await.unwrap());
    assert_eq!(store.api_keys.list(ada).await.unwrap(), []);
    // A store may answer from memory for a minute, not longer.
    assert_eq!(store.api_keys.find_used(hers.hash, NOW.plus(60_001), Use::Noted).await.unwrap(), None);
}
