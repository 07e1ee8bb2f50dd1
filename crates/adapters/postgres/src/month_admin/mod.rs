//! The operator's work on months: listing, making, archiving, restoring and dropping their
//! tables. Not here: making the months that commits need (see `month_tables`).

mod archive;
mod archive_file;
mod archived;
mod empty;
mod fingerprint;
mod first_archive;
mod list;
mod restore;
mod restored_first;

use std::path::Path;

use dayline_app::ports::PortError;
use dayline_domain::UtcDay;

use crate::db::Transaction;
use crate::month_tables::{self, sql};
use crate::months::Month;
use crate::store::PgStore;
pub use archive_file::ArchiveSummary;
pub use list::MonthInfo;

/// The operator's side of the partitions. A month is dropped and archived as a whole: its days, their
/// pieces, and what was observed in them.
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
    /// The months there are, the earliest first. Counts rows, which takes some seconds for many
    /// millions.
    pub async fn list(&self) -> Result<Vec<MonthInfo>, PortError> {
        self.store.primary().await?;
        list::list(&self.store.patient()).await
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

    /// Brings an archived month back, day by day: what was observed is added to what is there, and
    /// each day is settled by the rule, with the corrections and choices of now. What was erased since
    /// stays erased, and people who were deleted stay deleted: their part is left out. Days of the
    /// rule's first edition come back as they were, where nothing has come later. Whoever repeats it,
    /// after an interruption or not, changes nothing more. Gives how much of the archive was new.
    pub async fn restore(&self, file: &Path) -> Result<ArchiveSummary, PortError> {
        self.store.primary().await?;
        restore::restore(self.store, file).await
    }

    /// Drops a month with all that is in it, in milliseconds for a small one. False if there was
    /// none. Refused if the month is not as it was archived last, or never was. Waits for the
    /// transactions that use the ledger at that moment, for at most two seconds.
    pub async fn drop(&self, month: Month) -> Result<bool, PortError> {
        self.drop_if(month, true).await
    }

    /// The same, whether or not there is an archive of all of it.
    pub async fn drop_anyway(&self, month: Month) -> Result<bool, PortError> {
        self.drop_if(month, false).await
    }

    /// Drops the months that end before a day and have nothing in them. Gives how many. Waits as
    /// [`MonthAdmin::drop`] does, for each of them.
    pub async fn drop_empty(&self, before: UtcDay) -> Result<u64, PortError> {
        let pool = self.store.primary().await?;
        let Some(month) = Month::of(before) else { return Ok(0) };
        let mut dropped = 0;
        for month in empty::before(pool, month).await? {
            let mut transaction = pool.begin().await?;
            let outcome = drop_if_empty(&mut transaction, month).await;
            dropped += u64::from(transaction.finish(outcome).await?);
        }
        if dropped > 0 {
            self.store.months().forget();
        }
        Ok(dropped)
    }

    async fn drop_if(&self, month: Month, archived: bool) -> Result<bool, PortError> {
        let mut transaction = self.store.primary().await?.begin().await?;
        let outcome = drop_month(&mut transaction, month, archived).await;
        self.store.months().forget();
        transaction.finish(outcome).await
    }
}

async fn drop_if_empty(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    // Most are not, which needs no lock to be seen.
    if !empty::is_empty(transaction, month, false).await? {
        return Ok(false);
    }
    transaction.run("SET LOCAL lock_timeout = '2s'").await?;
    month_tables::lock(transaction, month).await?;
    if !empty::is_empty(transaction, month, true).await? {
        return Ok(false);
    }
    transaction.run(&sql::drop(month)).await?;
    Ok(true)
}

async fn drop_month(transaction: &mut Transaction, month: Month, archived: bool) -> Result<bool, PortError> {
    transaction.run("SET LOCAL lock_timeout = '2s'").await?;
    month_tables::lock(transaction, month).await?;
    if month_tables::missing(transaction, month, &sql::ALL).await?.len() == sql::ALL.len() {
        return Ok(false);
    }
    if archived && month_tables::missing(transaction, month, &[sql::DAYS]).await?.is_empty() {
        // Nobody writes from here on.
        transaction.run(&sql::stop_writing(month)).await?;
        let now = fingerprint::of(transaction, month).await?;
        match fingerprint::archived(transaction, month).await? {
            Some(then) if then == now => {}
            Some(_) => {
                return Err(PortError::Rejected(format!(
                    "the month {month} has changed since it was archived"
                )));
            }
            None => return Err(PortError::Rejected(format!("the month {month} was never archived"))),
        }
    }
    transaction.run(&sql::drop(month)).await?;
    Ok(true)
}
