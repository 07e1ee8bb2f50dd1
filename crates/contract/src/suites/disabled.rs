//! What every store keeps of whom an operator lets in, and in which order it lists people.

use dayline_app::ports::{CreateKey, CredentialId, StartSession, Started, Use, User};
use dayline_domain::UserId;
use dayline_domain::identity::device_login::{Approval, DeviceLogin};

use super::Fact;
use super::device_logins::waiting;
use super::store::{NOW, StorePorts, api_key, hash, person, session};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("people_are_listed_in_the_order_of_their_identities", |s| {
        Box::pin(people_are_listed_in_the_order_of_their_identities(s))
    }),
    Fact::new("who_is_disabled_is_signed_out_and_it_is_known_since_when", |s| {
        Box::pin(who_is_disabled_is_signed_out_and_it_is_known_since_when(s))
    }),
    Fact::new("nobody_who_is_disabled_gets_a_session", |s| {
        Box::pin(nobody_who_is_disabled_gets_a_session(s))
    }),
    Fact::new("keys_of_who_is_disabled_are_not_found_until_they_are_enabled", |s| {
        Box::pin(keys_of_who_is_disabled_are_not_found_until_they_are_enabled(s))
    }),
    Fact::new("a_stranger_is_neither_disabled_nor_enabled", |s| {
        Box::pin(a_stranger_is_neither_disabled_nor_enabled(s))
    }),
    Fact::new("a_sign_in_that_races_with_disabling_leaves_no_session", |s| {
        Box::pin(a_sign_in_that_races_with_disabling_leaves_no_session(s))
    }),
];

fn by_password(user: UserId, n: u64) -> StartSession {
    let checked_against = Some(hash("first"));
    StartSession { session: session(user, n), checked_against, code: None, max_per_user: 50 }
}

async fn people_are_listed_in_the_order_of_their_identities(store: StorePorts) {
    assert_eq!(store.accounts.list(None, 10).await.unwrap(), []);
    for n in [4, 2, 5, 1, 3] {
        store.register(n).await;
    }
    let mut found: Vec<User> = Vec::new();
    loop {
        let page = store.accounts.list(found.last().map(|person| person.id), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, [1, 2, 3, 4, 5].map(person));
}

async fn who_is_disabled_is_signed_out_and_it_is_known_since_when(store: StorePorts) {
    let (ada, bob) = (store.register(1).await, store.register(2).await);
    for user in [ada.id, bob.id] {
        store.sign_in(session(user, 1)).await;
        store.sign_in(session(user, 2)).await;
    }
    let ended = store.accounts.disable(ada.id, NOW.plus(5)).await.unwrap().unwrap();
    let mut sessions = ended.clone();
    sessions.sort_by_key(|ended| format!("{ended:?}"));
    let mut expected = [1, 2].map(|n| CredentialId::Session(session(ada.id, n).id));
    expected.sort_by_key(|ended| format!("{ended:?}"));
    assert_eq!(sessions, expected);
    assert_eq!(store.sessions.list(ada.id).await.unwrap(), []);
    assert_eq!(store.sessions.ended_since(NOW).await.unwrap().len(), 2);
    assert_eq!(store.sessions.list(bob.id).await.unwrap().len(), 2);

    assert_eq!(store.accounts.disable(ada.id, NOW.plus(9)).await, Ok(Some(Vec::new())));
    let disabled = User { disabled_at: Some(NOW.plus(5)), ..ada.clone() };
    assert_eq!(store.accounts.find(ada.id).await, Ok(Some(disabled.clone())));
    let by_email = store.accounts.find_by_email(ada.email.clone()).await.unwrap().unwrap();
    assert_eq!(by_email, (disabled.clone(), hash("first")));
    assert_eq!(store.accounts.list(None, 10).await.unwrap(), [disabled, bob]);
    assert_eq!(store.accounts.enable(ada.id).await, Ok(true));
    assert_eq!(store.accounts.find(ada.id).await, Ok(Some(ada)));
}

async fn nobody_who_is_disabled_gets_a_session(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    store.device_logins.create(waiting(1)).await.unwrap();
    let approval = Approval::Approved { user, session: session(user, 1).id };
    let code = DeviceLogin { approval, revision: 1, ..waiting(1) };
    assert!(store.device_logins.replace(waiting(1), Some(code.clone())).await.unwrap());
    store.accounts.disable(user, NOW).await.unwrap();
    let by_code = StartSession { checked_against: None, code: Some(code), ..by_password(user, 2) };
    for start in [by_code, by_password(user, 3)] {
        assert_eq!(store.sessions.start(start).await, Ok(Started::Refused));
    }
    store.accounts.enable(user).await.unwrap();
    assert_ne!(store.sessions.start(by_password(user, 3)).await, Ok(Started::Refused));
}

async fn keys_of_who_is_disabled_are_not_found_until_they_are_enabled(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for user in [ada, bob] {
        assert_eq!(store.api_keys.create(api_key(user, 1), 5).await, Ok(CreateKey::Created));
    }
    store.accounts.disable(ada, NOW).await.unwrap();
    assert_eq!(store.api_keys.find_used(api_key(ada, 1).hash, NOW, Use::Noted).await, Ok(None));
    assert!(store.api_keys.find_used(api_key(bob, 1).hash, NOW, Use::Noted).await.unwrap().is_some());
    store.accounts.enable(ada).await.unwrap();
    let found = store.api_keys.find_used(api_key(ada, 1).hash, NOW, Use::Noted).await.unwrap();
    assert_eq!(found.map(|key| key.id), Some(api_key(ada, 1).id));
}

async fn a_stranger_is_neither_disabled_nor_enabled(store: StorePorts) {
    store.register(1).await;
    assert_eq!(store.accounts.disable(person(2).id, NOW).await, Ok(None));
    assert_eq!(store.accounts.enable(person(2).id).await, Ok(false));
    assert_eq!(store.accounts.list(None, 10).await.unwrap(), [person(1)]);
}

async fn a_sign_in_that_races_with_disabling_leaves_no_session(store: StorePorts) {
    let user = store.register(1).await.id;
    for n in 1..=20 {
        let other = store.clone();
        let sign_in = tokio::spawn(async move { other.sessions.start(by_password(user, n)).await.unwrap() });
        let ended = store.accounts.disable(user, NOW).await.unwrap().unwrap();
        let started = sign_in.await.unwrap();
        assert_eq!(store.sessions.list(user).await.unwrap(), [], "{started:?}, {ended:?}");
        store.accounts.enable(user).await.unwrap();
    }
}
