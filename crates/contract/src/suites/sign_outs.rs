//! What ends together: sessions, the codes that they approved, and keys if that is wanted.

use dayline_app::ports::{CredentialId, SignOut, StartSession, Started, Use};
use dayline_domain::identity::device_login::{Approval, DeviceLogin};
use dayline_domain::{Session, UserId};

use super::Fact;
use super::device_logins::waiting;
use super::store::{NOW, StorePorts, api_key, hash, session, sign_out};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_code_ends_with_the_session_that_approved_it", |s| {
        Box::pin(a_code_ends_with_the_session_that_approved_it(s))
    }),
    Fact::new("a_code_ends_with_all_sessions_and_with_a_change_of_the_password", |s| {
        Box::pin(a_code_ends_with_all_sessions_and_with_a_change_of_the_password(s))
    }),
    Fact::new("a_code_ends_when_another_sign_in_replaces_the_session_that_approved_it", |s| {
        Box::pin(a_code_ends_when_another_sign_in_replaces_the_session_that_approved_it(s))
    }),
    Fact::new("a_code_ends_when_the_session_that_approved_it_is_purged", |s| {
        Box::pin(a_code_ends_when_the_session_that_approved_it_is_purged(s))
    }),
    Fact::new("other_codes_survive_a_sign_out", |s| Box::pin(other_codes_survive_a_sign_out(s))),
    Fact::new("a_code_exchanged_while_its_person_signs_out_leaves_no_session", |s| {
        Box::pin(a_code_exchanged_while_its_person_signs_out_leaves_no_session(s))
    }),
    Fact::new("an_approval_that_races_with_a_sign_out_does_not_outlive_it", |s| {
        Box::pin(an_approval_that_races_with_a_sign_out_does_not_outlive_it(s))
    }),
    Fact::new("keys_end_with_a_sign_out_only_if_that_is_wanted", |s| {
        Box::pin(keys_end_with_a_sign_out_only_if_that_is_wanted(s))
    }),
    Fact::new("keys_end_with_a_change_of_the_password_only_if_that_is_wanted", |s| {
        Box::pin(keys_end_with_a_change_of_the_password_only_if_that_is_wanted(s))
    }),
];

/// The `n`-th device's request, approved in a session.
async fn approved(store: &StorePorts, n: u8, by: &Session) -> DeviceLogin {
    assert!(store.device_logins.create(waiting(n)).await.unwrap());
    let said = Approval::Approved { user: by.user, session: by.id };
    let approved = DeviceLogin { approval: said, revision: 1, ..waiting(n) };
    assert!(store.device_logins.replace(waiting(n), Some(approved.clone())).await.unwrap());
    approved
}

fn by_code(code: &DeviceLogin, session: Session) -> StartSession {
    StartSession { session, checked_against: None, code: Some(code.clone()), max_per_user: 50 }
}

async fn assert_void(store: &StorePorts, code: &DeviceLogin, user: UserId) {
    assert_eq!(store.device_logins.find_by_device_code(code.device_code).await.unwrap(), None);
    let late = store.sessions.start(by_code(code, session(user, 90))).await.unwrap();
    assert_eq!(late, Started::Refused);
}

async fn a_code_ends_with_the_session_that_approved_it(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let code = approved(&store, 1, &session(user, 1)).await;
    assert!(store.sessions.end(user, session(user, 1).id, NOW).await.unwrap());
    assert_void(&store, &code, user).await;
}

async fn a_code_ends_with_all_sessions_and_with_a_change_of_the_password(store: StorePorts) {
    let user = store.register(1).await.id;
    let (kept, other) = (session(user, 1), session(user, 2));
    store.sign_in(kept.clone()).await;
    store.sign_in(other.clone()).await;
    let code = approved(&store, 1, &other).await;
    let by_kept = approved(&store, 2, &kept).await;
    store.sessions.end_all(user, sign_out(Some(kept.id), NOW)).await.unwrap();
    assert_void(&store, &code, user).await;
    let found = store.device_logins.find_by_device_code(by_kept.device_code).await.unwrap();
    assert_eq!(found.as_ref(), Some(&by_kept), "its session goes on");

    store.accounts.change_password(user, None, hash("new"), sign_out(None, NOW)).await.unwrap();
    assert_void(&store, &by_kept, user).await;
}

async fn a_code_ends_when_another_sign_in_replaces_the_session_that_approved_it(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let code = approved(&store, 1, &session(user, 1)).await;
    store.sign_in(Session { device: session(user, 1).device, ..session(user, 2) }).await;
    assert_void(&store, &code, user).await;

    let code = approved(&store, 1, &session(user, 2)).await;
    let crowded =
        StartSession { session: session(user, 3), checked_against: None, code: None, max_per_user: 1 };
    store.sessions.start(crowded).await.unwrap();
    assert_void(&store, &code, user).await;
}

