//! The suite that every ping log keeps.

use std::cell::Cell;
use std::sync::Arc;

use dayline_app::ports::PingLog;
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::{Fact, kept_pings, prove};
use dayline_redis::{PingLogOptions, RedisConfig, RedisPingLog};

use crate::test_redis::TestRedis;

async fn open(server: RedisConfig, options: PingLogOptions) -> Arc<dyn PingLog> {
    Arc::new(RedisPingLog::open(&server, &options).await.unwrap())
}

async fn prove_with(facts: &[Fact<Subject>], options: PingLogOptions) {
    let redis = TestRedis::start();
    let made = Cell::new(0);
    prove(facts, async || {
        made.set(made.get() + 1);
        let server = redis.server().with_prefix(&format!("dayline:log{}", made.get()));
        let reopen = {
            let (server, options) = (server.clone(), options.clone());
            Box::new(move || -> dayline_app::ports::BoxFuture<'static, Arc<dyn PingLog>> {
                Box::pin(open(server.clone(), options.clone()))
            })
        };
        Subject { log: open(server, options.clone()).await, reopen: Some(reopen) }
    })
    .await;
}

#[tokio::test]
async fn the_log_keeps_the_facts_of_every_ping_log() {
    prove_with(FACTS, PingLogOptions { partitions: 3, ..PingLogOptions::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_them_on_several_threads_and_over_many_connections() {
    prove_with(FACTS, PingLogOptions { senders: 6, ..PingLogOptions::default() }).await;
}

#[tokio::test]
async fn it_keeps_what_is_settled_as_every_ping_log_does() {
    let options = PingLogOptions { keep: kept_pings::KEEP, ..PingLogOptions::default() };
    prove_with(kept_pings::FACTS, options.clone()).await;
    prove_with(kept_pings::ERASING, options).await;
}
