//! The bound on waiting for the server.

use std::future::Future;
use std::time::Duration;

use dayline_app::ports::PortError;

/// How long the server may take, and we wait for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) statement: Duration,
}

impl Limits {
    /// Gives up a little after the server does, so that its answer says why.
    pub(crate) async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T, PortError> {
        let wait = self.statement.saturating_add(Duration::from_secs(1));
        tokio::time::timeout(wait, work)
            .await
            .map_err(|_| PortError::Unavailable(format!("no answer from the database within {wait:?}")))
    }
}
