//! What a process must be able to do, asked of the parts that it does it with.

use std::sync::Arc;

use dayline_app::ports::{LedgerWriter, PingLog, PortFuture};
use dayline_postgres::PgStore;

/// A part of the system that can be asked whether it works.
pub struct Probe {
    /// The part, by a word that may be shown to anyone.
    pub name: &'static str,
    /// Whether this process can't do its work without it; else it does it less well.
    pub needed: bool,
    /// What an operator should look at if it does not work.
    pub hint: &'static str,
    /// Asks.
    pub ask: Box<dyn Fn() -> PortFuture<'static, ()> + Send + Sync>,
}

/// Whether the log takes pings.
pub(super) fn appends(log: &Arc<dyn PingLog>, hint: &'static str) -> Probe {
    let log = Arc::clone(log);
    let ask = move || -> PortFuture<'static, ()> {
        let log = Arc::clone(&log);
        Box::pin(async move { log.check().await })
    };
    Probe { name: "ping_log", needed: true, hint, ask: Box::new(ask) }
}

/// Whether the log can be read: all that who takes no pings needs of it.
pub(super) fn reads(log: &Arc<dyn PingLog>, hint: &'static str) -> Probe {
    let log = Arc::clone(log);
    let ask = move || -> PortFuture<'static, ()> {
        let log = Arc::clone(&log);
        Box::pin(async move { log.depth().await.map(drop) })
    };
    Probe { name: "ping_log", needed: true, hint, ask: Box::new(ask) }
}

/// Whether the ledger takes commits.
pub(super) fn commits(
    name: &'static str,
    ledger: Arc<dyn LedgerWriter>,
    needed: bool,
    hint: &'static str,
) -> Probe {
    let ask = move || -> PortFuture<'static, ()> {
        let ledger = Arc::clone(&ledger);
        Box::pin(async move { ledger.check().await })
    };
    Probe { name, needed, hint, ask: Box::new(ask) }
}

/// Whether the database is one of ours. One that does not answer may be: pings are taken meanwhile.
pub(super) fn schema(store: Arc<PgStore>) -> Probe {
    let ask = move || -> PortFuture<'static, ()> {
        let store = Arc::clone(&store);
        Box::pin(async move {
            match store.unfitness().await {
                Ok(Some(unfit)) => Err(unfit),
                Ok(None) | Err(_) => Ok(()),
            }
        })
    };
    Probe { name: "schema", needed: true, hint: "has `dayline migrate` been run?", ask: Box::new(ask) }
}
