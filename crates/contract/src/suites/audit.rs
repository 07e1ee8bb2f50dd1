//! What every audit log keeps.

use dayline_app::ports::{AuditEvent, AuditKind};
use dayline_domain::{UserId, UtcMs};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("every_kind_of_entry_is_kept_exactly", |s| Box::pin(every_kind_of_entry_is_kept_exactly(s))),
    Fact::new("entries_are_listed_the_newest_first_a_page_at_a_time", |s| {
        Box::pin(entries_are_listed_the_newest_first_a_page_at_a_time(s))
    }),
    Fact::new("people_do_not_read_each_others_entries", |s| {
        Box::pin(people_do_not_read_each_others_entries(s))
    }),
    Fact::new("an_entry_of_a_person_who_is_gone_is_not_kept", |s| {
        Box::pin(an_entry_of_a_person_who_is_gone_is_not_kept(s))
    }),
    Fact::new("a_purge_deletes_old_entries_only", |s| Box::pin(a_purge_deletes_old_entries_only(s))),
];

fn event(user: UserId, at: i64) -> AuditEvent {
    AuditEvent { user, at: NOW.plus(at), kind: AuditKind::SignedIn, subject: None, address: None }
}

async fn every_kind_of_entry_is_kept_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    for kind in AuditKind::ALL {
        let full = AuditEvent {
            kind,
            subject: Some("laptop — ‏שלום".into()),
            address: Some("192.0.2.0/24".into()),
            ..event(user, 1)
        };
        for event in [full, AuditEvent { kind, ..event(user, 2) }] {
            store.audit.append(event.clone()).await.unwrap();
            assert_eq!(store.audit.list(user, None, 1).await.unwrap()[0].event, event);
        }
    }
}

async fn entries_are_listed_the_newest_first_a_page_at_a_time(store: StorePorts) {
    let user = store.register(1).await.id;
    for n in 0..7 {
        store.audit.append(event(user, n)).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.audit.list(user, before, 3).await.unwrap();
        assert!(page.len() <= 3);
        assert!(page.is_sorted_by(|newer, older| newer.id > older.id));
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.into_iter().map(|entry| entry.event.at.since(NOW)));
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(store.audit.list(user, Some(u64::MAX), usize::MAX).await.unwrap().len(), 7);
    assert_eq!(store.audit.list(user, Some(0), 3).await.unwrap(), []);
}

async fn people_do_not_read_each_others_entries(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for n in 0..3 {
        store.audit.append(event(ada, n)).await.unwrap();
        store.audit.append(event(bob, 10 + n)).await.unwrap();
    }
    let hers = store.audit.list(ada, None, 10).await.unwrap();
    assert_eq!(hers.len(), 3);
    assert!(hers.iter().all(|entry| entry.event.user == ada));
    assert_eq!(store.audit.list(person(3).id, None, 10).await.unwrap(), []);
}

async fn an_entry_of_a_person_who_is_gone_is_not_kept(store: StorePorts) {
    let user = store.register(1).await.id;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    store.audit.append(event(user, 0)).await.unwrap();
    store.register(1).await;
    assert_eq!(store.audit.list(user, None, 10).await.unwrap(), []);
}

async fn a_purge_deletes_old_entries_only(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for (user, at) in [(ada, 1), (bob, 2), (ada, 3)] {
        store.audit.append(event(user, at)).await.unwrap();
    }
    assert_eq!(store.audit.purge(UtcMs(NOW.0 + 1)).await.unwrap(), 0);
    assert_eq!(store.audit.purge(UtcMs(NOW.0 + 3)).await.unwrap(), 2);
    assert_eq!(store.audit.list(ada, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.audit.list(bob, None, 10).await.unwrap(), []);
}
