//! A Redis that does not keep what it acknowledges gets no pings, whenever it comes to be one.

use dayline_app::ports::{AppendError, PingLog};
use dayline_redis::PingLogOptions;

use super::{FIRST, open, open_with};
use crate::test_redis::TestRedis;
use crate::until;

const WRONG: [(&str, &str, &str); 4] = [
    ("appendonly", "no", "yes"),
    ("appendfsync", "everysec", "always"),
    ("no-appendfsync-on-rewrite", "yes", "no"),
    ("maxmemory-policy", "allkeys-lru", "noeviction"),
];

#[tokio::test]
async fn who_accepts_less_appends_to_a_redis_that_is_not_safe() {
    for (name, wrong, _) in WRONG {
        let redis = TestRedis::start_with(&[(name, wrong)]);
        let log = open_with(&redis, PingLogOptions { accept_less: true, ..PingLogOptions::default() }).await;
        log.append(FIRST, vec![1]).await.unwrap();
        redis.stop();
        redis.start_again().await;
        until("appends are accepted again", async || log.append(FIRST, vec![1]).await.is_ok()).await;
    }
}

#[tokio::test]
async fn a_setting_made_wrong_while_redis_runs_stops_appends_until_it_is_right_again() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    for (name, wrong, right) in WRONG {
        log.append(FIRST, vec![1]).await.unwrap();
        redis.run::<()>(&format!("CONFIG SET {name} {wrong}")).await;
        until("appends are refused by name", async || match log.append(FIRST, vec![1]).await {
            Ok(()) => false,
            Err(AppendError::Unavailable(why)) => why.contains(name),
            Err(full) => panic!("{full:?}"),
        })
        .await;
        redis.run::<()>(&format!("CONFIG SET {name} {right}")).await;
        until("appends are accepted again", async || log.append(FIRST, vec![1]).await.is_ok()).await;
    }
}

#[tokio::test]
async fn a_redis_that_comes_back_with_a_wrong_setting_gets_nothing() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    log.append(FIRST, vec![1]).await.unwrap();
    redis.stop();
    redis.start_again_with(&[("appendfsync", "everysec")]);
    for _ in 0..100 {
        log.append(FIRST, vec![1]).await.unwrap_err();
    }
    redis.run::<()>("CONFIG SET appendfsync always").await;
    until("appends are accepted again", async || log.append(FIRST, vec![1]).await.is_ok()).await;
}
