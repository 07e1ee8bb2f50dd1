//! The worker's side: entries after a position, waiting for them, trimming behind it, and how much
//! waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_app::ports::{LogDepth, LogEntry, Partition, Payload, PortError, Position};
use redis::aio::MultiplexedConnection;
use redis::{Value, cmd, pipe};
use tokio::time::{sleep, timeout};

use super::entry::parse_range;
use super::head::Head;
use super::scripts::{RECOVER, TRIM};
use crate::link::{Link, Question};

/// Most entries in one answer: reading thousands keeps Redis from everybody else for some
/// milliseconds.
const ENTRIES: usize = 4_096;
/// How long Redis keeps a waiting reader, and how long the reader believes that it does.
const BLOCK: Duration = Duration::from_millis(900);
const BLOCK_AT_MOST: Duration = Duration::from_secs(1);
/// How long a reader waits that can't ask Redis to tell it.
const PAUSE: Duration = Duration::from_millis(200);
/// Positions are kept exactly only below: Lua counts in floating point. Bytes and milliseconds
/// never come so far.
const EXACT: u64 = 1 << 53;

pub(super) struct Reader {
    head: Arc<Head>,
    link: Link,
    /// Of each partition, a connection that is not waiting now.
    idle: Vec<Mutex<Option<MultiplexedConnection>>>,
}

impl Reader {
    pub(super) fn new(head: Arc<Head>) -> Self {
        let idle = (0..head.partitions()).map(|_| Mutex::new(None)).collect();
        Self { link: Link::new(head.config().clone()), head, idle }
    }

    /// Goes on from one epoch to the next: each connection that was made began one, so that after
    /// many restarts there are many with few entries.
    pub(super) async fn read_after(
        &self,
        partition: Partition,
        mut after: Position,
        max_bytes: usize,
    ) -> Result<Vec<LogEntry>, PortError> {
        let (mut entries, mut room) = (Vec::new(), max_bytes as u64);
        loop {
            let Fitting { newest, entries: more } = self.fitting(partition, after, room).await?;
            after = more.last().map_or(after, |last| last.position);
            room = room.saturating_sub(more.iter().map(size).sum::<u64>());
            entries.extend(more);
            if !entries.is_empty() && (room == 0 || newest <= after.major) {
                return Ok(entries);
            }
            let Some(first) = self.first_after(partition, after).await? else { return Ok(entries) };
            if !entries.is_empty() && size(&first) > room {
                return Ok(entries);
            }
            after = first.position;
            room = room.saturating_sub(size(&first));
            entries.push(first);
        }
    }

    /// The entries after `after` that fit into `room` bytes and are of the same epoch. Ids count
    /// bytes, so that it is known beforehand where they end.
    async fn fitting(
        &self,
        partition: Partition,
        mut after: Position,
        mut room: u64,
    ) -> Result<Fitting, PortError> {
        let mut fitting = Fitting { newest: after.major, entries: Vec::new() };
        while room > 0 {
            let to = Position { minor: after.minor.saturating_add(room), ..after };
            let Fitting { newest, entries: more } = self.range(partition, after, to).await?;
            fitting.newest = newest;
            let Some(last) = more.last().map(|entry| entry.position) else { break };
            let bytes: u64 = more.iter().map(size).sum();
            // What was trimmed in between has left room for more.
            let trimmed = last.minor - after.minor > bytes;
            let complete = more.len() < ENTRIES && !trimmed;
            fitting.entries.extend(more);
            if complete {
                break;
            }
            (after, room) = (last, room.saturating_sub(bytes));
        }
        Ok(fitting)
    }

    async fn range(&self, partition: Partition, after: Position, to: Position) -> Result<Fitting, PortError> {
        let mut look = pipe();
        look.cmd("XRANGE").arg(self.head.stream(partition)).arg(format!("({after}")).arg(to.to_string());
        look.arg("COUNT").arg(ENTRIES);
        look.cmd("HGET").arg(self.head.key()).arg("epoch");
        let (range, epoch): (Value, Option<u64>) = self.link.ask(Question::Pipeline(&look)).await?;
        Ok(Fitting { newest: epoch.unwrap_or(0), entries: parse_range(range)? })
    }

