//! What every store of dead letters keeps.

use dayline_app::ports::{Applied, DeadLetter, LedgerCommit, Partition, Position};
use std::sync::Arc;

use super::Fact;
use super::store::{NOW, StorePorts, commit, dead_letter, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_dead_letter_is_kept_exactly", |s| Box::pin(a_dead_letter_is_kept_exactly(s))),
    Fact::new("dead_letters_are_listed_by_number_a_page_at_a_time", |s| {
        Box::pin(dead_letters_are_listed_by_number_a_page_at_a_time(s))
    }),
    Fact::new("one_persons_letters_are_listed_without_anybody_elses", |s| {
        Box::pin(one_persons_letters_are_listed_without_anybody_elses(s))
    }),
    Fact::new("a_dead_letter_is_deleted_once", |s| Box::pin(a_dead_letter_is_deleted_once(s))),
    Fact::new("numbers_are_never_used_again", |s| Box::pin(numbers_are_never_used_again(s))),
    Fact::new("numbers_beyond_all_dead_letters_find_nothing", |s| {
        Box::pin(numbers_beyond_all_dead_letters_find_nothing(s))
    }),
    Fact::new("a_dead_letter_of_a_person_who_is_gone_is_not_kept", |s| {
        Box::pin(a_dead_letter_of_a_person_who_is_gone_is_not_kept(s))
    }),
];

async fn a_dead_letter_is_kept_exactly(store: StorePorts) {
    let user = store.register(1).await.id;
    let (from, to) = (Position { major: 0, minor: 0 }, Position { major: 7, minor: 11 });
    let dead = vec![
        DeadLetter {
            user: Some(user), reason: "why — ‏שלום".to_owned(), record: (0..=255).collect()
        },
        DeadLetter { user: None, reason: String::new(), record: Vec::new() },
        DeadLetter { user: None, reason: "big".to_owned(), record: vec![0; 2 << 20] },
    ];
    let step = LedgerCommit { partition: Partition(12), from, to, dead: dead.clone(), ..commit(0, 0) };
    assert_eq!(store.writer.apply(Arc::new(step)).await, Ok(Applied::Done));
    let stored = store.dead_letters.list(0, 10).await.unwrap();
    assert_eq!(
        stored.iter().map(|stored| &stored.letter).collect::<Vec<_>>(),
        dead.iter().collect::<Vec<_>>()
    );
    for letter in stored {
        assert_eq!((letter.partition, letter.position, letter.at), (Partition(12), to, NOW));
        assert_eq!(store.dead_letters.find(letter.id).await.unwrap(), Some(letter));
    }
}

async fn dead_letters_are_listed_by_number_a_page_at_a_time(store: StorePorts) {
    for n in 0..5 {
        store.bury(vec![dead_letter(None, &n.to_string())]).await;
    }
    let (mut reasons, mut after) = (Vec::new(), 0);
    loop {
        let page = store.dead_letters.list(after, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        assert!(page.iter().all(|letter| letter.id > after));
        after = last.id;
        reasons.extend(page.into_iter().map(|stored| stored.letter.reason));
    }
    assert_eq!(reasons, ["0", "1", "2", "3", "4"]);
    assert_eq!(store.dead_letters.count().await.unwrap(), 5);
    assert_eq!(store.dead_letters.list(0, 0).await.unwrap(), []);
}

async fn one_persons_letters_are_listed_without_anybody_elses(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    for n in 0..3 {
        let mine = format!("ada {n}");
        store
            .bury(vec![
                dead_letter(Some(bob), "bob"),
                dead_letter(Some(ada), &mine),
                dead_letter(None, "nobody"),
            ])
            .await;
    }
    let (mut reasons, mut after) = (Vec::new(), 0);
    while let Some(found) = store.dead_letters.list_of(ada, after, 1).await.unwrap().pop() {
        assert_eq!(store.dead_letters.find(found.id).await.unwrap().as_ref(), Some(&found));
        after = found.id;
        reasons.push(found.letter.reason);
    }
    assert_eq!(reasons, ["ada 0", "ada 1", "ada 2"]);
    assert_eq!(store.dead_letters.list_of(bob, 0, usize::MAX).await.unwrap().len(), 3);
    assert_eq!(store.dead_letters.list_of(ada, u64::MAX, 1).await.unwrap(), []);
    assert_eq!(store.dead_letters.list_of(person(3).id, 0, 10).await.unwrap(), []);
}

async fn a_dead_letter_is_deleted_once(store: StorePorts) {
    store.bury(vec![dead_letter(None, "stays"), dead_letter(None, "goes")]).await;
    let id = store.dead_letters.list(0, 10).await.unwrap()[1].id;
    assert!(store.dead_letters.delete(id).await.unwrap());
    assert!(!store.dead_letters.delete(id).await.unwrap());
    assert_eq!(store.dead_letters.find(id).await.unwrap(), None);
    assert_eq!(store.dead_letters.list(0, 10).await.unwrap()[0].letter.reason, "stays");
    assert_eq!(store.dead_letters.count().await.unwrap(), 1);
}

async fn numbers_are_never_used_again(store: StorePorts) {
    store.bury(vec![dead_letter(None, "one")]).await;
    let first = store.dead_letters.list(0, 1).await.unwrap()[0].id;
    assert!(store.dead_letters.delete(first).await.unwrap());
    store.bury(vec![dead_letter(None, "two")]).await;
    assert!(store.dead_letters.list(0, 1).await.unwrap()[0].id > first);
}

async fn numbers_beyond_all_dead_letters_find_nothing(store: StorePorts) {
    store.bury(vec![dead_letter(None, "one")]).await;
    assert_eq!(store.dead_letters.list(u64::MAX, 10).await.unwrap(), []);
    assert_eq!(store.dead_letters.list(0, usize::MAX).await.unwrap().len(), 1);
    assert_eq!(store.dead_letters.find(u64::MAX).await.unwrap(), None);
    assert!(!store.dead_letters.delete(u64::MAX).await.unwrap());
}

async fn a_dead_letter_of_a_person_who_is_gone_is_not_kept(store: StorePorts) {
    let user = store.register(1).await.id;
    store.accounts.delete(user, NOW).await.unwrap().unwrap();
    store
        .bury(vec![dead_letter(Some(user), "deleted"), dead_letter(Some(person(2).id), "never there")])
        .await;
    assert_eq!(store.dead_letters.count().await.unwrap(), 0);
    assert_eq!(store.position().await, Position { major: 1, minor: 0 });
}
