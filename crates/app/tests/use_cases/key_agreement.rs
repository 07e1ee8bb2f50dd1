//! Nodes whose keys differ: which of them are ready, and when.

use std::sync::Arc;

use dayline_app::identity::key_agreement::{KeyAgreement, NotInAgreement};
use dayline_app::ports::{BELIEVED_MS, Clock, PortError};
use dayline_contract::fakes::{FakeClock, FakeNodes};
use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::{KeyDisagreement, KeyMark, MarkedKey, MarkedKeys};

struct Cluster {
    clock: Arc<FakeClock>,
    nodes: Arc<FakeNodes>,
}

impl Cluster {
    fn new() -> Self {
        let clock = Arc::<FakeClock>::default();
        Self { nodes: FakeNodes::new(clock.clone()), clock }
    }

    fn start(&self, keys: &MarkedKeys) -> KeyAgreement {
        KeyAgreement::new(keys.clone(), self.nodes.join(), self.clock.clone())
    }

    fn in_ms(&self, ms: i64) -> UtcMs {
        self.clock.now().plus(ms)
    }

    /// Lets two seconds pass and asks all nodes whether they are ready.
    async fn ready<const NODES: usize>(&self, nodes: [&KeyAgreement; NODES]) -> [bool; NODES] {
        self.clock.advance(2_000);
        let mut ready = [false; NODES];
        for (ready, node) in ready.iter_mut().zip(nodes) {
            *ready = node.check().await.is_ok();
        }
        ready
    }
}

/// Keys that only verify and sign, without times.
fn keys(refresh: u128, access: &[u128]) -> MarkedKeys {
    let key = |mark: &u128| MarkedKey { mark: KeyMark(*mark), signs_from: None, retires_at: None };
    MarkedKeys { refresh: KeyMark(refresh), access: access.iter().map(key).collect() }
}

fn with_new(keys: &MarkedKeys, mark: u128, signs_from: UtcMs) -> MarkedKeys {
    let mut keys = keys.clone();
    keys.access.push(MarkedKey { mark: KeyMark(mark), signs_from: Some(signs_from), retires_at: None });
    keys
}

#[tokio::test]
async fn a_node_with_other_keys_is_not_ready_until_they_are_the_same() {
    let cluster = Cluster::new();
    let right = keys(1, &[10]);
    let [one, two] = [cluster.start(&right), cluster.start(&right)];
    assert_eq!(cluster.ready([&one, &two]).await, [true, true]);
    for (wrong, why) in [
        (keys(2, &[10]), KeyDisagreement::RefreshKey),
        (keys(1, &[20]), KeyDisagreement::Lacks),
        (keys(1, &[10, 20]), KeyDisagreement::Alone),
    ] {
        let node = cluster.start(&wrong);
        assert_eq!(node.check().await, Err(NotInAgreement::Disagrees(why)));
        assert_eq!(cluster.ready([&one, &two, &node]).await, [true, true, false]);
        // A right one that comes meanwhile is ready at once.
        let late = cluster.start(&right);
        assert_eq!(cluster.ready([&one, &two, &node, &late]).await, [true, true, false, true]);
        node.replace_keys(right.clone());
        assert_eq!(cluster.ready([&one, &two, &node, &late]).await, [true; 4]);
        node.leave().await;
        late.leave().await;
    }
}

#[tokio::test]
async fn while_keys_are_rotated_node_by_node_all_are_ready_all_the_time() {
    let cluster = Cluster::new();
    let old = keys(1, &[10]);
    let nodes = [(); 3].map(|()| cluster.start(&old));
    let all = [&nodes[0], &nodes[1], &nodes[2]];
    assert_eq!(cluster.ready(all).await, [true; 3]);
    let new = with_new(&old, 20, cluster.in_ms(60_000));
    for node in all {
        node.replace_keys(new.clone());
        for _ in 0..7 {
            assert_eq!(cluster.ready(all).await, [true; 3]);
        }
    }
    cluster.clock.advance(20_000);
    assert_eq!(cluster.ready(all).await, [true; 3], "the new key signs");
    let mut retired = new;
    retired.access[0].retires_at = Some(cluster.in_ms(60_000));
    for node in all {
        node.replace_keys(retired.clone());
        assert_eq!(cluster.ready(all).await, [true; 3]);
    }
    cluster.clock.advance(60_000);
    retired.access.remove(0);
    for node in all {
        node.replace_keys(retired.clone());
        assert_eq!(cluster.ready(all).await, [true; 3]);
    }
    // A node that starts with a copy from before the rotation is late.
    let late = cluster.start(&old);
    assert_eq!(cluster.ready([all[0], all[1], all[2], &late]).await, [true, true, true, false]);
}

