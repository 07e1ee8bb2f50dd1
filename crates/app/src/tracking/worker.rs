//! One partition's worker: reads the log after its position, settles days, commits the differences
//! together with the new position. Not here: threads, timers, logging; whoever drives it does
//! those.

mod ahead;
mod batch;
mod commit;
mod kept_day;
mod kept_days;
mod orders;
mod salvage;

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::{Correction, Observation, UserId, UtcMs};

use crate::ports::{
    Clock, DayKey, DayWrite, DeadLetter, Erased, LedgerWriter, LiveEvents, LogEntry, LogRead, Lost, Mark,
    Partition, Payload, PingLog, PortError, Position, Randomness,
};
use crate::tracking::record;
use batch::{Batch, read_batch};
use kept_days::{Kept, KeptDays};

/// How often the ledger is asked where it stands while there is nothing to do, in milliseconds: one
/// that came back older is then brought up to date, and what the log has kept long enough goes.
const LOOK_AGAIN_MS: u64 = 60_000;

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
    /// Where marks of versions come from.
    pub randomness: Arc<dyn Randomness>,
}

/// What bounds a worker.
#[derive(Debug, Clone, Copy)]
pub struct WorkerLimits {
    /// Bytes read from the log in one step.
    pub read_bytes: usize,
    /// Bytes of ledger days kept in memory between steps.
    pub hot_bytes: usize,
}

impl Default for WorkerLimits {
    fn default() -> Self {
        Self { read_bytes: 1 << 20, hot_bytes: 32 << 20 }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// Log entries consumed; 0 means that nothing was there.
    pub entries: usize,
    /// Pings settled.
    pub pings: usize,
    /// Ledger days changed.
    pub days: usize,
    /// Dead letters written.
    pub dead: usize,
    /// Pings, counted per day, forgotten because their person is gone or the day is past.
    pub forgotten: usize,
    /// Log entries that the log had forgotten before the ledger had them: accepted pings that are
    /// lost.
    pub lost: u64,
    /// Somebody else moved the position or a day: the step was thrown away, to be done again.
    pub stale: bool,
    /// More waits: the log gave about as much as was asked for, or many days are idle.
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
    /// When the log was told last where the ledger stands.
    told: Option<UtcMs>,
    days: KeptDays,
    /// The next step, if it was settled while the one before was committed.
    ahead: Option<Ahead>,
    /// What is to be taken out of what the log keeps, once it is settled.
    erased: Vec<Erased>,
}

/// What is committed at once: days as they are written, what they are told of, and dead letters.
#[derive(Default)]
struct Changes {
    days: Vec<(UserId, DayWrite)>,
    corrections: Vec<(UserId, Correction)>,
    dead: Vec<DeadLetter>,
    /// Days in which something else counts than before.
    changed: Vec<DayKey>,
    /// People of whom the log has something, and who are no more.
    gone: Vec<UserId>,
    /// How many days had to be loaded for it.
    loaded: usize,
}

/// A step that is settled in memory, on top of one that was not committed then.
struct Ahead {
    entries: Vec<LogEntry>,
    changes: Changes,
    step: Step,
}

impl Worker {
    /// A worker that knows nothing yet.
    pub fn new(ports: WorkerPorts, partition: Partition, limits: WorkerLimits) -> Self {
        Self {
            ports,
            partition,
            limits,
            position: None,
            told: None,
            days: KeptDays::new(limits.hot_bytes),
            ahead: None,
            erased: Vec::new(),
        }
    }

    /// Does what is there to do, up to one batch. After an error or [`Step::stale`] nothing is
    /// known any more and the next step loads again; no ping is lost, since the position only moves
    /// with the data.
    ///
    /// # Errors
    ///
    /// When a port can't be reached, or the ledger refuses what can't be told apart.
    pub async fn step(&mut self) -> Result<Step, PortError> {
        let outcome = self.try_step().await;
        if matches!(outcome, Ok(Step { stale: false, .. })) {
            self.erase_kept().await;
        } else {
            self.forget();
        }
        outcome
    }

    /// Takes what was erased by this step or one before out of what the log keeps.
    async fn erase_kept(&mut self) {
        for erased in std::mem::take(&mut self.erased) {
            // What can't be taken out now goes with time.
            let _ = self.ports.log.erase(self.partition, erased).await;
        }
    }

    fn note_erased(&mut self, user: UserId, by: Option<&Correction>) {
        let erased = Erased { user, by: by.cloned() };
        if !self.erased.contains(&erased) {
            self.erased.push(erased);
        }
    }

    /// Whether the next step was read from the log and settled during the last one.
    pub fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Returns when there may be more to do.
    pub async fn wait(&self) {
        if let Some(position) = self.position {
            self.ports.log.wait_beyond(self.partition, position).await;
        }
    }

    async fn try_step(&mut self) -> Result<Step, PortError> {
        let from = self.find_position().await?;
        if let Some(Ahead { entries, changes, step }) = self.ahead.take() {
            return self.commit_or_salvage(from, entries, Ok((changes, step))).await;
        }
        let read = self.ports.log.read_after(self.partition, from, self.limits.read_bytes).await?;
        let LogRead { lost, entries } = read;
        if let Some(lost) = lost {
            return self.skip(from, lost).await;
        }
        if entries.is_empty() {
            return self.idle(from).await;
        }
        let settled = self.settle_entries(from, &entries).await;
        self.commit_or_salvage(from, entries, settled).await
    }

