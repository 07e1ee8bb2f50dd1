//! What every store of the numbers of corrections keeps.

use std::collections::BTreeSet;

use dayline_app::ports::{CorrectionChange, CorrectionVersion};
use dayline_domain::{CorrectionId, UserId, UtcMs};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_version_is_now_or_one_above_the_greatest", |s| {
        Box::pin(a_version_is_now_or_one_above_the_greatest(s))
    }),
    Fact::new("versions_of_one_person_are_all_different_also_for_many_at_once", |s| {
        Box::pin(versions_of_one_person_are_all_different_also_for_many_at_once(s))
    }),
    Fact::new("an_entry_that_is_not_there_is_not_found", |s| {
        Box::pin(an_entry_that_is_not_there_is_not_found(s))
    }),
    Fact::new("an_entry_that_is_deleted_is_not_found", |s| {
        Box::pin(an_entry_that_is_deleted_is_not_found(s))
    }),
    Fact::new("an_erasure_is_final", |s| Box::pin(an_erasure_is_final(s))),
    Fact::new("anothers_corrections_are_not_found", |s| Box::pin(anothers_corrections_are_not_found(s))),
    Fact::new("a_person_who_is_gone_has_no_numbers", |s| Box::pin(a_person_who_is_gone_has_no_numbers(s))),
];

use CorrectionChange::{Entry, NewEntry, NewErasure};
use CorrectionVersion::{Final, Next, NotFound};

/// Asks for a version at so many milliseconds after [`NOW`].
async fn next(
    store: &StorePorts,
    user: UserId,
    id: u128,
    change: CorrectionChange,
    at: i64,
) -> CorrectionVersion {
    let id = CorrectionId::from_bits(id);
    store.correction_numbers.next_version(user, id, change, NOW.plus(at)).await.unwrap()
}

async fn forget(store: &StorePorts, user: UserId, id: u128) {
    store.correction_numbers.forget(user, CorrectionId::from_bits(id)).await.unwrap();
}

fn at(ms: i64) -> CorrectionVersion {
    Next(NOW.plus(ms).0 as u64)
}

async fn a_version_is_now_or_one_above_the_greatest(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(next(&store, user, 1, NewEntry, 0).await, at(0));
    assert_eq!(next(&store, user, 1, Entry, 0).await, at(1));
    assert_eq!(next(&store, user, 2, NewErasure, 1).await, at(2));
    assert_eq!(next(&store, user, 3, NewEntry, 500).await, at(500));
    // The clock was set back.
    assert_eq!(next(&store, user, 1, Entry, -900).await, at(501));
    assert_eq!(next(&store, user, u128::MAX, NewEntry, -900).await, at(502));
    assert_eq!(next(&store, user, u128::MAX, Entry, 60_000).await, at(60_000));
    // Questions that are refused count nothing.
    assert_eq!(next(&store, user, 9, Entry, 90_000).await, NotFound);
    assert_eq!(next(&store, user, 2, Entry, 90_000).await, Final);
    assert_eq!(next(&store, user, 1, Entry, 0).await, at(60_001));
    let other = store.register(2).await.id;
    assert_eq!(next(&store, other, 1, NewEntry, 5).await, at(5));
}

async fn versions_of_one_person_are_all_different_also_for_many_at_once(store: StorePorts) {
    let users = [store.register(1).await.id, store.register(2).await.id];
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..24_u128 {
        let (store, user) = (store.clone(), users[n as usize % 2]);
        racing.spawn(async move {
            let mut versions = Vec::new();
            for change in [NewEntry, Entry, Entry] {
                let Next(version) = next(&store, user, n, change, 0).await else { panic!("no version") };
                versions.push(version);
            }
            assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
            (user, versions)
        });
    }
    let all = racing.join_all().await;
    for user in users {
        let theirs = all.iter().filter(|(of, _)| *of == user).flat_map(|(_, versions)| versions);
        let theirs: BTreeSet<u64> = theirs.copied().collect();
        assert_eq!(theirs.len(), 36);
        let Next(later) = next(&store, user, 99, NewErasure, 0).await else { panic!("no version") };
        assert!(theirs.iter().all(|version| *version < later));
    }
}

async fn an_entry_that_is_not_there_is_not_found(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(next(&store, user, 1, Entry, 0).await, NotFound);
    next(&store, user, 2, NewEntry, 0).await;
    assert_eq!(next(&store, user, 1, Entry, 0).await, NotFound);
    // To forget what is not there is nothing.
    forget(&store, user, 1).await;
    assert_eq!(next(&store, user, 2, Entry, 0).await, at(1));
}

async fn an_entry_that_is_deleted_is_not_found(store: StorePorts) {
    let user = store.register(1).await.id;
    for id in [1, 2] {
        next(&store, user, id, NewEntry, 0).await;
    }
    assert_eq!(next(&store, user, 1, Entry, 0).await, at(2));
    forget(&store, user, 1).await;
    assert_eq!(next(&store, user, 1, Entry, 0).await, NotFound);
    forget(&store, user, 1).await;
    assert_eq!(next(&store, user, 2, Entry, 0).await, at(3));
    // What its versions were is not forgotten, also when there is nothing else any more.
    forget(&store, user, 2).await;
    assert_eq!(next(&store, user, 3, NewEntry, 0).await, at(4));
    // Whoever chose the identity may use it again.
    assert_eq!(next(&store, user, 2, NewEntry, 0).await, at(5));
    assert_eq!(next(&store, user, 2, Entry, 0).await, at(6));
}

async fn an_erasure_is_final(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(next(&store, user, 1, NewErasure, 0).await, at(0));
    for ms in [0, 1, 90_000] {
        assert_eq!(next(&store, user, 1, Entry, ms).await, Final);
    }
}

async fn anothers_corrections_are_not_found(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    next(&store, ada, 1, NewEntry, 0).await;
    next(&store, ada, 2, NewErasure, 0).await;
    for id in [1, 2] {
        assert_eq!(next(&store, bob, id, Entry, 0).await, NotFound);
        forget(&store, bob, id).await;
    }
    assert_eq!(next(&store, ada, 1, Entry, 0).await, at(2));
    assert_eq!(next(&store, ada, 2, Entry, 0).await, Final);
}

async fn a_person_who_is_gone_has_no_numbers(store: StorePorts) {
    let user = store.register(1).await.id;
    next(&store, user, 1, NewEntry, 5_000).await;
    store.accounts.delete(user, UtcMs(0)).await.unwrap().unwrap();
    for gone in [user, person(2).id] {
        for change in [NewEntry, NewErasure, Entry] {
            assert_eq!(next(&store, gone, 1, change, 0).await, NotFound);
        }
        forget(&store, gone, 1).await;
    }
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(next(&store, user, 1, Entry, 0).await, NotFound);
    assert_eq!(next(&store, user, 2, NewEntry, 0).await, at(0));
}
