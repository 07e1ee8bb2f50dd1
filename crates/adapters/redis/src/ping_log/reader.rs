//! The worker's side: entries after a position, what is lost before them, waiting for them, and how
//! much waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dayline_app::ports::{LogDepth, LogEntry, LogRead, Lost, Partition, Payload, PortError, Position};
use redis::aio::MultiplexedConnection;
use redis::{Value, cmd, from_redis_value_ref, pipe};
use tokio::time::{sleep, timeout};

use super::entry::{parse_id, parse_range};
use super::head::Head;
use super::scripts::RECOVER;
use crate::link::{Link, Question};
use crate::server::Primary;

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
/// The bytes of an entry where there is none to tell.
const GUESS: u64 = 1_024;
/// What is told of a Redis that lacks what was read from it.
const LOST: &str = "redis has lost its ping log, or is an older copy: pings that were accepted and not processed may be lost";
/// The same where a replica confirms what is accepted, and may take over.
const LACKS: &str = "redis lacks pings that were processed: harmless after a failover. If it was emptied or is an older copy, \
    pings that were accepted and not processed may be lost";

pub(super) struct Reader {
    head: Arc<Head>,
    link: Link,
    /// Of each partition, a connection that is not waiting now.
    idle: Vec<Mutex<Option<(MultiplexedConnection, Primary)>>>,
    /// Of each partition, where a reader stood when it was told that Redis has lost its past.
    told: Vec<Mutex<Option<Position>>>,
}

impl Reader {
    pub(super) fn new(head: Arc<Head>) -> Self {
        let idle = (0..head.partitions()).map(|_| Mutex::new(None)).collect();
        let told = (0..head.partitions()).map(|_| Mutex::new(None)).collect();
        Self { link: Link::new(head.config().clone()), head, idle, told }
    }

    /// The entries after `after`, and what is gone that came before them.
    pub(super) async fn read_after(
        &self,
        partition: Partition,
        after: Position,
        max_bytes: usize,
    ) -> Result<LogRead, PortError> {
        let (entries, gone) = self.entries_after(partition, after, max_bytes as u64).await?;
        let lost =
            if gone > after { self.lost(partition, after, entries.first(), gone).await? } else { None };
        Ok(LogRead { lost, entries })
    }

    /// Goes on from one epoch to the next: each connection that was made began one, so that after
    /// many restarts there are many with few entries. Gives also up to where all was forgotten when it
    /// had read.
    async fn entries_after(
        &self,
        partition: Partition,
        mut after: Position,
        mut room: u64,
    ) -> Result<(Vec<LogEntry>, Position), PortError> {
        let mut entries = Vec::new();
        loop {
            let Fitting { newest, gone, entries: more } = self.fitting(partition, after, room).await?;
            after = more.last().map_or(after, |last| last.position);
            room = room.saturating_sub(more.iter().map(size).sum::<u64>());
            entries.extend(more);
            if !entries.is_empty() && (room == 0 || newest <= after.major) {
                return Ok((entries, gone));
            }
            let (first, gone) = self.first_after(partition, after).await?;
            let Some(first) = first else { return Ok((entries, gone)) };
            if !entries.is_empty() && size(&first) > room {
                return Ok((entries, gone));
            }
            after = first.position;
            room = room.saturating_sub(size(&first));
            entries.push(first);
        }
    }

    /// What was forgotten after `after`: ids count bytes, so that a gap before the first entry shows.
    /// Without a gap it was forgotten after it was read.
    async fn lost(
        &self,
        partition: Partition,
        after: Position,
        first: Option<&LogEntry>,
        gone: Position,
    ) -> Result<Option<Lost>, PortError> {
        let until = first.map_or(gone.minor, |first| first.position.minor.saturating_sub(size(first)));
        if first.is_some() && until == after.minor {
            return Ok(None);
        }
        let marks = self.marks(partition).await?;
        let bytes = until.saturating_sub(after.minor);
        Ok(Some(Lost { up_to: gone, entries: bytes.div_ceil(marks.entry_bytes()).max(1) }))
    }

    /// The entries after `after` that fit into `room` bytes and are of the same epoch. Ids count
    /// bytes, so that it is known beforehand where they end.
    async fn fitting(
        &self,
        partition: Partition,
        mut after: Position,
        mut room: u64,
    ) -> Result<Fitting, PortError> {
        let mut fitting = Fitting { newest: after.major, gone: Position::START, entries: Vec::new() };
        while room > 0 {
            let to = Position { minor: after.minor.saturating_add(room), ..after };
            let Fitting { newest, gone, entries: more } = self.range(partition, after, to).await?;
            (fitting.newest, fitting.gone) = (newest, gone);
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
        look.cmd("HMGET").arg(self.head.key()).arg("epoch").arg(format!("gone:{}", partition.0));
        let (range, (epoch, gone)): (Value, (Option<u64>, Option<String>)) =
            self.link.ask(Question::Pipeline(&look)).await?;
        let (newest, gone) = (epoch.unwrap_or(0), to_position(gone));
        Ok(Fitting { newest, gone, entries: parse_range(range)? })
    }

    /// The first entry after `after`, and up to where all is forgotten.
    async fn first_after(
        &self,
        partition: Partition,
        after: Position,
    ) -> Result<(Option<LogEntry>, Position), PortError> {
        // No transaction: a Redis without memory refuses it, even if it only reads, and then
        // nothing would ever be worked off. What changes between the two looks does no harm, since
        // the script that recovers looks again.
        let mut look = pipe();
        look.cmd("XRANGE").arg(self.head.stream(partition)).arg(format!("({after}")).arg("+");
        look.arg("COUNT").arg(1);
        look.cmd("HMGET").arg(self.head.key()).arg("epoch");
        look.arg(format!("end:{}", partition.0)).arg(format!("gone:{}", partition.0));
        let (range, (epoch, end, gone)): (Value, Ends) = self.link.ask(Question::Pipeline(&look)).await?;
        let first = parse_range(range)?.pop();
        let given = Position { major: epoch.unwrap_or(0), minor: end.unwrap_or(0) };
        if has_lost_its_past(given, after) {
            self.tell(partition, after);
        }
        if first.is_none() && given < after {
            self.recover(partition, after).await?;
        }
        Ok((first, to_position(gone)))
    }

    /// Tells the operator, once for each place where a reader stands.
    fn tell(&self, partition: Partition, after: Position) {
        let told = &self.told[partition.0 as usize];
        let before = told.lock().unwrap_or_else(PoisonError::into_inner).replace(after);
        if before == Some(after) {
            return;
        }
        let partition = partition.0;
        // It may have been read before a replica had it. Then nobody was promised that it stays.
        if self.head.confirm().is_some() {
            tracing::warn!(partition, %after, "{LACKS}");
        } else {
            tracing::error!(partition, %after, "{LOST}");
        }
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
            tracing::warn!(partition = partition.0, %after, moved, "ping log in redis was put behind its reader");
        }
        Ok(())
    }

