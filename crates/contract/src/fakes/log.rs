//! A ping log in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;
use std::time::Duration;

use dayline_app::ports::{
    AppendError, BoxFuture, Erased, LogDepth, LogEntry, LogRead, Lost, Partition, Payload, PingLog,
    PortError, PortFuture, Position,
};
use dayline_app::tracking::erased::take_out;
use dayline_app::tracking::keep::{Keep, Keeping, Settled};

use super::store::locked;

/// A ping log in memory, with one entry per append. A test may make it slow or full, or put damaged
/// entries into it. No time passes in it.
pub struct FakeLog {
    inner: Mutex<Inner>,
    grown: tokio::sync::Notify,
    stalls: tokio::sync::watch::Sender<bool>,
}

struct Inner {
    entries: BTreeMap<Position, Entry>,
    /// Up to the last entry there ever was.
    end: Settled,
    settled: Settled,
    keeping: Keeping,
    forgotten: Settled,
    refusing: Option<AppendError>,
}

struct Entry {
    payload: Payload,
    /// The bytes of all entries up to and including this one.
    bytes: u64,
}

impl Default for FakeLog {
    fn default() -> Self {
        Self::keeping(Keep::NOTHING)
    }
}

impl FakeLog {
    /// A log that keeps so much of what is settled.
    pub fn keeping(keep: Keep) -> Self {
        let nothing = Settled::default();
        let inner = Inner {
            entries: BTreeMap::new(),
            end: nothing,
            settled: nothing,
            keeping: Keeping::new(keep),
            forgotten: nothing,
            refusing: None,
        };
        Self {
            inner: Mutex::new(inner),
            grown: tokio::sync::Notify::new(),
            stalls: tokio::sync::watch::Sender::default(),
        }
    }

    /// Makes every append fail with `error`, or succeed again.
    pub fn refuse(&self, error: Option<AppendError>) {
        locked(&self.inner).refusing = error;
    }

    /// Keeps appends waiting, until told otherwise.
    pub fn stall(&self, stalls: bool) {
        self.stalls.send_replace(stalls);
    }

    /// Appends an entry as it is, damaged if wanted.
    pub fn append_payload(&self, payload: Payload) -> Position {
        let mut inner = locked(&self.inner);
        let position = Position { major: inner.end.position.major + 1, minor: 0 };
        let bytes = inner.end.bytes + size(&payload) as u64;
        inner.end = Settled { position, bytes };
        inner.entries.insert(position, Entry { payload, bytes });
        drop(inner);
        self.grown.notify_waiters();
        position
    }
}

impl Inner {
    fn read_after(&self, after: Position, max_bytes: usize) -> LogRead {
        let mut read = LogRead::default();
        let forgotten = self.forgotten.position;
        let lost = forgotten.major.saturating_sub(after.major);
        read.lost = (lost > 0).then_some(Lost { up_to: forgotten, entries: lost });
        let mut bytes = 0;
        for (&position, entry) in self.entries.range((Bound::Excluded(after), Bound::Unbounded)) {
            bytes += size(&entry.payload);
            if !read.entries.is_empty() && bytes > max_bytes {
                break;
            }
            read.entries.push(LogEntry { position, payload: entry.payload.clone() });
        }
        read
    }

    fn settle(&mut self, up_to: Position) {
        let up_to = up_to.min(self.end.position).max(self.forgotten.position);
        let last = self.entries.range(..=up_to).next_back();
        let bytes = last.map_or(self.forgotten.bytes, |(_, entry)| entry.bytes);
        self.settled = Settled { position: up_to, bytes };
        if let Some(forgotten) = self.keeping.settle(Duration::ZERO, self.settled, self.forgotten) {
            self.forgotten = forgotten;
            self.entries.retain(|position, _| *position > forgotten.position);
        }
    }

    fn erase(&mut self, erased: &Erased) {
        for (_, entry) in self.entries.range_mut(..=self.settled.position) {
            if let Payload::Records(records) = &mut entry.payload
                && let Some(left) = take_out(erased, records)
            {
                *records = left;
            }
        }
    }

    fn depth(&self) -> LogDepth {
        LogDepth {
            entries: self.end.position.major - self.settled.position.major,
            bytes: self.end.bytes - self.settled.bytes,
        }
    }
}

impl PingLog for FakeLog {
    fn partitions(&self) -> u32 {
        1
    }

    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(async move {
            assert_eq!(partition, Partition(0), "this fake has one partition");
            // The sender lives as long as this fake.
            let _ = self.stalls.subscribe().wait_for(|stalls| !stalls).await;
            if let Some(error) = locked(&self.inner).refusing.clone() {
                return Err(error);
            }
            self.append_payload(Payload::Records(record));
            Ok(())
        })
    }

    fn read_after(&self, _: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead> {
        Box::pin(async move { Ok(locked(&self.inner).read_after(after, max_bytes)) })
    }

    fn wait_beyond(&self, _: Partition, after: Position) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let grown = self.grown.notified();
            let waiting = locked(&self.inner).end.position > after;
            if !waiting {
                // The bound of the port: never misses an append for longer than a second.
                let _ = tokio::time::timeout(Duration::from_secs(1), grown).await;
            }
        })
    }

    fn settle(&self, _: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.inner).settle(up_to);
            Ok(())
        })
    }

    fn erase(&self, _: Partition, erased: Erased) -> PortFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.inner).erase(&erased);
            Ok(())
        })
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(async move { Ok(locked(&self.inner).depth()) })
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
