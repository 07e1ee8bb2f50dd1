//! What nodes tell each other about their keys.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{BELIEVED_MS, BoxFuture, KeyMarks, PortError};
use dayline_contract::suites::key_marks::{FACTS, Subject};
use dayline_contract::suites::prove;
use dayline_domain::UtcMs;
use dayline_domain::identity::node_keys::{KeyMark, MarkedKeys, NodeKeys};
use dayline_redis::{RedisConfig, RedisKeyMarks};
use redis::aio::MultiplexedConnection;

use crate::names::Names;
use crate::proxy::Proxy;
use crate::test_redis::TestRedis;
use crate::until;

fn join(server: &RedisConfig) -> Arc<RedisKeyMarks> {
    Arc::new(RedisKeyMarks::new(server, &Names))
}

fn keys(mark: u128) -> NodeKeys {
    let keys = MarkedKeys { refresh: KeyMark(mark), access: Vec::new() };
    NodeKeys { keys, since: UtcMs(0), agreed: true }
}

/// Brings the time at which each node is forgotten nearer, as if it had passed.
async fn pass(mut redis: MultiplexedConnection, nodes: String, ms: i64) {
    let names: Vec<Vec<u8>> =
        redis::cmd("ZRANGE").arg(&nodes).arg(0).arg(-1).query_async(&mut redis).await.unwrap();
    for name in names {
        let earlier = redis::cmd("ZINCRBY").arg(&nodes).arg(-ms).arg(name).to_owned();
        earlier.query_async::<f64>(&mut redis).await.unwrap();
    }
}

#[tokio::test]
async fn shared_marks_keep_the_facts_of_key_marks() {
    let redis = TestRedis::start();
    let connection = redis.connect().await;
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let prefix = format!("dayline:marks{}", made.get());
        let (connection, server) = (connection.clone(), redis.server().with_prefix(&prefix));
        let pass = Box::new(move |ms| -> BoxFuture<'static, ()> {
            Box::pin(pass(connection.clone(), format!("{prefix}:key-nodes"), ms))
        });
        Subject { join: Box::new(move || join(&server)), pass }
    })
    .await;
}

#[tokio::test]
async fn what_a_later_version_tells_is_left_out_and_redis_forgets_all_when_all_are_gone() {
    let redis = TestRedis::start();
    let [one, two] = [(); 2].map(|()| join(&redis.server()));
    one.tell(&keys(1)).await.unwrap();
    redis.run::<()>("HSET dayline:key-marks later 2345").await;
    assert_eq!(two.tell(&keys(2)).await.unwrap(), [keys(1)]);
    for key in ["dayline:key-nodes", "dayline:key-marks"] {
        let left_ms = redis.run::<i64>(&format!("PTTL {key}")).await;
        assert!((1..=2 * BELIEVED_MS).contains(&left_ms), "{key} is kept for {left_ms} ms");
    }
}

#[tokio::test]
async fn a_redis_without_memory_still_tells() {
    let redis = TestRedis::start();
    redis.run::<()>("CONFIG SET maxmemory 1").await;
    let [one, two] = [(); 2].map(|()| join(&redis.server()));
    one.tell(&keys(1)).await.unwrap();
    assert_eq!(two.tell(&keys(2)).await.unwrap(), [keys(1)]);
}

#[tokio::test]
async fn who_told_before_the_clock_was_set_back_is_believed_no_longer_than_others() {
    let redis = TestRedis::start();
    let [one, two] = [(); 2].map(|()| join(&redis.server()));
    one.tell(&keys(1)).await.unwrap();
    // As of the year 2100.
    pass(redis.connect().await, "dayline:key-nodes".to_owned(), -4_102_444_800_000).await;
    two.tell(&keys(2)).await.unwrap();
    pass(redis.connect().await, "dayline:key-nodes".to_owned(), BELIEVED_MS + 1).await;
    assert_eq!(two.tell(&keys(2)).await.unwrap(), []);
}

#[tokio::test]
async fn while_redis_is_away_telling_fails_within_a_second_and_then_it_works_again() {
    let redis = TestRedis::start();
    let way = Proxy::to(&redis);
    let node = join(&way.server());
    node.tell(&keys(1)).await.unwrap();
    way.cut();
    let begin = Instant::now();
    assert!(matches!(node.tell(&keys(1)).await, Err(PortError::Unavailable(_))));
    assert!(begin.elapsed() < Duration::from_millis(1_500), "{:?}", begin.elapsed());
    way.mend();
    until("it works again", async || node.tell(&keys(1)).await.is_ok()).await;
}
