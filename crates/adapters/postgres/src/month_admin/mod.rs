//! The operator's work on months: listing, making, archiving, restoring and dropping their
//! tables. Not here: making the months that commits need (see `month_tables`).

mod archive;
mod archive_file;
mod restore;

use std::path::Path;

use dayline_app::ports::PortError;

use crate::db::Transaction;
use crate::month_tables::{self, sql};
use crate::months::Month;
use crate::store::PgStore;
use crate::values::column;
pub use archive_file::ArchiveSummary;

/// A month of the ledger, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthInfo {
    /// In UTC, whatever the zones of the people.
    pub month: Month,
    /// About how many counted pieces it holds, as of the last analysis.
    pub counted_estimate: u64,
    /// About how many outranked pieces it holds.
    pub outranked_estimate: u64,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
}

/// What operators do with months. A month is dropped, archived and restored as a whole: its
/// counted and outranked pieces and the versions of its days.
pub struct MonthAdmin<'a> {
    store: &'a PgStore,
}

impl PgStore {
    /// What operators do with months.
    pub fn month_admin(&self) -> MonthAdmin<'_> {
        MonthAdmin { store: self }
    }
}

impl MonthAdmin<'_> {
    /// The months there are, the earliest first.
    pub async fn list(&self) -> Result<Vec<MonthInfo>, PortError> {
        const SQL: &str = "SELECT right(child.relname, 7) AS month,
  sum(greatest(child.reltuples, 0)) FILTER (WHERE parent.relname = 'app_usage')::bigint AS counted,
  sum(greatest(child.reltuples, 0)) FILTER (WHERE parent.relname = 'outranked_usage')::bigint AS outranked,
  sum(pg_total_relation_size(child.oid))::bigint AS bytes
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
WHERE parent.oid IN ('ledger_days'::regclass, 'app_usage'::regclass, 'outranked_usage'::regclass)
GROUP BY 1 ORDER BY 1";
        let rows = self.store.primary().await?.query(SQL, &[]).await?;
        let mut months = Vec::new();
        for row in &rows {
            // A table that is not ours to name is not ours to show.
            let Ok(month) = column::<&str>(row, "month")?.replace('_', "-").parse() else { continue };
            let number = |name| Ok(column::<Option<i64>>(row, name)?.unwrap_or_default().cast_unsigned());
            months.push(MonthInfo {
                month,
                counted_estimate: number("counted")?,
                outranked_estimate: number("outranked")?,
                bytes: number("bytes")?,
            });
        }
        Ok(months)
    }

    /// Makes a month's tables. False if they were there.
    pub async fn create(&self, month: Month) -> Result<bool, PortError> {
        month_tables::create(self.store.primary().await?, month).await
    }

    /// Writes a month to a new gzip file of NDJSON, durable when this returns. The month stays.
    /// People are named by their identity, so that the file can be restored into another database.
    pub async fn archive(&self, month: Month, file: &Path) -> Result<ArchiveSummary, PortError> {
        self.store.primary().await?;
        archive::archive(&self.store.patient(), month, file).await
    }

    /// Brings an archived month back, all or nothing. The month must not be there, or be empty.
    /// People who were deleted since stay deleted: their part is left out.
    pub async fn restore(&self, file: &Path) -> Result<ArchiveSummary, PortError> {
        self.store.primary().await?;
        let summary = restore::restore(&self.store.patient(), file).await?;
        self.store.months().forget();
        Ok(summary)
    }

    /// Drops a month with all that is in it, in milliseconds. False if there was none. Waits for
    /// the transactions that use the ledger at that moment, for at most two seconds.
    pub async fn drop(&self, month: Month) -> Result<bool, PortError> {
        let mut transaction = self.store.primary().await?.begin().await?;
        let outcome = drop_month(&mut transaction, month).await;
        self.store.months().forget();
        transaction.finish(outcome).await
    }
}

async fn drop_month(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    transaction.run("SET LOCAL lock_timeout = '2s'").await?;
    month_tables::lock(transaction, month).await?;
    if !month_tables::exists(transaction, month).await? {
        return Ok(false);
    }
    transaction.run(&sql::drop(month)).await?;
    Ok(true)
}
