//! The suite of the port, on one runtime thread and on several.

use std::sync::Arc;

use dayline_app::ports::PingLog;
use dayline_app::tracking::keep::Keep;
use dayline_contract::suites::ping_log::{FACTS, Subject};
use dayline_contract::suites::{kept_pings, prove};
use dayline_sqlite::PingLogOptions;

use crate::open_with;

#[tokio::test]
async fn the_facts_hold() {
    prove(FACTS, async || fresh(Keep::NOTHING)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_facts_hold_on_several_threads() {
    prove(FACTS, async || fresh(Keep::NOTHING)).await;
}

#[tokio::test]
async fn the_facts_of_what_is_kept_hold() {
    for facts in [kept_pings::FACTS, kept_pings::ERASING] {
        prove(facts, async || fresh(kept_pings::KEEP)).await;
    }
}

fn fresh(keep: Keep) -> Subject {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let options = PingLogOptions { keep, ..PingLogOptions::default() };
    let log = open_with(folder.path(), &options);
    let reopen = move || {
        let log: Arc<dyn PingLog> = open_with(folder.path(), &options);
        Box::pin(std::future::ready(log)) as _
    };
    Subject { log, reopen: Some(Box::new(reopen)) }
}
