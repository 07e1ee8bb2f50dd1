//! Whose turn it is to remove what is past, for a process that is alone: always its own.

use std::future::ready;

use dayline_app::ports::{PortFuture, RetentionTurns, Turn};

/// The only process there is.
pub struct OnlyProcess;

impl RetentionTurns for OnlyProcess {
    fn take(&self, _: String) -> PortFuture<'_, Turn> {
        Box::pin(ready(Ok(Turn::Ours)))
    }
}
