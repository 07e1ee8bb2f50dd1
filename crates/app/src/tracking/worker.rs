//! One partition's worker: reads the log after its position, settles days, commits the differences
//! together with the new position. Not here: threads, timers, logging; whoever drives it does
//! those.

mod cached_days;
mod salvage;

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::timeline::Bridge;
use dayline_domain::timeline::day_change::DayChange;
use dayline_domain::{Ping, UserId};

use crate::ports::{
    Applied, Clock, DayChanged, DayKey, DeadLetter, LedgerCommit, LedgerWriter, LiveEvents, LoadedDay,
    LogEntry, Partition, Payload, PingLog, PortError, Position,
};
use crate::tracking::record;
use cached_days::CachedDays;

/// What a worker works with.
#[derive(Clone)]
pub struct WorkerPorts {
    /// Where pings come from.
    pub log: Arc<dyn PingLog>,
    /// Where days go.
    pub ledger: Arc<dyn LedgerWriter>,
    /// Who hears of changes.
    pub live: Arc<dyn LiveEvents>,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
}

/// What bounds a worker.
#[derive(Debug, Clone, Copy)]
pub struct WorkerLimits {
    /// Largest gap between two pings of one activity that counts as its use.
    pub bridge: Bridge,
    /// Bytes read from the log in one step.
    pub read_bytes: usize,
    /// Bytes of ledger days kept in memory between steps.
    pub hot_bytes: usize,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self { bridge: Bridge::default(), read_bytes: 1 << 20, hot_bytes: 32 << 20 }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// Log entries consumed; 0 means that nothing was there.
    pub entries: usize,
    /// Pings read from them, whatever became of each.
    pub pings: usize,
    /// Ledger days changed.
    pub days: usize,
    /// Dead letters written.
    pub dead: usize,
    /// Pings, counted per day, forgotten because their person is gone.
    pub forgotten: usize,
    /// Somebody else moved the position or a day: the step was thrown away, to be done again.
    pub stale: bool,
    /// The log gave about as much as was asked for: more waits.
    pub behind: bool,
}

/// Works on one partition. Correct even if several do at once: the position and the versions of the
/// days decide whose commit counts.
pub struct Worker {
    ports: WorkerPorts,
    partition: Partition,
    limits: WorkerLimits,
    /// Where the ledger stands, as far as known; `None` after anything went wrong.
    position: Option<Position>,
    days: CachedDays,
}

/// What a batch of log entries says, by day.
#[derive(Default)]
struct Batch {
    pings: BTreeMap<DayKey, Vec<Ping>>,
    dead: Vec<DeadLetter>,
    count: usize,
}

impl Worker {
    /// A worker that knows nothing yet.
    pub fn new(ports: WorkerPorts, partition: Partition, limits: WorkerLimits) -> Self {
        Self { ports, partition, limits, position: None, days: CachedDays::new(limits.hot_bytes) }
    }

    /// Does what is there to do, up to one batch. After an error or [`Step::stale`] nothing is
    /// known any more and the next step loads again; no ping is lost, since the position only moves
    /// with the data.
    pub async fn step(&mut self) -> Result<Step, PortError> {
        let outcome = self.try_step().await;
        if !matches!(outcome, Ok(Step { stale: false, .. })) {
            self.forget();
        }
        outcome
    }

    /// Returns when there may be more to do.
    pub async fn wait(&self) {
        if let Some(position) = self.position {
            self.ports.log.wait_beyond(self.partition, position).await;
        }
    }

