//! What an operator's command has in the place of the ping log, which belongs to the server alone.

use dayline_app::ports::{
    AppendError, BoxFuture, Erased, LogDepth, LogRead, Partition, PingLog, PortError, PortFuture, Position,
};

/// A ping log that takes nothing and has nothing.
#[derive(Debug)]
pub(crate) struct ClosedLog;

impl PingLog for ClosedLog {
    fn partitions(&self) -> u32 {
        1
    }

    fn append(&self, _: Partition, _: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        let closed = AppendError::Unavailable("the ping log belongs to the server".to_owned());
        Box::pin(std::future::ready(Err(closed)))
    }

    fn read_after(&self, _: Partition, _: Position, _: usize) -> PortFuture<'_, LogRead> {
        Box::pin(std::future::ready(Ok(LogRead::default())))
    }

    fn wait_beyond(&self, _: Partition, _: Position) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, _: Partition, _: Position) -> PortFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn erase(&self, _: Partition, _: Erased) -> PortFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(std::future::ready(Ok(LogDepth::default())))
    }

    fn check(&self) -> PortFuture<'_, ()> {
        let closed = PortError::Unavailable("the ping log belongs to the server".to_owned());
        Box::pin(std::future::ready(Err(closed)))
    }
}
