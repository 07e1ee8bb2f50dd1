//! What to do when the store refuses a batch: halve it until the bad piece is alone, make that a
//! dead letter, keep the rest. While a store is only down, nothing becomes a dead letter.

use std::collections::BTreeMap;

use dayline_domain::Ping;

use super::{Batch, Step, Worker, dead_letter, read_batch};
use crate::ports::{DayKey, DeadLetter, LogEntry, PortError, Position};

impl Worker {
    /// Commits entries of which at least one is refused. Entries are halved down to one; inside
    /// that one, days and then pings are halved, applied without moving the position (pings may be
    /// applied any number of times), and at last the position moves together with the dead letters.
    pub(super) async fn salvage(
        &mut self,
        from: Position,
        entries: Vec<LogEntry>,
    ) -> Result<Step, PortError> {
        let mut total = Step::default();
        let mut at = from;
        let mut waiting = vec![entries];
        while let Some(mut entries) = waiting.pop() {
            let Some(to) = entries.last().map(|entry| entry.position) else { continue };
            let outcome = self.process(at, to, &entries).await;
            let step = match outcome {
                Err(PortError::Rejected(reason) | PortError::Corrupt(reason)) => {
                    self.days.clear();
                    if entries.len() > 1 {
                        let second = entries.split_off(entries.len() / 2);
                        waiting.extend([second, entries]);
                        continue;
                    }
                    self.salvage_entry(at, to, &entries, &reason).await?
                }
                outcome => outcome?,
            };
            if step.stale {
                return Ok(step);
            }
            total.add(step);
            at = to;
        }
        Ok(total)
    }

    /// Applies the record of a dead letter without moving the position, so also alongside a running
    /// worker: then the step may be stale, and is to be tried again. It makes no dead letters: what
    /// still can't be applied is an error, and the dead letter stays as it is.
    pub async fn apply_again(&mut self, record: &[u8]) -> Result<Step, PortError> {
        let outcome = self.try_again(record).await;
        if !matches!(outcome, Ok(Step { stale: false, .. })) {
            self.forget();
        }
        outcome
    }

    async fn try_again(&mut self, record: &[u8]) -> Result<Step, PortError> {
        let mut batch = Batch::default();
        batch.add(Ok(record));
        let Batch { pings, mut dead, count } = batch;
        let mut step = Step { pings: count, ..Step::default() };
        let at = self.find_position().await?;
        let changes = self.add_to_days(pings, &mut dead, &mut step).await?;
        match dead.pop() {
            Some(dead) => Err(PortError::Rejected(dead.reason)),
            None => self.commit(at, at, changes, Vec::new(), step).await,
        }
    }

    async fn salvage_entry(
        &mut self,
        from: Position,
        to: Position,
        entry: &[LogEntry],
        reason: &str,
    ) -> Result<Step, PortError> {
        let Batch { pings, mut dead, count } = read_batch(entry);
        let mut step = Step { entries: 1, pings: count, ..Step::default() };
        for (key, pings) in pings {
            let mut waiting = vec![pings];
            while let Some(mut pings) = waiting.pop() {
                match self.apply_in_place(from, key, pings.clone(), &mut dead).await {
                    Ok(part) if part.stale => return Ok(part),
                    Ok(part) => {
                        step.days += part.days;
                        step.forgotten += part.forgotten;
                    }
                    Err(PortError::Rejected(_)) if pings.len() > 1 => {
                        self.days.clear();
                        let second = pings.split_off(pings.len() / 2);
                        waiting.extend([second, pings]);
                    }
                    // What is damaged is the day, not one of its pings, so that these are not halved.
                    Err(PortError::Rejected(reason) | PortError::Corrupt(reason)) => {
                        self.days.clear();
                        dead.push(dead_letter(key, &pings, reason));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if dead.is_empty() {
            // Each part was taken, yet the whole was refused: not the data's fault alone. Say so,
            // and stay.
            return Err(PortError::Corrupt(format!("a batch was refused as a whole only: {reason}")));
        }
        step.dead = dead.len();
        self.commit(from, to, Vec::new(), dead, step).await
    }

    async fn apply_in_place(
        &mut self,
        at: Position,
        key: DayKey,
        pings: Vec<Ping>,
        dead: &mut Vec<DeadLetter>,
    ) -> Result<Step, PortError> {
        let mut step = Step::default();
        let changes = self.add_to_days(BTreeMap::from([(key, pings)]), dead, &mut step).await?;
        self.commit(at, at, changes, Vec::new(), step).await
    }
}

impl Step {
    fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.pings += other.pings;
        self.days += other.days;
        self.dead += other.dead;
        self.forgotten += other.forgotten;
    }
}
