//! What every store of sessions keeps.
//! Not here: when a session expires and which token is good; a store does not judge.

use std::collections::BTreeSet;

use dayline_app::ports::{CredentialId, StartSession, Started};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{Approval, DeviceLogin};
use dayline_domain::{Session, SessionId, UserId, UtcMs};

use super::Fact;
use super::device_logins::waiting;
use super::store::{NOW, StorePorts, hash, session, sign_out};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_started_session_is_found_and_listed_exactly", |s| {
        Box::pin(a_started_session_is_found_and_listed_exactly(s))
    }),
    Fact::new("a_second_sign_in_of_a_device_ends_the_first", |s| {
        Box::pin(a_second_sign_in_of_a_device_ends_the_first(s))
    }),
    Fact::new("two_people_may_name_their_devices_the_same", |s| {
        Box::pin(two_people_may_name_their_devices_the_same(s))
    }),
    Fact::new("beyond_the_bound_the_sessions_unused_for_longest_end", |s| {
        Box::pin(beyond_the_bound_the_sessions_unused_for_longest_end(s))
    }),
    Fact::new("a_new_session_stays_even_if_its_clock_is_behind", |s| {
        Box::pin(a_new_session_stays_even_if_its_clock_is_behind(s))
    }),
    Fact::new("a_sign_in_checked_against_an_old_password_is_refused", |s| {
        Box::pin(a_sign_in_checked_against_an_old_password_is_refused(s))
    }),
    Fact::new("a_stranger_can_not_sign_in", |s| Box::pin(a_stranger_can_not_sign_in(s))),
    Fact::new("a_sign_in_that_races_with_a_change_of_the_password_does_not_outlive_it", |s| {
        Box::pin(a_sign_in_that_races_with_a_change_of_the_password_does_not_outlive_it(s))
    }),
    Fact::new("a_sign_in_that_races_with_deletion_does_not_outlive_it", |s| {
        Box::pin(a_sign_in_that_races_with_deletion_does_not_outlive_it(s))
    }),
    Fact::new("many_sign_ins_of_one_device_leave_one_session", |s| {
        Box::pin(many_sign_ins_of_one_device_leave_one_session(s))
    }),
    Fact::new("a_session_by_code_uses_the_code_up", |s| Box::pin(a_session_by_code_uses_the_code_up(s))),
    Fact::new("a_code_that_changed_starts_no_session", |s| {
        Box::pin(a_code_that_changed_starts_no_session(s))
    }),
    Fact::new("of_many_sessions_by_one_code_exactly_one_starts", |s| {
        Box::pin(of_many_sessions_by_one_code_exactly_one_starts(s))
    }),
    Fact::new("a_rotation_is_stored", |s| Box::pin(a_rotation_is_stored(s))),
    Fact::new("a_rotation_from_another_generation_changes_nothing", |s| {
        Box::pin(a_rotation_from_another_generation_changes_nothing(s))
    }),
    Fact::new("of_many_rotations_from_one_generation_exactly_one_wins", |s| {
        Box::pin(of_many_rotations_from_one_generation_exactly_one_wins(s))
    }),
    Fact::new("a_rotation_does_not_bring_an_ended_session_back", |s| {
        Box::pin(a_rotation_does_not_bring_an_ended_session_back(s))
    }),
    Fact::new("sessions_are_listed_the_one_used_last_first", |s| {
        Box::pin(sessions_are_listed_the_one_used_last_first(s))
    }),
    Fact::new("a_session_ends_once_and_only_for_its_owner", |s| {
        Box::pin(a_session_ends_once_and_only_for_its_owner(s))
    }),
    Fact::new("all_sessions_but_one_end_together", |s| Box::pin(all_sessions_but_one_end_together(s))),
    Fact::new("ended_sessions_are_known_from_their_instant_on", |s| {
        Box::pin(ended_sessions_are_known_from_their_instant_on(s))
    }),
    Fact::new("a_purge_deletes_what_is_too_old_and_nothing_else", |s| {
        Box::pin(a_purge_deletes_what_is_too_old_and_nothing_else(s))
    }),
];

