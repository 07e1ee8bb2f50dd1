//! The ledger's ports. Writing is in `apply`, loading in `load`, reports in `read`.

mod adopt;
mod apply;
mod columns;
mod letters;
mod load;
mod part;
mod read;
mod statements;
mod stored;
mod sweep;

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, KnownDevice, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, LoadedDay, Mark,
    Partition, PortError, PortFuture, Position, Settling,
};
use dayline_domain::{Correction, CorrectionId, Interval, UserId, UtcDay, UtcMs};
use tokio_postgres::types::Type;

use crate::db::ConnectionPool;
use crate::store::PgStore;
use crate::values::bits_column;
pub(crate) use apply::{Written, write_days};
pub(crate) use load::{WholeDay, load as load_days, whole_days};
pub(crate) use stored::{as_uses, choices};
pub(crate) use sweep::forget_names;

impl LedgerWriter for PgStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        Box::pin(async move {
            let sql = "SELECT major, minor FROM log_positions WHERE partition = $1";
            let rows = self.primary().await?.query(sql, &[(&i64::from(partition.0), Type::INT8)]).await?;
            let position = match rows.first() {
                Some(row) => {
                    Position { major: bits_column(row, "major")?, minor: bits_column(row, "minor")? }
                }
                None => Position::START,
            };
            if self.standing().hear(partition, position) {
                // The database may have gone back: nothing that is known need be so.
                self.people().forget();
            }
            Ok(position)
        })
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        Box::pin(async move { load::load(self.primary().await?, self.people(), &days).await })
    }

    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>> {
        Box::pin(async move { read::corrections_of(self.primary().await?, user, ids).await })
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        Box::pin(async move { apply::apply(self, &commit).await })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(self.check_commits())
    }
}

impl LedgerReader for PgStore {
    fn marks(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, Mark)>> {
        Box::pin(async move {
            let report = &read::Report::new(user, interval);
            self.replica_or_primary(|pool| async move { report.marks(&pool).await }).await
        })
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        // Asked to catch up with what was announced: a replica may not have it yet.
        Box::pin(async move { read::changed_since(self.primary().await?, user, since).await })
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        Box::pin(async move {
            self.replica_or_primary(|pool| async move { read::extent(&pool, user).await }).await
        })
    }

    fn read(&self, user: UserId, interval: Interval) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            let report = &read::Report::new(user, interval);
            self.replica_or_primary(|pool| async move { report.read(&pool).await }).await
        })
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            let (report, cut) = (&read::Report::new(user, interval), &cut);
            self.replica_or_primary(|pool| async move { report.read_sums(&pool, cut).await }).await
        })
    }

    fn days(&self, user: UserId, days: Vec<UtcDay>) -> PortFuture<'_, Vec<LoadedDay>> {
        Box::pin(async move {
            let keys: &Vec<DayKey> = &days.into_iter().map(|day| DayKey { user, day }).collect();
            self.replica_or_primary(|pool| async move { load::read(&pool, keys).await }).await
        })
    }

    fn corrections(&self, user: UserId, within: Option<Interval>) -> PortFuture<'_, Vec<Correction>> {
        Box::pin(async move {
            self.replica_or_primary(|pool| async move { read::corrections(&pool, user, within).await }).await
        })
    }

    fn devices(&self, user: UserId) -> PortFuture<'_, Vec<KnownDevice>> {
        Box::pin(async move {
            self.replica_or_primary(|pool| async move { read::devices(&pool, user).await }).await
        })
    }

    fn settling(&self, user: UserId) -> PortFuture<'_, Settling> {
        // Asked to see how far the work is: a replica may be behind.
        Box::pin(async move { read::settling(self.primary().await?, user).await })
    }
}

impl PgStore {
    /// Reads from a replica that keeps up; from the primary if there is none, or it fails.
    async fn replica_or_primary<T, Reading: Future<Output = Result<T, PortError>>>(
        &self,
        read: impl Fn(ConnectionPool) -> Reading,
    ) -> Result<T, PortError> {
        if let Some(replica) = self.replicas().pick()
            && let Some(outcome) = replica.judge(read(replica.pool().clone()).await)
        {
            return outcome;
        }
        read(self.primary().await?.clone()).await
    }

    /// What the database would do for [`LedgerReader::read`] of counted pieces, line by line
    /// (`EXPLAIN`); with `analyze` it does it, on the primary, and says how long that took. For
    /// operators and tests.
    pub async fn explain_read(
        &self,
        user: UserId,
        interval: Interval,
        analyze: bool,
    ) -> Result<Vec<String>, PortError> {
        read::Report::new(user, interval).explain(self.primary().await?, analyze).await
    }
}
