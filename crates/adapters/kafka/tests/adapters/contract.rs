//! The suite that every ping log keeps.

use std::sync::Arc;

use dayline_app::ports::{BoxFuture, PingLog};
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::prove;
use dayline_kafka::{KafkaConfig, KafkaPingLog};
use dayline_testkit::shared_kafka;

use crate::topics::{fresh, make, options};

async fn open(server: KafkaConfig) -> Arc<dyn PingLog> {
    Arc::new(KafkaPingLog::open(&server, &options()).await.unwrap())
}

#[tokio::test]
async fn the_log_keeps_the_facts_of_every_ping_log() {
    let Some(brokers) = shared_kafka() else { return };
    prove(FACTS, async || {
        let server = fresh(&brokers);
        make(&server, 1).await;
        let reopen = {
            let server = server.clone();
            Box::new(move || -> BoxFuture<'static, Arc<dyn PingLog>> { Box::pin(open(server.clone())) })
        };
        Subject { log: open(server).await, reopen: Some(reopen) }
    })
    .await;
}
