//! What `/readyz` looks at.

use std::time::Duration;

use dayline_api::{Check, Readiness};
use dayline_app::ports::{BoxFuture, PortError};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::wire::Probe;

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The parts of the system.
pub(super) struct Parts(pub(super) Vec<Probe>);

impl Readiness for Parts {
    fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
        Box::pin(join_all(self.0.iter().map(check)))
    }
}

async fn check(probe: &Probe) -> Check {
    let &Probe { name, needed, hint, .. } = probe;
    Check { name, needed, hint, failure: failure((probe.ask)()).await }
}

async fn failure(asked: impl Future<Output = Result<(), PortError>>) -> Option<String> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer in {PATIENCE:?}")),
    }
}
