//! What all nodes' ways to each other keep: what one tells of its keys the others hear, for as long
//! as it is there.

use std::sync::Arc;

use dayline_app::ports::{BELIEVED_MS, BoxFuture, KeyMarks};
use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::{KeyMark, MarkedKey, MarkedKeys, NodeKeys};

use super::Fact;

/// Nodes that nobody else knows.
pub struct Subject {
    /// Makes a node that has told nothing yet.
    pub join: Box<dyn Fn() -> Arc<dyn KeyMarks> + Send + Sync>,
    /// Lets so many milliseconds pass for the adapter.
    pub pass: Box<dyn Fn(i64) -> BoxFuture<'static, ()> + Send + Sync>,
}

/// The facts, for [`super::prove`].
pub const FACTS: &[Fact<Subject>] = &[
    Fact::new("nodes_hear_what_the_others_told_last", |s| Box::pin(nodes_hear_what_the_others_told_last(s))),
    Fact::new("all_of_it_is_heard", |s| Box::pin(all_of_it_is_heard(s))),
    Fact::new("who_is_silent_for_long_is_forgotten", |s| Box::pin(who_is_silent_for_long_is_forgotten(s))),
    Fact::new("who_leaves_is_forgotten_at_once", |s| Box::pin(who_leaves_is_forgotten_at_once(s))),
];

/// A node's keys, told apart by one mark.
fn keys(mark: u128) -> NodeKeys {
    NodeKeys {
        keys: MarkedKeys { refresh: KeyMark(mark), access: Vec::new() },
        since: UtcMs(7),
        agreed: false,
    }
}

/// The marks of those that a node hears of when it tells its own.
async fn heard(node: &dyn KeyMarks, mine: u128) -> Vec<u128> {
    let mut heard: Vec<u128> =
        node.tell(&keys(mine)).await.unwrap().iter().map(|other| other.keys.refresh.0).collect();
    heard.sort_unstable();
    heard
}

async fn nodes_hear_what_the_others_told_last(Subject { join, .. }: Subject) {
    let [one, two, three] = [join(), join(), join()];
    assert_eq!(heard(&*one, 1).await, [] as [u128; 0]);
    assert_eq!(heard(&*two, 2).await, [1]);
    assert_eq!(heard(&*one, 10).await, [2]);
    assert_eq!(heard(&*three, 2).await, [2, 10], "also who has the same");
    assert_eq!(heard(&*one, 10).await, [2, 2]);
}

async fn all_of_it_is_heard(Subject { join, .. }: Subject) {
    let key = |mark, signs_from: Option<i64>, retires_at: Option<i64>| MarkedKey {
        mark: KeyMark(mark),
        signs_from: signs_from.map(UtcMs),
        retires_at: retires_at.map(UtcMs),
    };
    let access = vec![
        key(u128::MAX, None, None),
        key(0, Some(i64::MIN), None),
        key(1, None, Some(i64::MAX)),
        key(1 << 127, Some(0), Some(-1)),
    ];
    let keys = MarkedKeys { refresh: KeyMark(0x0123_4567_89AB_CDEF << 64 | 1), access };
    let [one, two] = [join(), join()];
    for agreed in [true, false] {
        let told = NodeKeys { keys: keys.clone(), since: UtcMs(-1), agreed };
        one.tell(&told).await.unwrap();
        assert_eq!(two.tell(&told).await.unwrap(), [told]);
    }
}

async fn who_is_silent_for_long_is_forgotten(Subject { join, pass }: Subject) {
    let [silent, one, two] = [join(), join(), join()];
    heard(&*silent, 1).await;
    heard(&*one, 2).await;
    pass(BELIEVED_MS - 1_000).await;
    assert_eq!(heard(&*two, 3).await, [1, 2]);
    assert_eq!(heard(&*one, 2).await, [1, 3]);
    pass(2_000).await;
    assert_eq!(heard(&*two, 3).await, [2]);
    // It is heard of again when it tells again.
    assert_eq!(heard(&*silent, 1).await, [2, 3]);
    assert_eq!(heard(&*two, 3).await, [1, 2]);
}

async fn who_leaves_is_forgotten_at_once(Subject { join, .. }: Subject) {
    let [one, two] = [join(), join()];
    one.leave().await.unwrap();
    heard(&*one, 1).await;
    one.leave().await.unwrap();
    assert_eq!(heard(&*two, 2).await, [] as [u128; 0]);
}

#[cfg(test)]
mod tests {
    use crate::fakes::{FakeClock, FakeNodes};
    use crate::suites::prove;

    use super::*;

    #[tokio::test]
    async fn the_fake_keeps_the_facts() {
        prove(FACTS, async || {
            let clock = Arc::<FakeClock>::default();
            let nodes = FakeNodes::new(clock.clone());
            let pass = Box::new(move |ms| -> BoxFuture<'static, ()> {
                clock.advance(ms);
                Box::pin(std::future::ready(()))
            });
            Subject { join: Box::new(move || nodes.join()), pass }
        })
        .await;
    }
}
