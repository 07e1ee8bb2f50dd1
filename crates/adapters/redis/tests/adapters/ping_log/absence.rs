//! While the server is gone or stands still, appends and reads fail in bounded time; when it is
//! back, they work.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use dayline_app::ports::{AppendError, PingLog, PortError, Position};
use dayline_redis::{PingLogOptions, RedisPingLog};
use tokio::task::JoinSet;

use super::{FIRST, append, open, read_all, text};
use crate::test_redis::TestRedis;
use crate::until;

/// Far above any bound under test, far below for ever.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn without_redis_appends_and_reads_fail_at_once_and_with_it_they_work_again() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    append(&log, "before ").await;
    redis.kill();
    let start = Instant::now();
    for _ in 0..100 {
        let refused = log.append(FIRST, b"meanwhile ".to_vec()).await.unwrap_err();
        assert!(
            matches!(&refused, AppendError::Unavailable(why) if !why.contains("redis.sock")),
            "{refused:?}"
        );
        assert!(matches!(log.read_after(FIRST, Position::START, 1).await, Err(PortError::Unavailable(_))));
        assert!(matches!(log.depth().await, Err(PortError::Unavailable(_))));
        assert!(matches!(log.settle(FIRST, Position::START).await, Err(PortError::Unavailable(_))));
    }
    log.wait_beyond(FIRST, Position::START).await;
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
    redis.start_again().await;
    until("appends work again", async || log.append(FIRST, b"after".to_vec()).await.is_ok()).await;
    until("reads work again", async || log.read_after(FIRST, Position::START, 1).await.is_ok()).await;
    assert_eq!(text(&read_all(&log, Position::START).await), "before after");
}

#[tokio::test]
async fn nobody_notices_a_restart_between_two_appends() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    append(&log, "a").await;
    log.wait_beyond(FIRST, Position::START).await;
    redis.stop();
    redis.start_again().await;
    append(&log, "b").await;
    assert_eq!(text(&read_all(&log, Position::START).await), "ab");
    log.wait_beyond(FIRST, Position::START).await;
}

#[tokio::test]
async fn nobody_notices_that_redis_has_forgotten_the_scripts() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    for text in ["a", "b"] {
        redis.run::<()>("SCRIPT FLUSH").await;
        append(&log, text).await;
    }
    assert_eq!(text(&read_all(&log, Position::START).await), "ab");
}

#[tokio::test]
async fn a_redis_that_stands_still_refuses_in_bounded_time_and_gathers_bounded_memory() {
    let redis = TestRedis::start();
    let server = redis.server().with_answer_timeout(Duration::from_millis(300));
    let options = PingLogOptions { max_pending_bytes: 100_000, ..PingLogOptions::default() };
    let log = Arc::new(RedisPingLog::open(&server, &options).await.unwrap());
    append(&log, "before ").await;
    redis.pause();
    let start = Instant::now();
    let mut appends = JoinSet::new();
    for _ in 0..1_000 {
        let log = Arc::clone(&log);
        appends.spawn(async move { log.append(FIRST, vec![7; 1_000]).await });
    }
    let mut full = 0;
    while let Some(outcome) = appends.join_next().await {
        match outcome.unwrap() {
            Err(AppendError::Unavailable(_)) => {}
            Err(AppendError::Full { .. }) => full += 1,
            Ok(()) => panic!("acknowledged by nobody"),
        }
    }
    // Two senders and what gathers hold at most 100 records each.
    assert!(full >= 700, "only {full} were turned away");
    assert!(matches!(log.read_after(FIRST, Position::START, 1).await, Err(PortError::Unavailable(_))));
    log.wait_beyond(FIRST, Position::START).await;
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
    redis.resume();
    until("appends work again", async || log.append(FIRST, b"after".to_vec()).await.is_ok()).await;
    // What was refused may have arrived all the same; what was accepted is there.
    until("reads work again", async || log.read_after(FIRST, Position::START, 1).await.is_ok()).await;
    let text = text(&read_all(&log, Position::START).await);
    assert!(text.starts_with("before ") && text.contains("after"));
}

#[tokio::test]
async fn appends_that_nobody_waits_for_any_more_do_no_harm() {
    let redis = TestRedis::start();
    let log = open(&redis).await;
    for _ in 0..100 {
        let mut given_up = std::pin::pin!(log.append(FIRST, b"x".to_vec()));
        assert!(poll_fn(|cx| Poll::Ready(given_up.as_mut().poll(cx).is_pending())).await);
    }
    append(&log, "end").await;
    assert!(text(&read_all(&log, Position::START).await).ends_with("end"));
}
