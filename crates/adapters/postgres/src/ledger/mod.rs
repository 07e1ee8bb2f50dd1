//! The ledger's ports. Writing is in `apply`, loading in `load`, reports in `read`.

mod apply;
mod columns;
mod load;
mod read;
mod statements;

use std::sync::Arc;

use dayline_app::ports::{
    Applied, DayKey, LedgerCommit, LedgerReader, LedgerView, LedgerWriter, LoadedDay, Partition, PortFuture,
    Position,
};
use dayline_domain::{Interval, UserId, UtcDay, UtcMs};
use tokio_postgres::types::Type;

use crate::store::PgStore;
use crate::values::bits_column;

impl LedgerWriter for PgStore {
    fn position(&self, partition: Partition) -> PortFuture<'_, Position> {
        Box::pin(async move {
            let sql = "SELECT major, minor FROM log_positions WHERE partition = $1";
            let rows = self.primary().await?.query(sql, &[(&i64::from(partition.0), Type::INT8)]).await?;
            let Some(row) = rows.first() else { return Ok(Position::START) };
            Ok(Position { major: bits_column(row, "major")?, minor: bits_column(row, "minor")? })
        })
    }

    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>> {
        Box::pin(async move { load::load(self.primary().await?, &days).await })
    }

    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied> {
        Box::pin(async move { apply::apply(self, &commit).await })
    }

    fn check(&self) -> PortFuture<'_, ()> {
        Box::pin(self.check_commits())
    }
}

impl LedgerReader for PgStore {
    fn versions(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        Box::pin(async move {
            let report = read::Report::new(user, interval, false);
            if let Some(replica) = self.replicas().pick()
                && let Some(outcome) = replica.judge(report.versions(replica.pool()).await)
            {
                return outcome;
            }
            report.versions(self.primary().await?).await
        })
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        // Asked to catch up with what was announced: a replica may not have it yet.
        Box::pin(async move { read::changed_since(self.primary().await?, user, since).await })
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        Box::pin(async move {
            if let Some(replica) = self.replicas().pick()
                && let Some(outcome) = replica.judge(read::extent(replica.pool(), user).await)
            {
                return outcome;
            }
            read::extent(self.primary().await?, user).await
        })
    }

    fn read(&self, user: UserId, interval: Interval, outranked: bool) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            let report = read::Report::new(user, interval, outranked);
            if let Some(replica) = self.replicas().pick()
                && let Some(outcome) = replica.judge(report.read(replica.pool()).await)
            {
                return outcome;
            }
            report.read(self.primary().await?).await
        })
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            let report = read::Report::new(user, interval, false);
            if let Some(replica) = self.replicas().pick()
                && let Some(outcome) = replica.judge(report.read_sums(replica.pool(), &cut).await)
            {
                return outcome;
            }
            report.read_sums(self.primary().await?, &cut).await
        })
    }
}

impl PgStore {
    /// What the database would do for [`LedgerReader::read`] of counted pieces, line by line
    /// (`EXPLAIN`); with `analyze` it does it, on the primary, and says how long that took. For
    /// operators and tests.
    pub async fn explain_read(
        &self,
        user: UserId,
        interval: Interval,
        analyze: bool,
    ) -> Result<Vec<String>, dayline_app::ports::PortError> {
        read::Report::new(user, interval, false).explain(self.primary().await?, analyze).await
    }
}
