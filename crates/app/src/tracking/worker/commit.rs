//! How a step is committed, and what follows from it.

use std::sync::Arc;

use dayline_domain::{UserId, UtcMs};

use super::{Changes, Step, Worker, WorkerPorts};
use crate::ports::{Applied, DayChanged, DayKey, DayWrite, LedgerCommit, PortError, Position};

/// A commit of the ledger, and what others hear of it.
pub(super) struct Commit {
    ledger: Arc<LedgerCommit>,
    /// Days in which something else counts by it, in order.
    changed: Vec<DayKey>,
    gone: Vec<UserId>,
}

impl Worker {
    /// Commits a step, unless it was stale before.
    pub(super) async fn commit(
        &mut self,
        from: Position,
        to: Position,
        changes: Changes,
        step: Step,
    ) -> Result<Step, PortError> {
        if step.stale {
            return Ok(step);
        }
        let commit = self.commit_of(from, to, changes);
        let is_done = self.ports.apply(&commit).await?;
        self.committed(commit, is_done, step).await
    }

    /// Commits nothing but what closes days that are to be forgotten, if there are any.
    pub(super) async fn close(&mut self, at: Position) -> Result<Step, PortError> {
        let commit = self.commit_of(at, at, Changes::default());
        let is_done = commit.ledger.days.is_empty() || self.ports.apply(&commit).await?;
        self.committed(commit, is_done, Step::default()).await
    }

    /// What a step commits. With it days are closed that are to be forgotten: the ledger gets them as
    /// they read best. After a day was used last that is put off for some minutes; where it is lost,
    /// nothing is but that.
    pub(super) fn commit_of(&mut self, from: Position, to: Position, changes: Changes) -> Commit {
        let Changes { mut days, corrections, dead, changed, gone, .. } = changes;
        let at = self.ports.clock.now();
        days.extend(self.days.evict(at, || self.ports.new_mark()));
        days.sort_unstable_by_key(|(user, write)| (*user, write.day));
        let ledger = LedgerCommit { partition: self.partition, from, to, days, corrections, dead, at };
        Commit { ledger: Arc::new(ledger), changed, gone }
    }

    /// Ends a step, which is stale if its commit was not done.
    pub(super) async fn committed(
        &mut self,
        commit: Commit,
        is_done: bool,
        step: Step,
    ) -> Result<Step, PortError> {
        if !is_done {
            return Ok(Step { stale: true, ..Step::default() });
        }
        let LedgerCommit { from, to, .. } = *commit.ledger;
        self.position = Some(to);
        self.days.forget_closed();
        for user in commit.gone {
            self.note_erased(user, None);
        }
        if to > from {
            self.tell(to).await?;
        }
        Ok(step)
    }
}

impl WorkerPorts {
    /// Applies a commit and announces it; false if somebody else was faster.
    pub(super) async fn apply(&self, commit: &Commit) -> Result<bool, PortError> {
        let ledger = &commit.ledger;
        if self.ledger.apply(Arc::clone(ledger)).await? != Applied::Done {
            return Ok(false);
        }
        let is_told = |(user, write): &&(UserId, DayWrite)| {
            commit.changed.binary_search(&DayKey { user: *user, day: write.day }).is_ok()
        };
        let told = ledger.days.iter().filter(is_told);
        let events: Vec<DayChanged> = told.map(|(user, write)| event(*user, write, ledger.at)).collect();
        self.live.announce(&events);
        Ok(true)
    }
}

fn event(user: UserId, write: &DayWrite, at: UtcMs) -> DayChanged {
    DayChanged { user, day: write.day, version: write.to_version, at }
}
