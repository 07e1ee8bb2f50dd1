//! The tables of a month, made when they are needed; safe when many processes do it at once.
//! Not here: what operators do with whole months (see `month_admin`).

pub(crate) mod sql;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Transaction};
use crate::months::Month;
use crate::values::nth;
use sql::Parent;

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
    let outcome = create_missing(&mut transaction, month, &sql::PARENTS).await;
    transaction.finish(outcome).await
}

/// Makes a month's tables one transaction at a time: whoever comes second waits, then finds them
/// there. A month of the first edition has some of them.
async fn create_missing(
    transaction: &mut Transaction,
    month: Month,
    parents: &[Parent],
) -> Result<bool, PortError> {
    lock(transaction, month).await?;
    let mut made = false;
    for parent in missing(transaction, month, parents).await? {
        transaction.run(&parent.create(month)).await?;
        made = true;
    }
    Ok(made)
}

/// Makes the tables that a month of the first edition has besides, unless they are there.
pub(crate) async fn create_first(pool: &ConnectionPool, month: Month) -> Result<(), PortError> {
    let mut transaction = pool.begin().await?;
    let outcome = create_missing(&mut transaction, month, &sql::FIRST).await;
    transaction.finish(outcome).await.map(drop)
}

/// Makes everyone else who works on the month's tables wait until this transaction ends.
pub(crate) async fn lock(transaction: &mut Transaction, month: Month) -> Result<(), PortError> {
    /// "DAYP", the class of these locks.
    const CLASS: i32 = 0x4441_5950;
    let params = [(&CLASS as _, Type::INT4), (&month.number() as _, Type::INT4)];
    transaction.query("SELECT pg_advisory_xact_lock($1, $2)", &params).await.map(drop)
}

/// Which of these tables the month does not have.
pub(crate) async fn missing(
    transaction: &mut Transaction,
    month: Month,
    parents: &[Parent],
) -> Result<Vec<Parent>, PortError> {
    const SQL: &str = "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = ANY ($1::text[]::regclass[])";
    let names: Vec<&str> = parents.iter().map(|parent| parent.name).collect();
    let rows = transaction.query(SQL, &[(&names, Type::TEXT_ARRAY)]).await?;
    let there = rows.iter().map(|row| nth(row, 0)).collect::<Result<Vec<&str>, _>>()?;
    let is_missing = |parent: &Parent| !there.contains(&month.table(parent.name).as_str());
    Ok(parents.iter().copied().filter(is_missing).collect())
}
