//! The ledger: days with what was observed in them and what counts of it, corrections, and the log
//! positions they stand for. What grows with each flush lies in the day's own row.

mod commit;
mod corrections;
mod dictionary;
mod first_edition;
mod load;
mod numbers;
mod past;
mod pieces;
mod read;
mod state;
#[cfg(test)]
mod tests;
mod unused;

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, KnownDevice, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, LoadedDay, Mark,
    Partition, PortFuture, Position, Settling,
};
use dayline_domain::{Correction, CorrectionId, Interval, UserId, UtcDay, UtcMs};

use rusqlite::Transaction;

use crate::db::End;
use crate::store::SqliteStore;
use crate::users;
use commit::Outcome;
use dictionary::Met;
pub(crate) use numbers::Remembered;

impl LedgerWriter for SqliteStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.db.read(move |tx| Ok(read::position(tx, partition)?))
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.db.read(move |tx| load::days(tx, &days))
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => corrections::some(tx, user, &ids),
            None => Ok(Vec::new()),
        })
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        let (taking, keeping) = (self.names.clone(), self.names.clone());
        let apply = move |tx: &Transaction<'_>| {
            let mut names = taking.take(tx)?;
            Ok(match commit::apply(tx, &commit, &mut names)? {
                Outcome::Done => ((Applied::Done, Some(names)), End::Commit),
                // Nobody waits for it, and others' flushes wait for this one.
                Outcome::Erased => ((Applied::Done, Some(names)), End::EraseSoon),
                Outcome::Not(why) => ((why, None), End::Undo),
            })
        };
        self.db.write_then(apply, move |(applied, names)| {
            if let Some(names) = names {
                keeping.keep(names);
            }
            applied
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.db.write(|tx| Ok(commit::check(tx)?))
    }
}

impl LedgerReader for SqliteStore {
    fn marks(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, Mark)>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::marks(tx, user, interval),
            None => Ok(Vec::new()),
        })
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => Ok(read::changed_since(tx, user, since)?),
            None => Ok(Vec::new()),
        })
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => Ok(read::extent(tx, user)?),
            None => Ok(None),
        })
    }

    fn read(&self, user: UserId, interval: Interval) -> PortFuture<'_, LedgerView> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::view(tx, user, interval),
            None => Ok(LedgerView::default()),
        })
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::summed_view(tx, user, interval, &cut),
            None => Ok(LedgerView::default()),
        })
    }

    fn days(&self, user: UserId, days: Vec<UtcDay>) -> PortFuture<'_, Vec<LoadedDay>> {
        let keys: Vec<DayKey> = days.into_iter().map(|day| DayKey { user, day }).collect();
        self.db.read(move |tx| load::days(tx, &keys))
    }

    fn corrections(&self, user: UserId, within: Option<Interval>) -> PortFuture<'_, Vec<Correction>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => corrections::within(tx, within, &mut Met::of(user)),
            None => Ok(Vec::new()),
        })
    }

    fn devices(&self, user: UserId) -> PortFuture<'_, Vec<KnownDevice>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::devices(tx, user),
            None => Ok(Vec::new()),
        })
    }

    fn settling(&self, user: UserId) -> PortFuture<'_, Settling> {
        self.db.read(move |tx| match users::person(tx, user)? {
            Some(person) => Ok(read::settling(tx, &person)?),
            None => Ok(Settling::default()),
        })
    }
}
