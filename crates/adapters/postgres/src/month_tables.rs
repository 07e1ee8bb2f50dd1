//! The tables of a month, made when they are needed; safe when many processes do it at once.
//! Not here: what operators do with whole months (see `month_admin`).

pub(crate) mod sql;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Transaction};
use crate::months::Month;

/// The months this process knows to have tables. Only a hint: a month may be dropped at any
/// time.
#[derive(Default)]
pub(crate) struct KnownMonths(Mutex<BTreeSet<Month>>);

impl KnownMonths {
    /// Makes the month's tables unless they are there.
    pub(crate) async fn ensure(&self, pool: &ConnectionPool, month: Month) -> Result<(), PortError> {
        if self.known().contains(&month) {
            return Ok(());
        }
        create(pool, month).await?;
        self.known().insert(month);
        Ok(())
    }

    /// Forgets what is known: a month was found missing, or an operator has changed something.
    pub(crate) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<Month>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a month's tables; false if they are there.
pub(crate) async fn create(pool: &ConnectionPool, month: Month) -> Result<bool, PortError> {
    let mut transaction = pool.begin().await?;
    let outcome = create_month(&mut transaction, month).await;
    transaction.finish(outcome).await
}

/// Makes a month's tables one transaction at a time: whoever comes second waits, then finds them
/// there.
async fn create_month(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    lock(transaction, month).await?;
    if exists(transaction, month).await? {
        return Ok(false);
    }
    transaction.run(&sql::create(month)).await?;
    transaction.run(&sql::constrain_and_attach(month)).await?;
    Ok(true)
}

/// Makes everyone else who works on the month's tables wait until this transaction ends.
pub(crate) async fn lock(transaction: &mut Transaction, month: Month) -> Result<(), PortError> {
    /// "DAYP", the class of these locks.
    const CLASS: i32 = 0x4441_5950;
    let params = [(&CLASS as _, Type::INT4), (&month.number() as _, Type::INT4)];
    transaction.query("SELECT pg_advisory_xact_lock($1, $2)", &params).await.map(drop)
}

/// Whether the month has its tables. They are made and dropped together.
pub(crate) async fn exists(transaction: &mut Transaction, month: Month) -> Result<bool, PortError> {
    const SQL: &str =
        "SELECT 1 FROM pg_inherits WHERE inhparent = 'app_usage'::regclass AND inhrelid = to_regclass($1)";
    let rows = transaction.query(SQL, &[(&month.table("app_usage"), Type::TEXT)]).await?;
    Ok(!rows.is_empty())
}