    async fn first_after(
        &self,
        partition: Partition,
        after: Position,
    ) -> Result<Option<LogEntry>, PortError> {
        // No transaction: a Redis without memory refuses it, even if it only reads, and then
        // nothing would ever be worked off. What changes between the two looks does no harm, since
        // the script that recovers looks again.
        let mut look = pipe();
        look.cmd("XRANGE").arg(self.head.stream(partition)).arg(format!("({after}")).arg("+");
        look.arg("COUNT").arg(1);
        look.cmd("HMGET").arg(self.head.key()).arg("epoch").arg(format!("end:{}", partition.0));
        let (range, (epoch, end)): (Value, (Option<u64>, Option<u64>)) =
            self.link.ask(Question::Pipeline(&look)).await?;
        let first = parse_range(range)?.pop();
        let given = Position { major: epoch.unwrap_or(0), minor: end.unwrap_or(0) };
        if first.is_none() && given < after {
            self.recover(partition, after).await?;
        }
        Ok(first)
    }

    /// The reader is ahead of all ids ever given: what Redis had is lost. Without this the reader
    /// would wait, and skip what comes, until the ids have caught up with it.
    async fn recover(&self, partition: Partition, after: Position) -> Result<(), PortError> {
        if after.major >= EXACT || after.minor >= EXACT {
            return Err(PortError::Corrupt(format!(
                "position {after} was never given by a ping log in redis"
            )));
        }
        let mut call = RECOVER.call(2);
        call.arg(self.head.key()).arg(self.head.stream(partition));
        call.arg(partition.0).arg(after.major).arg(after.minor);
        let moved: i64 = self.link.ask(Question::Script(&RECOVER, &call)).await?;
        if moved >= 0 {
            tracing::warn!(partition = partition.0, %after, moved, "ping log in redis was behind its reader");
        }
        Ok(())
    }

    pub(super) async fn wait_beyond(&self, partition: Partition, after: Position) {
        let idle = &self.idle[partition.0 as usize];
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = match kept {
            Some(connection) => Ok(connection),
            None => self.head.config().connect_to_block().await,
        };
        let Ok(mut connection) = connection else { return sleep(PAUSE).await };
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(BLOCK.as_millis() as u64);
        command.arg("STREAMS").arg(self.head.stream(partition)).arg(after.to_string());
        match timeout(BLOCK_AT_MOST, command.query_async::<Value>(&mut connection)).await {
            // Only a connection that has answered is kept: another one may still be waiting at the
            // other end.
            Ok(Ok(_)) => *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection),
            Ok(Err(_)) => sleep(PAUSE).await,
            Err(_) => {}
        }
    }

    /// Gives the bytes that wait afterwards.
    pub(super) async fn trim(&self, partition: Partition, up_to: Position) -> Result<i64, PortError> {
        let keep = match up_to.minor.checked_add(1) {
            Some(minor) => Position { minor, ..up_to },
            None => Position { major: up_to.major.saturating_add(1), minor: 0 },
        };
        let mut call = TRIM.call(2);
        call.arg(self.head.key()).arg(self.head.stream(partition));
        call.arg(partition.0).arg(keep.to_string()).arg(up_to.minor);
        self.link.ask(Question::Script(&TRIM, &call)).await
    }

    pub(super) async fn depth(&self) -> Result<LogDepth, PortError> {
        let mut look = pipe();
        look.cmd("HGET").arg(self.head.key()).arg("bytes");
        for partition in (0..self.head.partitions()).map(Partition) {
            look.cmd("XLEN").arg(self.head.stream(partition));
        }
        let mut numbers: Vec<Option<i64>> = self.link.ask(Question::Pipeline(&look)).await?;
        let bytes = numbers.swap_remove(0).unwrap_or(0).max(0) as u64;
        // The last number has taken the first one's place; their order does not matter.
        let entries = numbers.into_iter().flatten().sum::<i64>() as u64;
        Ok(LogDepth { entries, bytes })
    }
}

/// What was found of one epoch, and which epoch is the newest.
struct Fitting {
    newest: u64,
    entries: Vec<LogEntry>,
}

fn size(entry: &LogEntry) -> u64 {
    match &entry.payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len() as u64,
    }
}
