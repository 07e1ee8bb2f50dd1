//! The ledger: settled days as rows of counted and outranked pieces, with the log positions they
//! stand for. A stored day is only ever changed by the differences the domain gives.

mod commit;
mod read;
mod sources;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, LoadedDay, Partition, PortFuture,
    Position,
};
use dayline_domain::{Interval, UserId, UtcDay, UtcMs};

use crate::store::SqliteStore;
use crate::users;

impl LedgerWriter for SqliteStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        self.db.read(move |tx| Ok(read::position(tx, partition)?))
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.db.read(move |tx| days.into_iter().map(|key| read::day(tx, key)).collect())
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        self.db.write_if(move |tx| {
            let applied = commit::apply(tx, &commit)?;
            Ok((applied, applied == Applied::Done))
        })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        self.db.write(|tx| Ok(commit::check(tx)?))
    }
}

impl LedgerReader for SqliteStore {
    fn versions(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => Ok(read::versions(tx, user, interval)?),
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

    fn read(&self, user: UserId, interval: Interval, outranked: bool) -> PortFuture<'_, LedgerView> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::view(tx, user, interval, outranked),
            None => Ok(LedgerView::default()),
        })
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        self.db.read(move |tx| match users::number_of(tx, user)? {
            Some(user) => read::summed_view(tx, user, interval, &cut),
            None => Ok(LedgerView::default()),
        })
    }
}
