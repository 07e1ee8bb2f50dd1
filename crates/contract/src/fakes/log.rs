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
    keep: Keep,
    partitions: BTreeMap<Partition, Contents>,
    refusing: Option<AppendError>,
}

/// What one partition has.
struct Contents {
    entries: BTreeMap<Position, Entry>,
    /// Up to the last entry there ever was.
    end: Settled,
    settled: Settled,
    keeping: Keeping,
    forgotten: Settled,
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
        let inner = Inner { keep, partitions: BTreeMap::new(), refusing: None };
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
    pub fn append_payload(&self, partition: Partition, payload: Payload) -> Position {
        let mut inner = locked(&self.inner);
        let position = inner.contents(partition).append(payload);
        drop(inner);
        self.grown.notify_waiters();
        position
    }
}

impl Inner {
    fn contents(&mut self, partition: Partition) -> &mut Contents {
        self.partitions.entry(partition).or_insert_with(|| Contents::new(self.keep))
    }
}

impl Contents {
    fn new(keep: Keep) -> Self {
        let nothing = Settled::default();
        let (entries, keeping) = (BTreeMap::new(), Keeping::new(keep));
        Self { entries, end: nothing, settled: nothing, keeping, forgotten: nothing }
    }

    fn append(&mut self, payload: Payload) -> Position {
        let position = Position { major: self.end.position.major + 1, minor: 0 };
        let bytes = self.end.bytes + size(&payload) as u64;
        self.end = Settled { position, bytes };
        self.entries.insert(position, Entry { payload, bytes });
        position
    }

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
            // The sender lives as long as this fake.
            let _ = self.stalls.subscribe().wait_for(|stalls| !stalls).await;
            if let Some(error) = locked(&self.inner).refusing.clone() {
                return Err(error);
            }
            self.append_payload(partition, Payload::Records(record));
            Ok(())
        })
    }

    fn read_after(&self, partition: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead> {
        Box::pin(async move { Ok(locked(&self.inner).contents(partition).read_after(after, max_bytes)) })
    }

    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let grown = self.grown.notified();
            let waiting = locked(&self.inner).contents(partition).end.position > after;
            if !waiting {
                // The bound of the port: never misses an append for longer than a second.
                let _ = tokio::time::timeout(Duration::from_secs(1), grown).await;
            }
        })
    }

    fn settle(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.inner).contents(partition).settle(up_to);
            Ok(())
        })
    }

    fn erase(&self, partition: Partition, erased: Erased) -> PortFuture<'_, ()> {
        Box::pin(async move {
            locked(&self.inner).contents(partition).erase(&erased);
            Ok(())
        })
    }

    fn depth(&self) -> PortFuture<'_, LogDepth> {
        Box::pin(async move {
            let mut all = LogDepth::default();
            for LogDepth { entries, bytes } in locked(&self.inner).partitions.values().map(Contents::depth) {
                all.entries += entries;
                all.bytes += bytes;
            }
            Ok(all)
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