async fn a_started_session_is_found_and_listed_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let full = Session {
        device_name: Some(Label::new("Ada's \"laptop\"; DROP TABLE — ‏עברית 💻").unwrap()),
        previous_issued_at: NOW.plus(-7),
        token_hash: std::array::from_fn(|i| i as u8 * 8),
        ..session(user, 1)
    };
    let bare = Session { device_name: None, address: None, ..session(user, 2) };
    for expected in [full, bare] {
        assert_eq!(store.sessions.find(expected.id).await.unwrap(), None);
        assert_eq!(store.sign_in(expected.clone()).await, []);
        assert_eq!(store.sessions.find(expected.id).await.unwrap(), Some(expected.clone()));
        assert_eq!(store.sessions.list(user).await.unwrap()[0], expected);
    }
}

async fn a_second_sign_in_of_a_device_ends_the_first(store: StorePorts) {
    let user = store.register(1).await.id;
    let first = session(user, 1);
    let second = Session { device: first.device.clone(), ..session(user, 2) };
    store.sign_in(first.clone()).await;
    assert_eq!(store.sign_in(second.clone()).await, [first.id]);
    assert_eq!(store.sessions.find(first.id).await.unwrap(), None);
    let left = store.sessions.list(user).await.unwrap();
    assert_eq!(left, std::slice::from_ref(&second));
    assert_eq!(store.sessions.ended_since(second.created_at).await.unwrap(), [first.id]);
}

async fn two_people_may_name_their_devices_the_same(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.sign_in(session(ada, 1)).await;
    assert_eq!(store.sign_in(session(bob, 1)).await, []);
    assert_eq!(store.sessions.list(ada).await.unwrap(), [session(ada, 1)]);
}

async fn beyond_the_bound_the_sessions_unused_for_longest_end(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    store.sign_in(session(other, 0)).await;
    for n in [3, 1, 4, 2] {
        store.sign_in(session(user, n)).await;
    }
    let start =
        StartSession { session: session(user, 9), checked_against: None, code: None, max_per_user: 3 };
    let Started::Started { ended } = store.sessions.start(start).await.unwrap() else { panic!("refused") };
    assert_eq!(set(ended), set([session(user, 1).id, session(user, 2).id]));
    let left = store.sessions.list(user).await.unwrap();
    assert_eq!(left, [session(user, 9), session(user, 4), session(user, 3)]);
    assert_eq!(store.sessions.list(other).await.unwrap().len(), 1);
}

async fn a_new_session_stays_even_if_its_clock_is_behind(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 5)).await;
    let start =
        StartSession { session: session(user, 1), checked_against: None, code: None, max_per_user: 1 };
    let ended = store.sessions.start(start).await.unwrap();
    assert_eq!(ended, Started::Started { ended: vec![session(user, 5).id] });
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 1)]);
}

async fn a_sign_in_checked_against_an_old_password_is_refused(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let start = |checked| StartSession {
        session: Session { device: session(user, 1).device, ..session(user, 2) },
        checked_against: Some(hash(checked)),
        code: None,
        max_per_user: 50,
    };
    assert_eq!(store.sessions.start(start("other")).await.unwrap(), Started::Refused);
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 1)], "a refusal changed something");
    assert_ne!(store.sessions.start(start("first")).await.unwrap(), Started::Refused);
}

async fn a_stranger_can_not_sign_in(store: StorePorts) {
    let stranger = super::store::person(7).id;
    let start =
        StartSession { session: session(stranger, 1), checked_against: None, code: None, max_per_user: 50 };
    assert_eq!(store.sessions.start(start).await.unwrap(), Started::Refused);
    assert_eq!(store.sessions.find(session(stranger, 1).id).await.unwrap(), None);
}

