//! What every store of waiting devices keeps.

use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{Approval, DeviceLogin, UserCode};
use dayline_domain::{DeviceId, UtcMs};

use super::Fact;
use super::store::{NOW, StorePorts, person, session};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_waiting_device_is_found_exactly_by_either_code", |s| {
        Box::pin(a_waiting_device_is_found_exactly_by_either_code(s))
    }),
    Fact::new("a_user_code_in_use_is_refused", |s| Box::pin(a_user_code_in_use_is_refused(s))),
    Fact::new("every_answer_of_the_person_is_kept", |s| Box::pin(every_answer_of_the_person_is_kept(s))),
    Fact::new("a_change_from_an_old_revision_changes_nothing", |s| {
        Box::pin(a_change_from_an_old_revision_changes_nothing(s))
    }),
    Fact::new("of_many_changes_from_one_revision_exactly_one_wins", |s| {
        Box::pin(of_many_changes_from_one_revision_exactly_one_wins(s))
    }),
    Fact::new("a_code_is_used_up_once", |s| Box::pin(a_code_is_used_up_once(s))),
    Fact::new("only_a_session_that_is_alive_approves_and_only_for_its_person", |s| {
        Box::pin(only_a_session_that_is_alive_approves_and_only_for_its_person(s))
    }),
    Fact::new("a_purge_deletes_the_old_ones_and_frees_their_codes", |s| {
        Box::pin(a_purge_deletes_the_old_ones_and_frees_their_codes(s))
    }),
];

/// The `n`-th sample device that waits.
pub(super) fn waiting(n: u8) -> DeviceLogin {
    DeviceLogin {
        device_code: [n; 32],
        user_code: UserCode::from_random(&[n; 8]).unwrap(),
        device: DeviceId::new(&format!("device {n}")).unwrap(),
        device_name: None,
        address: None,
        created_at: NOW.plus(i64::from(n)),
        approval: Approval::Pending,
        interval_s: 5,
        polled_at: None,
        revision: 0,
    }
}

async fn a_waiting_device_is_found_exactly_by_either_code(store: StorePorts) {
    let full = DeviceLogin {
        device_name: Some(Label::new("Kitchen — ‏שלום").unwrap()),
        address: Some("2001:db8:1::/48".into()),
        polled_at: Some(NOW.plus(77)),
        interval_s: 15,
        revision: u32::MAX,
        ..waiting(1)
    };
    for login in [full, waiting(2)] {
        assert!(store.device_logins.create(login.clone()).await.unwrap());
        let found = store.device_logins.find_by_user_code(login.user_code.clone()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&login));
        let found = store.device_logins.find_by_device_code(login.device_code).await.unwrap();
        assert_eq!(found, Some(login));
    }
    assert_eq!(store.device_logins.find_by_user_code(waiting(3).user_code).await.unwrap(), None);
    assert_eq!(store.device_logins.find_by_device_code(waiting(3).device_code).await.unwrap(), None);
}

async fn a_user_code_in_use_is_refused(store: StorePorts) {
    assert!(store.device_logins.create(waiting(1)).await.unwrap());
    let other = DeviceLogin { user_code: waiting(1).user_code, ..waiting(2) };
    assert!(!store.device_logins.create(other).await.unwrap());
    assert_eq!(store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap(), Some(waiting(1)));
    assert_eq!(store.device_logins.find_by_device_code(waiting(2).device_code).await.unwrap(), None);
}

async fn every_answer_of_the_person_is_kept(store: StorePorts) {
    let user = store.register(1).await.id;
    store.sign_in(session(user, 1)).await;
    let approved = Approval::Approved { user, session: session(user, 1).id };
    for (n, approval) in [(1, approved), (2, Approval::Denied), (3, Approval::Pending)] {
        store.device_logins.create(waiting(n)).await.unwrap();
        let decided =
            DeviceLogin { approval, interval_s: 10, polled_at: Some(NOW), revision: 1, ..waiting(n) };
        assert!(store.device_logins.replace(waiting(n), Some(decided.clone())).await.unwrap());
        let found = store.device_logins.find_by_device_code(decided.device_code).await.unwrap();
        assert_eq!(found, Some(decided));
    }
}

async fn a_change_from_an_old_revision_changes_nothing(store: StorePorts) {
    store.device_logins.create(waiting(1)).await.unwrap();
    let polled = DeviceLogin { polled_at: Some(NOW), revision: 1, ..waiting(1) };
    assert!(store.device_logins.replace(waiting(1), Some(polled.clone())).await.unwrap());
    let denied = DeviceLogin { approval: Approval::Denied, revision: 1, ..waiting(1) };
    assert!(!store.device_logins.replace(waiting(1), Some(denied)).await.unwrap());
    assert!(!store.device_logins.replace(waiting(1), None).await.unwrap());
    assert_eq!(store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap(), Some(polled));
    assert!(!store.device_logins.replace(waiting(2), Some(waiting(2))).await.unwrap());
}

async fn of_many_changes_from_one_revision_exactly_one_wins(store: StorePorts) {
    store.device_logins.create(waiting(1)).await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let logins = store.device_logins.clone();
        let to = DeviceLogin { polled_at: Some(UtcMs(n)), revision: 1, ..waiting(1) };
        racing
            .spawn(async move { logins.replace(waiting(1), Some(to.clone())).await.unwrap().then_some(to) });
    }
    let winners: Vec<_> = racing.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let found = store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap();
    assert_eq!(found.as_ref(), winners.first());
}

async fn a_code_is_used_up_once(store: StorePorts) {
    store.device_logins.create(waiting(1)).await.unwrap();
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let logins = store.device_logins.clone();
        racing.spawn(async move { logins.replace(waiting(1), None).await.unwrap() });
    }
    assert_eq!(racing.join_all().await.into_iter().filter(|used| *used).count(), 1);
    assert_eq!(store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap(), None);
}

async fn only_a_session_that_is_alive_approves_and_only_for_its_person(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    store.sign_in(session(ada, 1)).await;
    store.sign_in(session(ada, 2)).await;
    store.sessions.end(ada, session(ada, 2).id, NOW).await.unwrap();
    store.device_logins.create(waiting(1)).await.unwrap();
    let stranger = person(3).id;
    for (user, session) in [
        (ada, session(ada, 2)),
        (ada, session(ada, 3)),
        (bob, session(ada, 1)),
        (stranger, session(ada, 1)),
        (stranger, session(stranger, 1)),
    ] {
        let approval = Approval::Approved { user, session: session.id };
        let approved = DeviceLogin { approval, revision: 1, ..waiting(1) };
        assert!(!store.device_logins.replace(waiting(1), Some(approved)).await.unwrap());
    }
    assert_eq!(store.device_logins.find_by_user_code(waiting(1).user_code).await.unwrap(), Some(waiting(1)));
}

async fn a_purge_deletes_the_old_ones_and_frees_their_codes(store: StorePorts) {
    for n in 1..=3 {
        store.device_logins.create(waiting(n)).await.unwrap();
    }
    assert_eq!(store.device_logins.purge(waiting(1).created_at).await.unwrap(), 0);
    assert_eq!(store.device_logins.purge(waiting(3).created_at).await.unwrap(), 2);
    assert_eq!(store.device_logins.find_by_user_code(waiting(2).user_code).await.unwrap(), None);
    assert_eq!(store.device_logins.find_by_user_code(waiting(3).user_code).await.unwrap(), Some(waiting(3)));
    assert!(store.device_logins.create(waiting(1)).await.unwrap());
}
