//! The suite that every ping log keeps.

use std::sync::Arc;

use dayline_app::ports::{BoxFuture, PingLog};
use dayline_app::tracking::keep::Keep;
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::{Fact, kept_pings, prove};
use dayline_kafka::{KafkaConfig, KafkaPingLog, PingLogOptions};
use dayline_testkit::shared_kafka;

use crate::topics::{fresh, make, options};

async fn open(server: KafkaConfig, keep: Keep) -> Arc<dyn PingLog> {
    let options = PingLogOptions { keep, ..options() };
    Arc::new(KafkaPingLog::open(&server, &options, None).await.unwrap())
}

#[tokio::test]
async fn the_log_keeps_the_facts_of_every_ping_log() {
    prove_with(FACTS, Keep::NOTHING).await;
}

#[tokio::test]
async fn it_keeps_what_is_settled_as_every_ping_log_does() {
    prove_with(kept_pings::FACTS, kept_pings::KEEP).await;
}

async fn prove_with(facts: &[Fact<Subject>], keep: Keep) {
    let Some(brokers) = shared_kafka() else { return };
    prove(facts, async || {
        let server = fresh(&brokers);
        make(&server, 1).await;
        let reopen = {
            let server = server.clone();
            Box::new(move || -> BoxFuture<'static, Arc<dyn PingLog>> { Box::pin(open(server.clone(), keep)) })
        };
        Subject { log: open(server, keep).await, reopen: Some(reopen) }
    })
    .await;
}