async fn a_sign_in_that_races_with_a_change_of_the_password_does_not_outlive_it(store: StorePorts) {
    for n in 1..=20 {
        let user = store.register(n).await.id;
        let checked_against = Some(hash("first"));
        let start = StartSession { session: session(user, n), checked_against, code: None, max_per_user: 50 };
        let sessions = store.sessions.clone();
        let sign_in = tokio::spawn(async move { sessions.start(start).await.unwrap() });
        let changed =
            store.accounts.change_password(user, Some(hash("first")), hash("new"), sign_out(None, NOW));
        let changed = changed.await.unwrap().unwrap();
        match sign_in.await.unwrap() {
            Started::Started { .. } => assert_eq!(changed, [CredentialId::Session(session(user, n).id)]),
            Started::Refused => assert_eq!(changed, []),
        }
        assert_eq!(store.sessions.list(user).await.unwrap(), []);
    }
}

async fn a_sign_in_that_races_with_deletion_does_not_outlive_it(store: StorePorts) {
    for n in 1..=20 {
        let user = store.register(n).await.id;
        let start =
            StartSession { session: session(user, n), checked_against: None, code: None, max_per_user: 50 };
        let sessions = store.sessions.clone();
        let sign_in = tokio::spawn(async move { sessions.start(start).await.unwrap() });
        let ended = store.accounts.delete(user, NOW).await.unwrap().unwrap();
        let started = sign_in.await.unwrap() != Started::Refused;
        assert_eq!(ended.len(), usize::from(started));
        assert_eq!(store.sessions.find(session(user, n).id).await.unwrap(), None);
    }
}

async fn many_sign_ins_of_one_device_leave_one_session(store: StorePorts) {
    let user = store.register(1).await.id;
    let attempts: Vec<Session> =
        (0..30).map(|n| Session { device: session(user, 0).device, ..session(user, n) }).collect();
    let mut racing = tokio::task::JoinSet::new();
    for attempt in attempts.clone() {
        let store = store.clone();
        racing.spawn(async move { store.sign_in(attempt).await });
    }
    let mut ended: BTreeSet<SessionId> = racing.join_all().await.into_iter().flatten().collect();
    let left = store.sessions.list(user).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(set(store.sessions.ended_since(UtcMs(0)).await.unwrap()), ended);
    assert!(ended.insert(left[0].id));
    assert_eq!(ended, attempts.iter().map(|session| session.id).collect());
}

/// A request that this person has approved.
async fn approved(store: &StorePorts, user: UserId) -> DeviceLogin {
    store.device_logins.create(waiting(1)).await.unwrap();
    let by = session(user, 30);
    store.sign_in(by.clone()).await;
    let said = Approval::Approved { user, session: by.id };
    let approved = DeviceLogin { approval: said, revision: 1, ..waiting(1) };
    assert!(store.device_logins.replace(waiting(1), Some(approved.clone())).await.unwrap());
    approved
}

fn start_by(code: &DeviceLogin, session: Session) -> StartSession {
    StartSession { session, checked_against: None, code: Some(code.clone()), max_per_user: 50 }
}

async fn a_session_by_code_uses_the_code_up(store: StorePorts) {
    let user = store.register(1).await.id;
    let code = approved(&store, user).await;
    let first = store.sessions.start(start_by(&code, session(user, 1))).await.unwrap();
    assert_eq!(first, Started::Started { ended: Vec::new() });
    assert_eq!(store.device_logins.find_by_device_code(code.device_code).await.unwrap(), None);
    let second = store.sessions.start(start_by(&code, session(user, 2))).await.unwrap();
    assert_eq!(second, Started::Refused);
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 30), session(user, 1)]);
}

async fn a_code_that_changed_starts_no_session(store: StorePorts) {
    let user = store.register(1).await.id;
    let code = approved(&store, user).await;
    assert_eq!(
        store.sessions.start(start_by(&waiting(1), session(user, 1))).await.unwrap(),
        Started::Refused
    );
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 30)]);
    assert_eq!(store.device_logins.find_by_device_code(code.device_code).await.unwrap(), Some(code));
}

