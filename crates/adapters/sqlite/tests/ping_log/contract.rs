//! The suite of the port, on one runtime thread and on several.

use std::sync::Arc;

use dayline_app::ports::PingLog;
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::prove;

use crate::open;

#[tokio::test]
async fn the_facts_hold() {
    prove(FACTS, async || fresh()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_facts_hold_on_several_threads() {
    prove(FACTS, async || fresh()).await;
}

fn fresh() -> Subject {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let log = open(folder.path());
    let reopen = move || {
        let log: Arc<dyn PingLog> = open(folder.path());
        Box::pin(std::future::ready(log)) as _
    };
    Subject { log, reopen: Some(Box::new(reopen)) }
}