async fn a_code_ends_when_the_session_that_approved_it_is_purged(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let code = approved(&store, 1, &session(user, 1)).await;
    assert_eq!(store.sessions.purge(NOW, NOW.plus(60_000), NOW).await.unwrap(), 1);
    assert_void(&store, &code, user).await;
}

async fn other_codes_survive_a_sign_out(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.sign_in(session(ada, 1)).await;
    store.sign_in(session(bob, 1)).await;
    let of_bob = approved(&store, 1, &session(bob, 1)).await;
    store.device_logins.create(waiting(2)).await.unwrap();
    store.sessions.end_all(ada, sign_out(None, NOW)).await.unwrap();
    let found = store.device_logins.find_by_device_code(of_bob.device_code).await.unwrap();
    assert_eq!(found.as_ref(), Some(&of_bob));
    let pending = store.device_logins.find_by_device_code(waiting(2).device_code).await.unwrap();
    assert_eq!(pending, Some(waiting(2)));
    let started = store.sessions.start(by_code(&of_bob, session(bob, 2))).await.unwrap();
    assert_ne!(started, Started::Refused);
}

async fn a_code_exchanged_while_its_person_signs_out_leaves_no_session(store: StorePorts) {
    for n in 1..=20 {
        let user = store.register(n).await.id;
        store.sign_in(session(user, 1)).await;
        let code = approved(&store, n as u8, &session(user, 1)).await;
        let (sessions, start) = (store.sessions.clone(), by_code(&code, session(user, 2)));
        let exchange = tokio::spawn(async move { sessions.start(start).await.unwrap() });
        store.sessions.end_all(user, sign_out(None, NOW)).await.unwrap();
        exchange.await.unwrap();
        assert_eq!(store.sessions.list(user).await.unwrap(), []);
    }
}

async fn an_approval_that_races_with_a_sign_out_does_not_outlive_it(store: StorePorts) {
    for n in 1..=20 {
        let user = store.register(n).await.id;
        let by = session(user, 1);
        store.sign_in(by.clone()).await;
        let code = waiting(n as u8);
        store.device_logins.create(code.clone()).await.unwrap();
        let said = Approval::Approved { user, session: by.id };
        let approved = DeviceLogin { approval: said, revision: 1, ..code.clone() };
        let (logins, from, to) = (store.device_logins.clone(), code.clone(), approved.clone());
        let approve = tokio::spawn(async move { logins.replace(from, Some(to)).await.unwrap() });
        store.sessions.end_all(user, sign_out(None, NOW)).await.unwrap();
        approve.await.unwrap();
        let late = store.sessions.start(by_code(&approved, session(user, 2))).await.unwrap();
        assert_eq!(late, Started::Refused);
    }
}

async fn keys_end_with_a_sign_out_only_if_that_is_wanted(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    for person in [user, other] {
        store.sign_in(session(person, 1)).await;
        store.api_keys.create(api_key(person, 1), 5).await.unwrap();
    }
    let key = api_key(user, 1);
    // So that an implementation may remember it.
    store.api_keys.find_used(key.hash, NOW.plus(1), Use::Noted).await.unwrap().unwrap();
    let ended = store.sessions.end_all(user, sign_out(None, NOW)).await.unwrap();
    assert_eq!(ended, [CredentialId::Session(session(user, 1).id)]);
    assert_eq!(store.api_keys.list(user).await.unwrap().len(), 1);

    let all = SignOut { api_keys: true, ..sign_out(None, NOW) };
    assert_eq!(store.sessions.end_all(user, all).await.unwrap(), [CredentialId::Key(key.id)]);
    assert_eq!(store.api_keys.list(user).await.unwrap(), []);
    assert_eq!(store.api_keys.find_used(key.hash, NOW.plus(2), Use::Noted).await.unwrap(), None);
    assert_eq!(store.api_keys.list(other).await.unwrap().len(), 1);
}

async fn keys_end_with_a_change_of_the_password_only_if_that_is_wanted(store: StorePorts) {
    let user = store.register(1).await.id;
    let key = api_key(user, 1);
    store.api_keys.create(key.clone(), 5).await.unwrap();
    let changed = store.accounts.change_password(user, None, hash("a"), sign_out(None, NOW)).await;
    assert_eq!(changed.unwrap(), Some(Vec::new()));
    assert_eq!(store.api_keys.list(user).await.unwrap().len(), 1);
    let all = SignOut { api_keys: true, ..sign_out(None, NOW) };

    let refused = store.accounts.change_password(user, Some(hash("other")), hash("b"), all).await;
    assert_eq!(refused.unwrap(), None);
    assert_eq!(store.api_keys.list(user).await.unwrap().len(), 1, "a refusal deleted a key");
    let changed = store.accounts.change_password(user, None, hash("b"), all).await.unwrap();
    assert_eq!(changed, Some(vec![CredentialId::Key(key.id)]));
    assert_eq!(store.api_keys.list(user).await.unwrap(), []);
}
