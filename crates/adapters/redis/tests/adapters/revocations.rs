//! Revocations between nodes: as messages, for those who come late, and over outages.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{Clock, CredentialId, Revocations};
use dayline_contract::fakes::{FakeClock, FakeRevocations};
use dayline_contract::suites::prove;
use dayline_contract::suites::revocations::{FACTS, Subject};
use dayline_domain::{ApiKeyId, SessionId, UtcMs};
use dayline_redis::{RedisConfig, RedisRevocations, SetupError};

use crate::proxy::Proxy;
use crate::test_redis::TestRedis;
use crate::until;

/// What the product promises of other nodes.
const PROMISED: Duration = Duration::from_secs(2);

async fn node(server: &RedisConfig) -> Arc<RedisRevocations> {
    let (local, clock) = (Arc::<FakeRevocations>::default(), Arc::<FakeClock>::default());
    Arc::new(RedisRevocations::start(server, local, clock).await.unwrap())
}

fn session(bits: u128) -> CredentialId {
    CredentialId::Session(SessionId::from_bits(bits))
}

fn later() -> UtcMs {
    FakeClock::default().now().plus(1_800_000)
}

async fn assert_refused_as_promised(node: &RedisRevocations, credential: CredentialId, since: Instant) {
    while !node.is_revoked(credential) {
        assert!(since.elapsed() < PROMISED, "still good after {:?}", since.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn revocations_keep_the_facts_of_all_revocations() {
    let redis = TestRedis::start();
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let server = redis.server().with_prefix(&format!("dayline:node{}", made.get()));
        let elsewhere = Some(node(&server).await as Arc<dyn Revocations>);
        Subject { here: node(&server).await, elsewhere, later: later() }
    })
    .await;
}

#[tokio::test]
async fn a_node_that_comes_late_refuses_all_that_was_revoked_before() {
    let redis = TestRedis::start();
    let here = node(&redis.server()).await;
    // More than are read at once.
    here.revoke((0..3_500).map(session).collect(), later()).await.unwrap();
    here.revoke(vec![CredentialId::Key(ApiKeyId::from_bits(9))], UtcMs(i64::MAX)).await.unwrap();
    redis.kill();
    redis.start_again().await;
    let late = node(&redis.server()).await;
    assert!((0..3_500).all(|bits| late.is_revoked(session(bits))));
    assert!(late.is_revoked(CredentialId::Key(ApiKeyId::from_bits(9))));
    assert!(!late.is_revoked(session(3_500)));
}

#[tokio::test]
async fn what_is_revoked_while_redis_is_away_is_refused_here_at_once_and_elsewhere_when_it_is_back() {
    let redis = TestRedis::start();
    let (here, elsewhere) = (node(&redis.server()).await, node(&redis.server()).await);
    redis.kill();
    for bits in 0..3 {
        here.revoke(vec![session(bits)], later()).await.unwrap();
        assert!(here.is_revoked(session(bits)));
        assert!(!elsewhere.is_revoked(session(bits)));
    }
    redis.start_again().await;
    let back = Instant::now();
    for bits in 0..3 {
        assert_refused_as_promised(&elsewhere, session(bits), back).await;
    }
    // And both hear of each other again.
    elsewhere.revoke(vec![session(77)], later()).await.unwrap();
    assert_refused_as_promised(&here, session(77), Instant::now()).await;
}

#[tokio::test]
async fn a_node_that_was_cut_off_catches_up() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let (here, cut_off) = (node(&redis.server()).await, node(&way.server()).await);
    way.cut();
    here.revoke(vec![session(1)], later()).await.unwrap();
    assert!(!cut_off.is_revoked(session(1)));
    way.mend();
    assert_refused_as_promised(&cut_off, session(1), Instant::now()).await;
}

#[tokio::test]
async fn a_connection_that_died_without_a_word_is_noticed_and_made_again() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let (here, deaf) = (node(&redis.server()).await, node(&way.server()).await);
    way.forget_connections();
    here.revoke(vec![session(1)], later()).await.unwrap();
    assert_refused_as_promised(&deaf, session(1), Instant::now()).await;
}

#[tokio::test]
async fn what_has_run_out_leaves_redis() {
    let redis = TestRedis::start();
    let (local, clock) = (Arc::<FakeRevocations>::default(), Arc::<FakeClock>::default());
    let here = RedisRevocations::start(&redis.server(), local, clock.clone()).await.unwrap();
    here.revoke(vec![session(1)], clock.now().plus(1_000)).await.unwrap();
    here.revoke(vec![session(2)], clock.now().plus(9_000)).await.unwrap();
    // Revoked again for a shorter time: the longer one counts.
    here.revoke(vec![session(2)], clock.now().plus(1)).await.unwrap();
    clock.advance(1_001);
    here.revoke(vec![session(3)], clock.now().plus(1_000)).await.unwrap();
    let kept: Vec<String> = redis.run("ZRANGE dayline:revoked 0 -1").await;
    assert_eq!(kept.len(), 2);
}

#[tokio::test]
async fn messages_of_an_unknown_form_stop_nothing() {
    let redis = TestRedis::start();
    let (here, elsewhere) = (node(&redis.server()).await, node(&redis.server()).await);
    redis.run::<()>("PUBLISH dayline:revoked:new nonsense").await;
    redis.run::<()>("ZADD dayline:revoked 9999999999999 nonsense").await;
    here.revoke(vec![session(1)], later()).await.unwrap();
    until("it is heard", async || elsewhere.is_revoked(session(1))).await;
    assert!(node(&redis.server()).await.is_revoked(session(1)));
}

#[tokio::test]
async fn without_redis_there_is_no_start() {
    let redis = TestRedis::start();
    redis.stop();
    let (local, clock) = (Arc::<FakeRevocations>::default(), Arc::<FakeClock>::default());
    let refused = RedisRevocations::start(&redis.server(), local, clock).await.err().unwrap();
    assert!(matches!(refused, SetupError::Redis(_)));
}
