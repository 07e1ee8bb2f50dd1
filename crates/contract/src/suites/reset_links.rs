//! What every store of links to new passwords keeps.

use dayline_app::ports::{CredentialId, PasswordHash, Redeemed, ResetLink};
use dayline_domain::UserId;
use dayline_domain::identity::session::TokenHash;

use super::Fact;
use super::store::{NOW, StorePorts, api_key, hash, person, session, sign_out};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_link_is_found_as_it_was_made_also_when_it_is_expired", |s| {
        Box::pin(a_link_is_found_as_it_was_made_also_when_it_is_expired(s))
    }),
    Fact::new("a_person_has_one_link_the_last_one", |s| Box::pin(a_person_has_one_link_the_last_one(s))),
    Fact::new("a_link_sets_a_password_once_and_ends_all_sessions_and_no_key", |s| {
        Box::pin(a_link_sets_a_password_once_and_ends_all_sessions_and_no_key(s))
    }),
    Fact::new("of_many_who_use_a_link_at_once_exactly_one_sets_the_password", |s| {
        Box::pin(of_many_who_use_a_link_at_once_exactly_one_sets_the_password(s))
    }),
    Fact::new("an_expired_link_changes_nothing", |s| Box::pin(an_expired_link_changes_nothing(s))),
    Fact::new("a_link_ends_with_a_new_password_and_with_its_person", |s| {
        Box::pin(a_link_ends_with_a_new_password_and_with_its_person(s))
    }),
    Fact::new("only_expired_links_are_purged", |s| Box::pin(only_expired_links_are_purged(s))),
];

/// The `n`-th link of a person, good for `n` seconds.
fn link(user: UserId, n: u8) -> ResetLink {
    ResetLink { hash: secret(n), user, expires_at: NOW.plus(1_000 * i64::from(n)) }
}

fn secret(n: u8) -> TokenHash {
    [n; 32]
}

async fn password(store: &StorePorts, user: UserId) -> Option<PasswordHash> {
    store.accounts.password_of(user).await.unwrap()
}

async fn a_link_is_found_as_it_was_made_also_when_it_is_expired(store: StorePorts) {
    let [ada, bob] = [store.register(1).await.id, store.register(2).await.id];
    let old = ResetLink { expires_at: NOW.plus(-1), ..link(bob, 2) };
    for link in [link(ada, 1), old] {
        assert_eq!(store.reset_links.make(link).await, Ok(true));
        assert_eq!(store.reset_links.find(link.hash).await, Ok(Some(link)));
    }
    assert_eq!(store.reset_links.find(secret(3)).await, Ok(None));
    assert_eq!(store.reset_links.make(link(person(3).id, 3)).await, Ok(false));
    assert_eq!(store.reset_links.find(secret(3)).await, Ok(None));
}

async fn a_person_has_one_link_the_last_one(store: StorePorts) {
    let [ada, bob] = [store.register(1).await.id, store.register(2).await.id];
    for link in [link(bob, 9), link(ada, 1), link(ada, 2)] {
        store.reset_links.make(link).await.unwrap();
    }
    assert_eq!(store.reset_links.find(secret(1)).await, Ok(None));
    assert_eq!(store.reset_links.redeem(secret(1), hash("new"), NOW).await, Ok(None));
    assert_eq!(store.reset_links.find(secret(2)).await, Ok(Some(link(ada, 2))));
    assert_eq!(store.reset_links.find(secret(9)).await, Ok(Some(link(bob, 9))));
}

