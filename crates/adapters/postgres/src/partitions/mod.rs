//! The months: making their partitions, safe when many do it at once, and the operator's work on them.
//! Deliberately absent: when to make or drop them. The program prepares months; operators drop them.

mod archive;
mod archive_file;
mod restore;
mod tables;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::{Server, Transaction};
use crate::months::Month;
use crate::store::PgStore;
use crate::values::column;
pub use archive_file::ArchiveSummary;

/// The months this process knows to have partitions. Only a hint: a month may be dropped at any time.
#[derive(Default)]
pub(crate) struct KnownMonths(Mutex<BTreeSet<Month>>);

impl KnownMonths {
    /// Makes the month's partitions unless they are there.
    pub(crate) async fn ensure(&self, server: &Server, month: Month) -> Result<(), PortError> {
        if self.known().contains(&month) {
            return Ok(());
        }
        create(server, month).await?;
        self.known().insert(month);
        Ok(())
    }

    /// Forgets what is known: a month was found missing, or an operator has changed something.
    pub(crate) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<Month>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A month's partitions, as an operator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionInfo {
    /// The month.
    pub month: Month,
    /// About how many counted pieces it holds, as of the last analysis.
    pub counted_estimate: u64,
    /// About how many outranked pieces it holds.
    pub outranked_estimate: u64,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
}

/// The operator's side of the partitions. A month is dropped, archived and restored as a whole: its counted and
/// outranked pieces and the versions of its days.
pub struct Partitions<'a> {
    store: &'a PgStore,
}

impl<'a> Partitions<'a> {
    pub(crate) fn new(store: &'a PgStore) -> Self {
        Self { store }
    }

    /// The months there are, the earliest first.
    pub async fn list(&self) -> Result<Vec<PartitionInfo>, PortError> {
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
            // A partition that is not ours to name is not ours to show.
            let Ok(month) = column::<&str>(row, "month")?.replace('_', "-").parse() else { continue };
            let number = |name| Ok(column::<Option<i64>>(row, name)?.unwrap_or_default().cast_unsigned());
            months.push(PartitionInfo {
                month,
                counted_estimate: number("counted")?,
                outranked_estimate: number("outranked")?,
                bytes: number("bytes")?,
            });
        }
        Ok(months)
    }

    /// Makes a month's partitions. False if they were there.
    pub async fn create(&self, month: Month) -> Result<bool, PortError> {
        create(self.store.primary().await?, month).await
    }

    /// Writes a month to a new gzip file of NDJSON, durable when this returns. The month stays. People are named by
    /// their identity, so that the file can be restored into another database.
    pub async fn archive(&self, month: Month, file: &Path) -> Result<ArchiveSummary, PortError> {
        self.store.primary().await?;
        archive::archive(&self.store.patient(), month, file).await
    }

    /// Brings an archived month back, all or nothing. The month must not be there, or be empty. People who were
    /// deleted since stay deleted: their part is left out.
    pub async fn restore(&self, file: &Path) -> Result<ArchiveSummary, PortError> {
        self.store.primary().await?;
        let summary = restore::restore(&self.store.patient(), file).await?;
        self.store.months().forget();
        Ok(summary)
    }

    /// Drops a month with all that is in it, in milliseconds. False if there was none. Waits for the
    /// transactions that use the ledger at that moment, for at most two seconds.
    pub async fn drop(&self, month: Month) -> Result<bool, PortError> {
        let mut transaction = self.store.primary().await?.begin().await?;
        let outcome = drop_month(&mut transaction, month).await;
        self.store.months().forget();
        transaction.finish(outcome).await
    }
}

async fn create(server: &Server, month: Month) -> Result<bool, PortError> {
    let mut transaction = server.begin().await?;
    let outcome = create_month(&mut transaction, month).await;
    transaction.finish(outcome).await
}

/// Makes a month's tables one transaction at a time: whoever comes second waits, then finds them there.
async fn create_month(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    lock(transaction, month).await?;
    if exists(transaction, month).await? {
        return Ok(false);
    }
    transaction.run(&tables::create(month)).await?;
    transaction.run(&tables::constrain_and_attach(month)).await?;
    Ok(true)
}

async fn drop_month(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    transaction.run("SET LOCAL lock_timeout = '2s'").await?;
    lock(transaction, month).await?;
    if !exists(transaction, month).await? {
        return Ok(false);
    }
    transaction.run(&tables::drop(month)).await?;
    Ok(true)
}

/// Makes everyone else who works on the month's tables wait until this transaction ends.
async fn lock(transaction: &mut Transaction, month: Month) -> Result<(), PortError> {
    /// "DAYP", the class of these locks.
    const CLASS: i32 = 0x4441_5950;
    let params = [(&CLASS as _, Type::INT4), (&month.number() as _, Type::INT4)];
    transaction.query("SELECT pg_advisory_xact_lock($1, $2)", &params).await.map(drop)
}

/// Whether the month has its partitions. They are made and dropped together.
async fn exists(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    const SQL: &str =
        "SELECT 1 FROM pg_inherits WHERE inhparent = 'app_usage'::regclass AND inhrelid = to_regclass($1)";
    let rows = transaction.query(SQL, &[(&month.table("app_usage"), Type::TEXT)]).await?;
    Ok(!rows.is_empty())
}