    /// Commits what entries were settled to. If more waits and most days come from the ledger, which is
    /// slow, the next entries are settled meanwhile.
    async fn commit_or_salvage(
        &mut self,
        from: Position,
        entries: Vec<LogEntry>,
        settled: Result<(Changes, Step), PortError>,
    ) -> Result<Step, PortError> {
        let Some(to) = entries.last().map(|entry| entry.position) else { return Ok(Step::default()) };
        // An entry may be so large that two don't fit, but then one is at least half of a read.
        let behind = bytes(&entries) > self.limits.read_bytes / 2;
        let outcome = match settled {
            Ok((changes, step)) if behind && changes.are_mostly_loaded() => {
                self.commit_and_settle_next(from, to, changes, step).await
            }
            Ok((changes, step)) => self.commit(from, to, changes, step).await,
            Err(error) => Err(error),
        };
        let outcome = match outcome {
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

    /// Tells the log where the ledger stands.
    async fn tell(&mut self, position: Position) -> Result<(), PortError> {
        self.ports.log.settle(self.partition, position).await?;
        self.told = Some(self.ports.clock.now());
        Ok(())
    }

    /// Goes on behind what is lost, in a commit of its own, so that it is told of once.
    async fn skip(&mut self, from: Position, lost: Lost) -> Result<Step, PortError> {
        let step = Step { lost: lost.entries, ..Step::default() };
        self.commit(from, lost.up_to, Changes::default(), step).await
    }

    /// What is done when nothing is there to be settled.
    async fn idle(&mut self, at: Position) -> Result<Step, PortError> {
        let now = self.ports.clock.now();
        let closed = self.close(at).await?;
        let closed = Step { behind: self.days.may_be_idle(now), ..closed };
        let is_due = self.told.is_none_or(|told| now.since(told).unsigned_abs() >= LOOK_AGAIN_MS);
        if closed.stale || !is_due {
            return Ok(closed);
        }
        // A ledger that is away is no trouble while nothing is to be written.
        let Ok(position) = self.ports.ledger.position(self.partition).await else { return Ok(closed) };
        self.tell(position).await?;
        Ok(Step { stale: position != at, ..closed })
    }

    fn forget(&mut self) {
        (self.position, self.told, self.ahead) = (None, None, None);
        self.days.clear();
    }

    /// Settles whole entries and commits them.
    async fn process(
        &mut self,
        from: Position,
        to: Position,
        entries: &[LogEntry],
    ) -> Result<Step, PortError> {
        let (changes, step) = self.settle_entries(from, entries).await?;
        self.commit(from, to, changes, step).await
    }

    /// Settles whole entries in memory. What settles whole days anew is committed at once, where the
    /// ledger stands: the order does not matter, and the position moves when all is done. A step that
    /// was stale in this has no changes, and is not to be committed.
    async fn settle_entries(
        &mut self,
        from: Position,
        entries: &[LogEntry],
    ) -> Result<(Changes, Step), PortError> {
        let Batch { observations, orders, dead, count } = read_batch(entries);
        let mut step = Step::of(entries.len(), count);
        for order in orders {
            let part = self.follow(from, order.user, order.what).await?;
            if part.stale {
                return Ok((Changes::default(), part));
            }
            step.add(part);
        }
        self.record(observations, dead, step).await
    }

    /// Records observations in their days, and loads those days that are not in memory. What is of
    /// damaged days becomes dead letters, beside what could not be read.
    async fn record(
        &mut self,
        observations: BTreeMap<DayKey, Vec<Observation>>,
        dead: Vec<DeadLetter>,
        mut step: Step,
    ) -> Result<(Changes, Step), PortError> {
        let loaded = self.days.load_missing(&*self.ports.ledger, observations.keys().copied()).await?;
        let mut changes = Changes { dead, loaded, ..Changes::default() };
        for (key, observations) in observations {
            match self.days.get(key) {
                Kept::Day(kept) => {
                    if let Some(change) = kept.day.record(&observations) {
                        let counts_else = !change.counted.is_empty();
                        changes.add(key, kept.write(change, self.ports.new_mark()), counts_else);
                        step.days += 1;
                    }
                }
                Kept::NoSuchUser => {
                    step.forgotten += observations.len();
                    changes.gone.push(key.user);
                }
                Kept::Past => step.forgotten += observations.len(),
                Kept::Damaged(reason) => {
                    changes.dead.push(dead_letter(key, &observations, reason.clone()));
                }
            }
        }
        step.dead = changes.dead.len();
        Ok((changes, step))
    }
}

impl WorkerPorts {
    fn new_mark(&self) -> Mark {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes);
        Mark(u64::from_le_bytes(bytes))
    }
}

impl Changes {
    fn are_mostly_loaded(&self) -> bool {
        self.loaded > 0 && self.loaded >= self.days.len() / 2
    }

    /// Adds how a day is written; days come in their order.
    fn add(&mut self, key: DayKey, write: DayWrite, counts_else: bool) {
        if counts_else {
            self.changed.push(key);
        }
        self.days.push((key.user, write));
    }
}

impl Step {
    fn of(entries: usize, pings: usize) -> Self {
        Self { entries, pings, ..Self::default() }
    }

    fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.pings += other.pings;
        self.days += other.days;
        self.dead += other.dead;
        self.forgotten += other.forgotten;
    }
}

fn bytes(entries: &[LogEntry]) -> usize {
    let of = |entry: &LogEntry| match &entry.payload {
        Payload::Records(bytes) | Payload::Damaged { bytes, .. } => bytes.len(),
    };
    entries.iter().map(of).sum()
}

fn dead_letter(key: DayKey, observations: &[Observation], reason: String) -> DeadLetter {
    DeadLetter { user: Some(key.user), reason, record: record::encode_observations(key.user, observations) }
}
