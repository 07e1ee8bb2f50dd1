//! What to do when the store refuses a batch: halve it until the bad piece is alone, make that a
//! dead letter, keep the rest. While a store is only down, nothing becomes a dead letter.

use std::collections::BTreeMap;

use dayline_domain::Observation;

use super::batch::{Order, read_batch};
use super::{Batch, Changes, Step, Worker, dead_letter};
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
        let Batch { observations, orders, dead, count } = batch;
        let mut step = Step::of(0, count);
        let at = self.find_position().await?;
        for order in orders {
            let part = self.follow(at, order.user, order.what).await?;
            if part.stale {
                return Ok(part);
            }
            step.add(part);
        }
        let (mut changes, step) = self.record(observations, dead, step).await?;
        match changes.dead.pop() {
            Some(dead) => Err(PortError::Rejected(dead.reason)),
            None => self.commit(at, at, changes, step).await,
        }
    }

    async fn salvage_entry(
        &mut self,
        from: Position,
        to: Position,
        entry: &[LogEntry],
        reason: &str,
    ) -> Result<Step, PortError> {
        let Batch { observations, orders, mut dead, count } = read_batch(entry);
        let mut step = Step::of(1, count);
        for order in orders {
            let part = self.salvage_order(from, order, &mut dead).await?;
            if part.stale {
                return Ok(part);
            }
            step.add(part);
        }
        for (key, observations) in observations {
            let part = self.salvage_day(from, key, observations, &mut dead).await?;
            if part.stale {
                return Ok(part);
            }
            step.add(part);
        }
        if dead.is_empty() {
            // Each part was taken, yet the whole was refused: not the data's fault alone. Say so,
            // and stay.
            return Err(PortError::Corrupt(format!("a batch was refused as a whole only: {reason}")));
        }
        step.dead = dead.len();
        self.commit(from, to, Changes { dead, ..Changes::default() }, step).await
    }

    async fn salvage_order(
        &mut self,
        at: Position,
        order: Order,
        dead: &mut Vec<DeadLetter>,
    ) -> Result<Step, PortError> {
        let Order { user, what, record } = order;
        match self.follow(at, user, what).await {
            Err(PortError::Rejected(reason) | PortError::Corrupt(reason)) => {
                self.days.clear();
                dead.push(DeadLetter { user: Some(user), reason, record });
                Ok(Step::default())
            }
            outcome => outcome,
        }
    }

    /// Halves a day's observations down to those that are refused.
    async fn salvage_day(
        &mut self,
        at: Position,
        key: DayKey,
        observations: Vec<Observation>,
        dead: &mut Vec<DeadLetter>,
    ) -> Result<Step, PortError> {
        let mut step = Step::default();
        let mut waiting = vec![observations];
        while let Some(mut observations) = waiting.pop() {
            match self.apply_in_place(at, key, observations.clone(), dead).await {
                Ok(part) if part.stale => return Ok(part),
                Ok(part) => step.add(part),
                Err(PortError::Rejected(_)) if observations.len() > 1 => {
                    self.days.clear();
                    let second = observations.split_off(observations.len() / 2);
                    waiting.extend([second, observations]);
                }
                // What is damaged is the day, not one of its pings, so that these are not halved.
                Err(PortError::Rejected(reason) | PortError::Corrupt(reason)) => {
                    self.days.clear();
                    dead.push(dead_letter(key, &observations, reason));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(step)
    }

    async fn apply_in_place(
        &mut self,
        at: Position,
        key: DayKey,
        observations: Vec<Observation>,
        dead: &mut Vec<DeadLetter>,
    ) -> Result<Step, PortError> {
        let observations = BTreeMap::from([(key, observations)]);
        let (mut changes, step) = self.record(observations, Vec::new(), Step::default()).await?;
        dead.append(&mut changes.dead);
        self.commit(at, at, changes, Step { dead: 0, ..step }).await
    }
}