async fn of_many_sessions_by_one_code_exactly_one_starts(store: StorePorts) {
    let user = store.register(1).await.id;
    let code = approved(&store, user).await;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (sessions, start) = (store.sessions.clone(), start_by(&code, session(user, n)));
        racing.spawn(async move { sessions.start(start).await.unwrap() });
    }
    let started = racing.join_all().await.into_iter().filter(|outcome| *outcome != Started::Refused);
    assert_eq!(started.count(), 1);
    assert_eq!(store.sessions.list(user).await.unwrap().len(), 2);
}

async fn a_rotation_is_stored(store: StorePorts) {
    let user = store.register(1).await.id;
    let before = session(user, 1);
    store.sign_in(before.clone()).await;
    let once = before.rotated([7; 32], NOW.plus(5_000), Some("2001:db8:1::/48".into()));
    assert!(store.sessions.rotate(before.generation, once.clone()).await.unwrap());
    assert_eq!(store.sessions.find(once.id).await.unwrap(), Some(once.clone()));
    let twice = once.rotated([8; 32], NOW.plus(6_000), None);
    assert!(store.sessions.rotate(once.generation, twice.clone()).await.unwrap());
    assert_eq!(store.sessions.list(user).await.unwrap(), [twice]);
}

async fn a_rotation_from_another_generation_changes_nothing(store: StorePorts) {
    let user = store.register(1).await.id;
    let before = session(user, 1);
    store.sign_in(before.clone()).await;
    let once = before.rotated([7; 32], NOW.plus(5), None);
    let twice = once.rotated([8; 32], NOW.plus(6), None);
    assert!(!store.sessions.rotate(once.generation, twice).await.unwrap());
    assert_eq!(store.sessions.find(before.id).await.unwrap(), Some(before.clone()));
    assert!(store.sessions.rotate(before.generation, once.clone()).await.unwrap());
    assert!(!store.sessions.rotate(before.generation, before.rotated([9; 32], NOW, None)).await.unwrap());
    assert_eq!(store.sessions.find(before.id).await.unwrap(), Some(once));
}

async fn of_many_rotations_from_one_generation_exactly_one_wins(store: StorePorts) {
    let user = store.register(1).await.id;
    let before = session(user, 1);
    store.sign_in(before.clone()).await;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..50u8 {
        let (sessions, to) = (store.sessions.clone(), before.rotated([n; 32], NOW.plus(i64::from(n)), None));
        let from = before.generation;
        racing.spawn(async move { sessions.rotate(from, to.clone()).await.unwrap().then_some(to) });
    }
    let winners: Vec<Session> = racing.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.sessions.find(before.id).await.unwrap().as_ref(), winners.first());
}

async fn a_rotation_does_not_bring_an_ended_session_back(store: StorePorts) {
    let user = store.register(1).await.id;
    let before = session(user, 1);
    store.sign_in(before.clone()).await;
    assert!(store.sessions.end(user, before.id, NOW).await.unwrap());
    assert!(!store.sessions.rotate(before.generation, before.rotated([7; 32], NOW, None)).await.unwrap());
    assert_eq!(store.sessions.find(before.id).await.unwrap(), None);
}

async fn sessions_are_listed_the_one_used_last_first(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    for n in [2, 3, 1] {
        store.sign_in(session(user, n)).await;
        store.sign_in(session(other, n)).await;
    }
    let refreshed = session(user, 1).rotated([9; 32], NOW.plus(60_000), None);
    assert!(store.sessions.rotate(session(user, 1).generation, refreshed.clone()).await.unwrap());
    assert_eq!(store.sessions.list(user).await.unwrap(), [refreshed, session(user, 3), session(user, 2)]);
}