    async fn try_step(&mut self) -> Result<Step, PortError> {
        let from = self.find_position().await?;
        let entries = self.ports.log.read_after(self.partition, from, self.limits.read_bytes).await?;
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(Step::default()) };
        // An entry may be so large that two don't fit, but then one is at least half of a read.
        let behind = bytes(&entries) > self.limits.read_bytes / 2;
        let outcome = match self.process(from, to, &entries).await {
            // Something in the batch is refused by the store, or meets something damaged in it. Find
            // out what, entry by entry, so that nothing else is held up.
            Err(PortError::Rejected(_) | PortError::Corrupt(_)) => {
                self.days.clear();
                self.salvage(from, entries).await
            }
            outcome => outcome,
        };
        outcome.map(|step| Step { behind, ..step })
    }

    async fn find_position(&mut self) -> Result<Position, PortError> {
        if let Some(position) = self.position {
            return Ok(position);
        }
        let position = self.ports.ledger.position(self.partition).await?;
        self.position = Some(position);
        Ok(position)
    }

    fn forget(&mut self) {
        self.position = None;
        self.days.clear();
    }

    /// Processes whole entries: settles their days, and commits what changed.
    async fn process(
        &mut self,
        from: Position,
        to: Position,
        entries: &[LogEntry],
    ) -> Result<Step, PortError> {
        let Batch { pings, mut dead, count } = read_batch(entries);
        let mut step = Step { entries: entries.len(), pings: count, ..Step::default() };
        let changes = self.add_to_days(pings, &mut dead, &mut step).await?;
        step.dead = dead.len();
        self.commit(from, to, changes, dead, step).await
    }

    /// Adds pings to their days; gives what changed. Pings of damaged days become dead letters.
    async fn add_to_days(
        &mut self,
        pings: BTreeMap<DayKey, Vec<Ping>>,
        dead: &mut Vec<DeadLetter>,
        step: &mut Step,
    ) -> Result<Vec<(UserId, DayChange)>, PortError> {
        self.days.load_missing(&*self.ports.ledger, pings.keys().copied()).await?;
        let mut changes = Vec::new();
        for (key, pings) in pings {
            match self.days.get(key) {
                LoadedDay::Day(day) => {
                    let change = day.record(&pings, self.limits.bridge);
                    changes.extend(change.map(|change| (key.user, change)));
                }
                LoadedDay::NoSuchUser => step.forgotten += pings.len(),
                LoadedDay::Damaged(reason) => dead.push(dead_letter(key, &pings, reason.clone())),
            }
        }
        step.days = changes.len();
        Ok(changes)
    }

    async fn commit(
        &mut self,
        from: Position,
        to: Position,
        changes: Vec<(UserId, DayChange)>,
        dead: Vec<DeadLetter>,
        step: Step,
    ) -> Result<Step, PortError> {
        let at = self.ports.clock.now();
        let commit = Arc::new(LedgerCommit { partition: self.partition, from, to, changes, dead, at });
        if self.ports.ledger.apply(Arc::clone(&commit)).await? != Applied::Done {
            return Ok(Step { stale: true, ..Step::default() });
        }
        self.announce(&commit);
        self.position = Some(to);
        self.days.evict(at);
        if to > from {
            self.ports.log.trim(self.partition, to).await?;
        }
        Ok(step)
    }

    fn announce(&self, commit: &LedgerCommit) {
        let event = |(user, change): &(UserId, DayChange)| DayChanged {
            user: *user,
            day: change.day,
            version: change.to_version,
            at: commit.at,
        };
        let events: Vec<DayChanged> = commit.changes.iter().map(event).collect();
        self.ports.live.announce(&events);
    }
}

fn bytes(entries: &[LogEntry]) -> usize {
    let of = |entry: &LogEntry| match &entry.payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len(),
    };
    entries.iter().map(of).sum()
}

fn dead_letter(key: DayKey, pings: &[Ping], reason: String) -> DeadLetter {
    DeadLetter { user: Some(key.user), reason, record: record::encode(key.user, pings) }
}

/// Decodes entries and sorts their pings by day. What can't be decoded becomes a dead letter.
fn read_batch(entries: &[LogEntry]) -> Batch {
    let mut batch = Batch::default();
    for entry in entries {
        match &entry.payload {
            Payload::Records(payload) => record::split(payload).for_each(|record| batch.add(record)),
            Payload::Damaged { bytes, reason } => {
                batch.dead.push(DeadLetter { user: None, reason: reason.clone(), record: bytes.clone() });
            }
        }
    }
    batch
}

impl Batch {
    fn add(&mut self, record: Result<&[u8], &[u8]>) {
        let decoded = record
            .map_err(|rest| (rest, record::RecordError::Truncated))
            .and_then(|record| record::decode(record).map_err(|error| (record, error)));
        match decoded {
            Ok((user, pings)) => self.add_pings(user, pings),
            Err((record, error)) => {
                let user = record::owner(record);
                self.dead.push(DeadLetter { user, reason: error.to_string(), record: record.to_vec() });
            }
        }
    }

    fn add_pings(&mut self, user: UserId, pings: Vec<Ping>) {
        self.count += pings.len();
        for ping in pings {
            for (day, interval) in ping.interval.cut_at_midnight() {
                let part = Ping { source: Arc::clone(&ping.source), interval };
                self.pings.entry(DayKey { user, day }).or_default().push(part);
            }
        }
    }
}
