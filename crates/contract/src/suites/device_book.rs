//! What every book of devices keeps.

use dayline_domain::{DeviceId, DeviceName, UserId};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("names_of_devices_come_back_exactly_the_last_of_each", |s| {
        Box::pin(names_of_devices_come_back_exactly_the_last_of_each(s))
    }),
    Fact::new("people_name_their_own_devices", |s| Box::pin(people_name_their_own_devices(s))),
    Fact::new("a_stranger_names_no_device", |s| Box::pin(a_stranger_names_no_device(s))),
];

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