async fn a_session_ends_once_and_only_for_its_owner(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let hers = session(ada, 1);
    store.sign_in(hers.clone()).await;
    assert!(!store.sessions.end(bob, hers.id, NOW).await.unwrap());
    assert_eq!(store.sessions.find(hers.id).await.unwrap(), Some(hers.clone()));
    assert_eq!(store.sessions.ended_since(UtcMs(0)).await.unwrap(), []);
    assert!(store.sessions.end(ada, hers.id, NOW).await.unwrap());
    assert!(!store.sessions.end(ada, hers.id, NOW).await.unwrap());
    assert_eq!(store.sessions.find(hers.id).await.unwrap(), None);
}

async fn all_sessions_but_one_end_together(store: StorePorts) {
    let (user, other) = (store.register(1).await.id, store.register(2).await.id);
    for n in 1..=3 {
        store.sign_in(session(user, n)).await;
        store.sign_in(session(other, n)).await;
    }
    let keep = session(user, 2).id;
    let ended = store.sessions.end_all(user, sign_out(Some(keep), NOW)).await.unwrap();
    assert_eq!(ended.len(), 2);
    for n in [1, 3] {
        assert!(ended.contains(&CredentialId::Session(session(user, n).id)));
    }
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 2)]);
    // Somebody else's session keeps nothing.
    let theirs = sign_out(Some(session(other, 1).id), NOW);
    assert_eq!(store.sessions.end_all(user, theirs).await.unwrap(), [CredentialId::Session(keep)]);
    assert_eq!(store.sessions.end_all(user, sign_out(None, NOW)).await.unwrap(), []);
    assert_eq!(store.sessions.list(other).await.unwrap().len(), 3);
}

async fn ended_sessions_are_known_from_their_instant_on(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.sign_in(session(ada, 1)).await;
    store.sign_in(session(bob, 1)).await;
    store.sessions.end(ada, session(ada, 1).id, NOW).await.unwrap();
    store.sessions.end(bob, session(bob, 1).id, NOW.plus(1)).await.unwrap();
    let both = set([session(ada, 1).id, session(bob, 1).id]);
    assert_eq!(set(store.sessions.ended_since(NOW).await.unwrap()), both);
    assert_eq!(store.sessions.ended_since(NOW.plus(1)).await.unwrap(), [session(bob, 1).id]);
    assert_eq!(store.sessions.ended_since(NOW.plus(2)).await.unwrap(), []);
}

async fn a_purge_deletes_what_is_too_old_and_nothing_else(store: StorePorts) {
    let user = store.register(1).await.id;
    for n in 1..=4 {
        store.sign_in(session(user, n)).await;
    }
    let refreshed = session(user, 1).rotated([9; 32], NOW.plus(60_000), None);
    store.sessions.rotate(session(user, 1).generation, refreshed).await.unwrap();
    store.sessions.end(user, session(user, 4).id, NOW).await.unwrap();

    // The first was created at 1 s and used at 60 s, the second at 2 s, the third at 3 s.
    let at = |s: i64| NOW.plus(1_000 * s);
    assert_eq!(store.sessions.purge(NOW, at(2), at(1)).await.unwrap(), 0);
    assert_eq!(store.sessions.purge(NOW, at(3), at(1)).await.unwrap(), 1);
    assert_eq!(store.sessions.find(session(user, 2).id).await.unwrap(), None);
    assert_eq!(store.sessions.purge(NOW, at(3), at(2)).await.unwrap(), 1);
    assert_eq!(store.sessions.list(user).await.unwrap(), [session(user, 3)]);
    assert_eq!(store.sessions.ended_since(UtcMs(0)).await.unwrap(), [session(user, 4).id]);
    assert_eq!(store.sessions.purge(NOW.plus(1), UtcMs(0), UtcMs(0)).await.unwrap(), 0);
    assert_eq!(store.sessions.ended_since(UtcMs(0)).await.unwrap(), []);
}

fn set(ids: impl IntoIterator<Item = SessionId>) -> BTreeSet<SessionId> {
    ids.into_iter().collect()
}
