//! What a process must be able to do, asked of the parts that it does it with.

use std::sync::Arc;

use dayline_app::identity::key_agreement::KeyAgreement;
use dayline_app::ports::{BoxFuture, LedgerWriter, PingLog};
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
    pub ask: Box<dyn Fn() -> Answer + Send + Sync>,
}

/// What a part says: that it works, or why not.
pub(crate) type Answer = BoxFuture<'static, Result<(), String>>;

/// Whether the log takes pings.
pub(super) fn appends(log: &Arc<dyn PingLog>, hint: &'static str) -> Probe {
    let log = Arc::clone(log);
    let ask = move || -> Answer {
        let log = Arc::clone(&log);
        Box::pin(async move { log.check().await.map_err(|error| error.to_string()) })
    };
    Probe { name: "ping_log", needed: true, hint, ask: Box::new(ask) }
}

/// Whether the log can be read: all that who takes no pings needs of it.
pub(super) fn reads(log: &Arc<dyn PingLog>, hint: &'static str) -> Probe {
    let log = Arc::clone(log);
    let ask = move || -> Answer {
        let log = Arc::clone(&log);
        Box::pin(async move { log.depth().await.map(drop).map_err(|error| error.to_string()) })
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
    let ask = move || -> Answer {
        let ledger = Arc::clone(&ledger);
        Box::pin(async move { ledger.check().await.map_err(|error| error.to_string()) })
    };
    Probe { name, needed, hint, ask: Box::new(ask) }
}

/// Says that nothing but pings is written, which is what somebody wants for a while and not for ever.
pub(super) fn maintenance() -> Probe {
    let ask =
        || -> Answer { Box::pin(async { Err("pings are taken, and nothing else is written".to_owned()) }) };
    let hint = "is the data as it is to be? then start this without `--maintenance`";
    Probe { name: "maintenance", needed: false, hint, ask: Box::new(ask) }
}

/// Whether the database is one of ours. One that does not answer may be: pings are taken meanwhile.
pub(super) fn schema(store: Arc<PgStore>) -> Probe {
    let ask = move || -> Answer {
        let store = Arc::clone(&store);
        Box::pin(async move {
            match store.unfitness().await {
                Ok(Some(unfit)) => Err(unfit.to_string()),
                Ok(None) | Err(_) => Ok(()),
            }
        })
    };
    Probe { name: "schema", needed: true, hint: "has `dayline migrate` been run?", ask: Box::new(ask) }
}

/// Whether tokens of this node are good on the others, and theirs here.
pub(super) fn keys(agreement: Arc<KeyAgreement>) -> Probe {
    let ask = move || -> Answer {
        let agreement = Arc::clone(&agreement);
        Box::pin(async move { agreement.check().await.map_err(|why| why.to_string()) })
    };
    let hint =
        "is the file of `--keys-file` the same as on the other nodes? `dayline keys list` shows its keys";
    Probe { name: "keys", needed: true, hint, ask: Box::new(ask) }
}