async fn a_link_sets_a_password_once_and_ends_all_sessions_and_no_key(store: StorePorts) {
    let [ada, bob] = [store.register(1).await.id, store.register(2).await.id];
    store.sign_in(session(ada, 1)).await;
    store.sign_in(session(bob, 1)).await;
    store.api_keys.create(api_key(ada, 1), 5).await.unwrap();
    store.reset_links.make(link(ada, 1)).await.unwrap();
    let ended = vec![CredentialId::Session(session(ada, 1).id)];
    let redeemed = store.reset_links.redeem(secret(1), hash("new"), NOW.plus(7)).await;
    assert_eq!(redeemed, Ok(Some(Redeemed { user: ada, ended })));
    assert_eq!(password(&store, ada).await, Some(hash("new")));
    assert_eq!(store.accounts.find(ada).await.unwrap().unwrap().updated_at, NOW.plus(7));
    assert_eq!(store.sessions.list(ada).await.unwrap(), []);
    assert_eq!(store.api_keys.list(ada).await.unwrap().len(), 1);
    assert_eq!(store.sessions.list(bob).await.unwrap().len(), 1);

    assert_eq!(store.reset_links.redeem(secret(1), hash("again"), NOW.plus(8)).await, Ok(None));
    assert_eq!(store.reset_links.find(secret(1)).await, Ok(None));
    assert_eq!(password(&store, ada).await, Some(hash("new")));
    assert_eq!(password(&store, bob).await, Some(hash("first")));
}

async fn of_many_who_use_a_link_at_once_exactly_one_sets_the_password(store: StorePorts) {
    let ada = store.register(1).await.id;
    store.reset_links.make(link(ada, 1)).await.unwrap();
    let attempts: Vec<_> = (0..8)
        .map(|n| {
            let links = store.reset_links.clone();
            let to = hash(&format!("new {n}"));
            tokio::spawn(async move { links.redeem(secret(1), to.clone(), NOW).await.unwrap().map(|_| to) })
        })
        .collect();
    let mut set = Vec::new();
    for attempt in attempts {
        set.extend(attempt.await.unwrap());
    }
    assert_eq!(set.len(), 1);
    assert_eq!(password(&store, ada).await, set.pop());
}

async fn an_expired_link_changes_nothing(store: StorePorts) {
    let ada = store.register(1).await.id;
    store.sign_in(session(ada, 1)).await;
    store.reset_links.make(link(ada, 1)).await.unwrap();
    assert_eq!(store.reset_links.redeem(secret(1), hash("new"), link(ada, 1).expires_at).await, Ok(None));
    assert_eq!(password(&store, ada).await, Some(hash("first")));
    assert_eq!(store.sessions.list(ada).await.unwrap().len(), 1);
    let just_before = link(ada, 1).expires_at.plus(-1);
    assert!(store.reset_links.redeem(secret(1), hash("new"), just_before).await.unwrap().is_some());
}

async fn a_link_ends_with_a_new_password_and_with_its_person(store: StorePorts) {
    let [ada, bob] = [store.register(1).await.id, store.register(2).await.id];
    store.reset_links.make(link(ada, 1)).await.unwrap();
    store.reset_links.make(link(bob, 2)).await.unwrap();
    store.accounts.change_password(ada, None, hash("set"), sign_out(None, NOW)).await.unwrap();
    assert_eq!(store.reset_links.redeem(secret(1), hash("new"), NOW).await, Ok(None));
    assert_eq!(password(&store, ada).await, Some(hash("set")));
    store.accounts.delete(bob, NOW).await.unwrap();
    assert_eq!(store.reset_links.find(secret(2)).await, Ok(None));
    assert_eq!(store.reset_links.redeem(secret(2), hash("new"), NOW).await, Ok(None));
}

async fn only_expired_links_are_purged(store: StorePorts) {
    let people = [store.register(1).await.id, store.register(2).await.id, store.register(3).await.id];
    for (user, n) in people.into_iter().zip(1..) {
        store.reset_links.make(link(user, n)).await.unwrap();
    }
    assert_eq!(store.reset_links.purge(link(people[1], 2).expires_at).await, Ok(2));
    assert_eq!(store.reset_links.find(secret(2)).await, Ok(None));
    assert_eq!(store.reset_links.find(secret(3)).await, Ok(Some(link(people[2], 3))));
}
