//! Limits that nodes share.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{Limit, RateLimits, TooMany};
use dayline_contract::fakes::FakeLimits;
use dayline_contract::suites::limits::{FACTS, Subject};
use dayline_contract::suites::prove;
use dayline_redis::{RedisConfig, RedisLimits, SharedRate};

use crate::test_redis::TestRedis;
use crate::until;

const LIMIT: Limit = Limit::LoginPerAccount;

fn node(server: &RedisConfig, burst: u32, each: Duration) -> Arc<RedisLimits> {
    let away = Arc::new(FakeLimits::default());
    away.allow(LIMIT, 0);
    Arc::new(RedisLimits::new(server, move |_| SharedRate { burst, each }, &[7; 32], away))
}

async fn count(limits: &RedisLimits, limit: Limit, key: &str) -> Result<(), TooMany> {
    limits.count(limit, key.to_owned()).await.unwrap()
}

#[tokio::test]
async fn shared_limits_keep_the_facts_of_all_limits() {
    let redis = TestRedis::start();
    let made = Cell::new(0);
    prove(FACTS, async || {
        made.set(made.get() + 1);
        let server = redis.server().with_prefix(&format!("dayline:limits{}", made.get()));
        Subject { limits: node(&server, 10, Duration::from_mins(1)), limit: LIMIT, burst: 10 }
    })
    .await;
}

#[tokio::test]
async fn nodes_count_together_and_each_key_and_limit_by_itself() {
    let redis = TestRedis::start();
    let [one, two] = [(); 2].map(|()| node(&redis.server(), 4, Duration::from_secs(30)));
    for limits in [&one, &two, &one, &two] {
        assert_eq!(count(limits, LIMIT, "ada").await, Ok(()));
    }
    for limits in [&one, &two] {
        let too_many = count(limits, LIMIT, "ada").await.unwrap_err();
        assert_eq!((too_many.quota, too_many.window_s), (4, 120));
        assert!((25..=30).contains(&too_many.retry_after_s), "{too_many:?}");
    }
    assert_eq!(count(&one, LIMIT, "bob").await, Ok(()));
    assert_eq!(count(&one, Limit::RegisterPerAddress, "ada").await, Ok(()));
}

#[tokio::test]
async fn what_was_used_up_comes_back_and_is_forgotten_when_whole() {
    let redis = TestRedis::start();
    let limits = node(&redis.server(), 2, Duration::from_millis(100));
    assert_eq!(count(&limits, LIMIT, "ada").await, Ok(()));
    assert_eq!(count(&limits, LIMIT, "ada").await, Ok(()));
    until("one comes back", async || count(&limits, LIMIT, "ada").await.is_ok()).await;
    until("all is forgotten", async || redis.run::<u64>("DBSIZE").await == 0).await;
}

#[tokio::test]
async fn redis_holds_nothing_of_a_key_but_its_hash() {
    let redis = TestRedis::start();
    let limits = node(&redis.server(), 2, Duration::from_mins(1));
    count(&limits, LIMIT, "ada@example.org").await.unwrap();
    let keys: Vec<String> = redis.run("KEYS *").await;
    assert_eq!(keys.len(), 1);
    assert!(keys[0].starts_with("dayline:limit:login-account:") && !keys[0].contains("ada"), "{keys:?}");
}

#[tokio::test]
async fn a_rate_that_is_off_asks_nobody() {
    let redis = TestRedis::start();
    let limits = node(&redis.server(), u32::MAX, Duration::from_nanos(1));
    redis.kill();
    for _ in 0..100 {
        assert_eq!(count(&limits, LIMIT, "ada").await, Ok(()));
    }
}

#[tokio::test]
async fn while_redis_is_away_each_node_counts_for_itself() {
    let redis = TestRedis::start();
    let limits = node(&redis.server(), 2, Duration::from_mins(1));
    assert_eq!(count(&limits, LIMIT, "ada").await, Ok(()));
    redis.kill();
    // The node's own count allows nothing here, so that it can be told from the shared one.
    assert_eq!(count(&limits, LIMIT, "ada").await.unwrap_err().quota, quota_away().await);
    redis.start_again().await;
    until("the shared count is back", async || count(&limits, LIMIT, "ada").await.is_ok()).await;
    // What was used before the outage still counts.
    assert_eq!(count(&limits, LIMIT, "ada").await.unwrap_err().quota, 2);
}

async fn quota_away() -> u32 {
    let away = FakeLimits::default();
    away.allow(LIMIT, 0);
    away.count(LIMIT, String::new()).await.unwrap().unwrap_err().quota
}
