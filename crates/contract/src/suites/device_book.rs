//! What every book of devices keeps.

use std::sync::Arc;

use dayline_app::ports::Merging;
use dayline_domain::{DeviceId, DeviceName, Merge, MergeRefusal, UserId};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("names_of_devices_come_back_exactly_the_last_of_each", |s| {
        Box::pin(names_of_devices_come_back_exactly_the_last_of_each(s))
    }),
    Fact::new("people_name_their_own_devices", |s| Box::pin(people_name_their_own_devices(s))),
    Fact::new("a_stranger_names_no_device", |s| Box::pin(a_stranger_names_no_device(s))),
    Fact::new("merges_come_back_in_the_order_in_which_they_were_made", |s| {
        Box::pin(merges_come_back_in_the_order_in_which_they_were_made(s))
    }),
    Fact::new("what_may_not_be_merged_is_refused", |s| Box::pin(what_may_not_be_merged_is_refused(s))),
    Fact::new("of_merges_at_once_none_makes_a_circle", |s| {
        Box::pin(of_merges_at_once_none_makes_a_circle(s))
    }),
    Fact::new("a_stranger_merges_no_device", |s| Box::pin(a_stranger_merges_no_device(s))),
];

/// A device of this name.
pub(super) fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

async fn merging(store: &StorePorts, user: UserId, from: &str, into: &str) -> Merging {
    store.device_book.merge_device(user, device(from), device(into)).await.unwrap()
}

/// Merges a device into another, which must be possible.
pub(super) async fn merge(store: &StorePorts, user: UserId, from: &str, into: &str) {
    assert_eq!(merging(store, user, from, into).await, Merging::Done);
}

async fn merges(store: &StorePorts, user: UserId) -> Vec<Merge> {
    store.device_book.merges(user).await.unwrap().made().to_vec()
}

fn made<const N: usize>(merges: [(&str, &str); N]) -> Vec<Merge> {
    merges.map(|(from, into)| Merge { device: device(from), into: device(into) }).to_vec()
}

async fn name(store: &StorePorts, user: UserId, device: &str, name: &str) -> bool {
    let name = DeviceName::new(name).unwrap();
    store.device_book.name_device(user, DeviceId::new(device).unwrap(), name).await.unwrap()
}

async fn names(store: &StorePorts, user: UserId) -> Vec<(String, String)> {
    let names = store.device_book.device_names(user).await.unwrap();
    names.iter().map(|(id, name)| (id.as_str().to_owned(), name.as_str().to_owned())).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(id, name)| (id.to_owned(), name.to_owned())).to_vec()
}

async fn names_of_devices_come_back_exactly_the_last_of_each(store: StorePorts) {
    let user = store.register(1).await.id;
    assert_eq!(names(&store, user).await, []);
    let (longest, odd) = ("💻".repeat(128), "'; DROP TABLE users; --");
    for (device, called) in [("phone", "My phone"), (&longest, odd), ("Laptop", &longest), ("laptop", "é")] {
        assert!(name(&store, user, device, called).await);
    }
    assert!(name(&store, user, "phone", "e\u{301}").await);
    // It may be said again.
    assert!(name(&store, user, "phone", "e\u{301}").await);
    let expected = pairs([("Laptop", &longest), ("laptop", "é"), ("phone", "e\u{301}"), (&longest, odd)]);
    assert_eq!(names(&store, user).await, expected);
}

async fn people_name_their_own_devices(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert!(name(&store, ada, "phone", "Hers").await);
    assert!(name(&store, bob, "phone", "His").await);
    assert_eq!(names(&store, ada).await, pairs([("phone", "Hers")]));
    assert_eq!(names(&store, bob).await, pairs([("phone", "His")]));
}

async fn a_stranger_names_no_device(store: StorePorts) {
    let stranger = person(1).id;
    assert!(!name(&store, stranger, "phone", "Mine").await);
    assert_eq!(names(&store, stranger).await, []);
    store.register(1).await;
    assert!(name(&store, stranger, "phone", "Mine").await);
    store.accounts.delete(stranger, NOW).await.unwrap().unwrap();
    assert!(!name(&store, stranger, "phone", "Mine").await);
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(names(&store, stranger).await, []);
}

async fn merges_come_back_in_the_order_in_which_they_were_made(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert_eq!(merges(&store, ada).await, []);
    let longest = "💻".repeat(128);
    let expected = [("z", "b"), ("b", "a"), (&*longest, "z"), ("Laptop", "laptop"), ("'; --", "Z")];
    for (from, into) in expected {
        merge(&store, ada, from, into).await;
    }
    merge(&store, bob, "a", "b").await;
    // What is so already is no merge more, also where it was said otherwise.
    merge(&store, ada, "z", "b").await;
    merge(&store, ada, "z", "a").await;
    assert_eq!(merges(&store, ada).await, made(expected));
    assert_eq!(merges(&store, bob).await, made([("a", "b")]));
}

async fn what_may_not_be_merged_is_refused(store: StorePorts) {
    let ada = store.register(1).await.id;
    merge(&store, ada, "a", "b").await;
    merge(&store, ada, "b", "c").await;
    for (from, into, why) in [
        ("d", "d", MergeRefusal::Itself),
        ("c", "a", MergeRefusal::Circle),
        ("a", "d", MergeRefusal::Elsewhere(device("c"))),
    ] {
        assert_eq!(merging(&store, ada, from, into).await, Merging::Refused(why));
    }
    assert_eq!(merges(&store, ada).await, made([("a", "b"), ("b", "c")]));
}

async fn of_merges_at_once_none_makes_a_circle(store: StorePorts) {
    let ada = store.register(1).await.id;
    let store = Arc::new(store);
    let ring = ["a", "b", "c", "d"];
    let all = (0..ring.len()).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { merging(&store, ada, ring[n], ring[(n + 1) % ring.len()]).await })
    });
    let all: Vec<_> = all.collect();
    let (mut done, mut refused) = (0, 0);
    for one in all {
        match one.await.unwrap() {
            Merging::Done => done += 1,
            Merging::Refused(MergeRefusal::Circle) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((done, refused), (3, 1));
    assert_eq!(merges(&store, ada).await.len(), 3);
}

async fn a_stranger_merges_no_device(store: StorePorts) {
    let stranger = person(1).id;
    assert_eq!(merging(&store, stranger, "a", "b").await, Merging::NoSuchUser);
    assert_eq!(merges(&store, stranger).await, []);
    store.register(1).await;
    merge(&store, stranger, "a", "b").await;
    store.accounts.delete(stranger, NOW).await.unwrap().unwrap();
    assert_eq!(merging(&store, stranger, "b", "c").await, Merging::NoSuchUser);
    // With the same identity even, which no real person ever gets again.
    store.register(1).await;
    assert_eq!(merges(&store, stranger).await, []);
}