    pub(super) async fn wait_beyond(&self, partition: Partition, after: Position) {
        let idle = &self.idle[partition.0 as usize];
        let config = self.head.config();
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = match kept {
            Some((connection, primary)) if config.is_still(primary) => Ok((connection, primary)),
            _ => config.connect_to_block().await,
        };
        let Ok((mut connection, primary)) = connection else { return sleep(PAUSE).await };
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(BLOCK.as_millis() as u64);
        command.arg("STREAMS").arg(self.head.stream(partition)).arg(after.to_string());
        match timeout(BLOCK_AT_MOST, command.query_async::<Value>(&mut connection)).await {
            // Only a connection that has answered is kept: another one may still be waiting at the
            // other end.
            Ok(Ok(_)) => *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some((connection, primary)),
            Ok(Err(_)) => sleep(PAUSE).await,
            Err(_) => {}
        }
    }

    pub(super) async fn depth(&self) -> Result<LogDepth, PortError> {
        let mut depth = LogDepth::default();
        for marks in self.all_marks((0..self.head.partitions()).map(Partition)).await? {
            depth.bytes += marks.waiting();
            depth.entries += marks.waiting().div_ceil(marks.entry_bytes()).min(marks.entries);
        }
        Ok(depth)
    }

    async fn marks(&self, partition: Partition) -> Result<Marks, PortError> {
        let marks = self.all_marks([partition].into_iter()).await?.pop();
        marks.ok_or_else(|| PortError::Corrupt("redis answered fewer questions than it was asked".to_owned()))
    }

    async fn all_marks(&self, partitions: impl Iterator<Item = Partition>) -> Result<Vec<Marks>, PortError> {
        let mut look = pipe();
        for partition in partitions {
            let Partition(number) = partition;
            look.cmd("HMGET").arg(self.head.key());
            look.arg(format!("end:{number}")).arg(format!("start:{number}")).arg(format!("base:{number}"));
            look.cmd("XLEN").arg(self.head.stream(partition));
        }
        let answers: Vec<Value> = self.link.ask(Question::Pipeline(&look)).await?;
        let (answers, _) = answers.as_chunks::<2>();
        answers.iter().map(Marks::parse).collect()
    }
}

/// The epoch, the bytes of all records that a partition ever had, and the last id that it forgot.
type Ends = (Option<u64>, Option<u64>, Option<String>);

/// How far a partition is: the bytes of all records ever appended, settled and forgotten, and how
/// many entries are there.
struct Marks {
    end: u64,
    start: u64,
    base: u64,
    entries: u64,
}

impl Marks {
    fn parse([marks, entries]: &[Value; 2]) -> Result<Self, PortError> {
        let unexpected = |error| PortError::Corrupt(format!("redis answered marks of another kind: {error}"));
        let (end, start, base): (Option<u64>, Option<u64>, Option<u64>) =
            from_redis_value_ref(marks).map_err(unexpected)?;
        let entries = from_redis_value_ref(entries).map_err(unexpected)?;
        let start = start.unwrap_or(0);
        Ok(Self { end: end.unwrap_or(0), start, base: base.unwrap_or(start), entries })
    }

    /// Bytes that wait.
    fn waiting(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// The bytes of an entry, as many as those that are there have on average; at least 1.
    fn entry_bytes(&self) -> u64 {
        self.end.saturating_sub(self.base).checked_div(self.entries).unwrap_or(GUESS).max(1)
    }
}

/// What was found of one epoch, which epoch is the newest, and up to where all was forgotten then.
struct Fitting {
    newest: u64,
    gone: Position,
    entries: Vec<LogEntry>,
}

/// Whether the last id ever given says that there were fewer bytes than the reader has read.
fn has_lost_its_past(given: Position, after: Position) -> bool {
    given.minor < after.minor
}

fn to_position(id: Option<String>) -> Position {
    id.and_then(|id| parse_id(id.as_bytes())).unwrap_or(Position::START)
}

fn size(entry: &LogEntry) -> u64 {
    match &entry.payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_counted_fewer_bytes_than_were_read_has_lost_some_whatever_its_epoch() {
        let after = Position { major: 1_000, minor: 500 };
        for major in [1, 1_000, 2_000] {
            let given = |minor| Position { major, minor };
            assert!(has_lost_its_past(given(0), after) && has_lost_its_past(given(499), after));
            assert!(!has_lost_its_past(given(500), after) && !has_lost_its_past(given(501), after));
        }
        assert!(!has_lost_its_past(Position::START, Position::START));
    }
}
