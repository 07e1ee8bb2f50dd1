//! A ping log in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use dayline_app::ports::{
    AppendError, BoxFuture, LogDepth, LogEntry, Partition, Payload, PingLog, PortError, PortFuture, Position,
};

use super::store::locked;

/// A ping log in memory, with one entry per append. A test may make it slow or full, or put damaged
/// entries into it.
#[derive(Default)]
pub struct FakeLog {
    inner: Mutex<Inner>,
    grown: tokio::sync::Notify,
    stalls: tokio::sync::watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<(Partition, Position), Payload>,
    last: u64,
    refusing: Option<AppendError>,
}

impl FakeLog {
    /// Makes every append fail with `error`, or succeed again.
    pub fn refuse(&self, error: Option<AppendError>) {
        locked(&self.inner).refusing = error;
    }

    /// Keeps appends waiting, until told otherwise.
    pub fn stall(&self, stalls: bool) {
        self.stalls.send_replace(stalls);
    }

    /// Appends an entry as it is, damaged if wanted.
    pub fn append_payload(&self, partition: Partition, payload: Payload) -> Position {
        let mut inner = locked(&self.inner);
        inner.last += 1;
        let position = Position { major: inner.last, minor: 0 };
        inner.entries.insert((partition, position), payload);
        drop(inner);
        self.grown.notify_waiters();
        position
    }
}

impl PingLog for FakeLog {
    fn partitions(&self) -> u32 {
        1
    }

    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(async move {
            // The sender lives as long as this fake.
            let _ = self.stalls.subscribe().wait_for(|stalls| !stalls).await;
            if let Some(error) = locked(&self.inner).refusing.clone() {
                return Err(error);
            }
            self.append_payload(partition, Payload::Records(record));
            Ok(())
        })
    }

    fn read_after(
        &self,
        partition: Partition,
        after: Position,
        max_bytes: usize,
    ) -> PortFuture<'_, Vec<LogEntry>> {
        Box::pin(async move {
            let inner = locked(&self.inner);
            let mut entries = Vec::new();
            let mut bytes = 0;
            for (&(of, position), payload) in inner.entries.range((partition, after)..) {
                if of != partition {
                    break;
                }
                bytes += size(payload);
                if position <= after {
                    bytes = 0;
                    continue;
                }
                if !entries.is_empty() && bytes > max_bytes {
                    break;
                }
                entries.push(LogEntry { position, payload: payload.clone() });
            }
            Ok(entries)
        })
    }

    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let grown = self.grown.notified();
            let waiting =
                locked(&self.inner).entries.keys().any(|&(of, position)| of == partition && position > after);
            if !waiting {
                // The bound of the port: never misses an append for longer than a second.
                let _ = tokio::time::timeout(std::time::Duration::from_secs(1), grown).await;
            }
        })
    }

    fn trim(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.inner).entries.retain(|&(of, position), _| of != partition || position > up_to);
            Ok(())
        })
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(async move {
            let inner = locked(&self.inner);
            let bytes = inner.entries.values().map(|payload| size(payload) as u64).sum();
            Ok(LogDepth { entries: inner.entries.len() as u64, bytes })
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(async move {
            let refusing = locked(&self.inner).refusing.clone();
            refusing.map_or(Ok(()), |error| Err(PortError::Unavailable(format!("{error:?}"))))
        })
    }
}

fn size(payload: &Payload) -> usize {
    match payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len(),
    }
}
