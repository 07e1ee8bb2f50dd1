//! What `/readyz` looks at.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{BoxFuture, LedgerWriter, Partition, PingLog, PortError};
use dayline_http::{Check, Readiness};
use tokio::time::timeout;

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The parts that must work.
pub(super) struct Parts {
    pub(super) log: Arc<dyn PingLog>,
    pub(super) ledger: Arc<dyn LedgerWriter>,
}

impl Readiness for Parts {
    fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
        Box::pin(async move {
            let (log, ledger) =
                tokio::join!(failure(self.log.depth()), failure(self.ledger.position(Partition(0))));
            vec![Check { name: "ping_log", failure: log }, Check { name: "ledger", failure: ledger }]
        })
    }
}

async fn failure<T>(asked: impl Future<Output = Result<T, PortError>>) -> Option<String> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer in {PATIENCE:?}")),
    }
}