#[tokio::test]
async fn a_key_that_signs_before_all_have_it_makes_those_wait_that_have_it() {
    let cluster = Cluster::new();
    let old = keys(1, &[10]);
    let nodes = [(); 3].map(|()| cluster.start(&old));
    let all = [&nodes[0], &nodes[1], &nodes[2]];
    assert_eq!(cluster.ready(all).await, [true; 3]);
    let new = with_new(&old, 20, cluster.in_ms(10_000));
    all[0].replace_keys(new.clone());
    assert_eq!(cluster.ready(all).await, [true; 3]);
    cluster.clock.advance(4_000);
    assert_eq!(cluster.ready(all).await, [false, true, true], "before the first token is signed with it");
    all[1].replace_keys(new.clone());
    assert_eq!(cluster.ready(all).await, [false, false, true]);
    all[2].replace_keys(new);
    assert!(cluster.ready(all).await[2]);
    assert_eq!(cluster.ready(all).await, [true; 3]);
}

#[tokio::test]
async fn other_keys_are_right_when_the_last_node_with_the_old_ones_is_gone() {
    let cluster = Cluster::new();
    let (old, new) = (keys(1, &[10]), keys(2, &[20]));
    let [one, two] = [cluster.start(&old), cluster.start(&old)];
    assert_eq!(cluster.ready([&one, &two]).await, [true, true]);
    let [other, too] = [cluster.start(&new), cluster.start(&new)];
    assert_eq!(cluster.ready([&one, &two, &other, &too]).await, [true, true, false, false]);
    one.leave().await;
    assert_eq!(cluster.ready([&two, &other, &too]).await, [true, false, false]);
    // It was killed: nobody says so, and it is believed for a while.
    drop(two);
    for _ in 0..(BELIEVED_MS / 2_000 - 1) {
        assert_eq!(cluster.ready([&other, &too]).await, [false, false]);
    }
    assert_eq!(cluster.ready([&other, &too]).await, [true, true]);
    // And now those are right; a node of the old kind that comes back is not.
    assert_eq!(cluster.ready([&other, &too, &cluster.start(&old)]).await, [true, true, false]);
}

#[tokio::test]
async fn right_nodes_may_be_restarted_one_by_one_beside_a_wrong_one() {
    let cluster = Cluster::new();
    let right = keys(1, &[10]);
    let mut nodes = [cluster.start(&right), cluster.start(&right)];
    let wrong = cluster.start(&keys(2, &[20]));
    assert_eq!(cluster.ready([&nodes[0], &nodes[1], &wrong]).await, [true, true, false]);
    for at in [0, 1] {
        nodes[at].leave().await;
        nodes[at] = cluster.start(&right);
        assert_eq!(cluster.ready([&wrong, &nodes[0], &nodes[1]]).await, [false, true, true]);
    }
}

#[tokio::test]
async fn a_node_that_was_right_is_not_when_its_file_becomes_another_and_nobody_else_is() {
    let cluster = Cluster::new();
    let right = keys(1, &[10]);
    let [first, second, third] = [(); 3].map(|()| cluster.start(&right));
    assert_eq!(cluster.ready([&first, &second, &third]).await, [true; 3]);
    first.replace_keys(keys(2, &[20]));
    assert_eq!(cluster.ready([&first, &second, &third]).await, [false, true, true]);
    first.replace_keys(right);
    assert_eq!(cluster.ready([&first, &second, &third]).await, [true; 3]);
}

#[tokio::test]
async fn while_the_others_cannot_be_asked_what_was_found_last_holds_on() {
    let cluster = Cluster::new();
    let [right, wrong] = [cluster.start(&keys(1, &[10])), cluster.start(&keys(2, &[20]))];
    assert_eq!(cluster.ready([&right, &wrong]).await, [true, false]);
    let away = PortError::Unavailable("cut off".to_owned());
    cluster.nodes.fail(Some(away.clone()));
    let starts = cluster.start(&keys(1, &[10]));
    for _ in 0..30 {
        assert_eq!(cluster.ready([&right, &wrong]).await, [true, false]);
        assert_eq!(starts.check().await, Err(NotInAgreement::NotAsked(away.clone())));
    }
    cluster.nodes.fail(None);
    // The wrong one may be the first that comes back.
    assert_eq!(cluster.ready([&wrong, &right, &starts]).await[1..], [true, true]);
    assert_eq!(cluster.ready([&wrong, &right, &starts]).await, [false, true, true]);
}
