//! Months of which nobody has anything left.

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Transaction};
use crate::month_tables::{self, sql};
use crate::months::Month;
use crate::values::{column, nth};

/// The months before this one that have tables.
pub(super) async fn before(pool: &ConnectionPool, month: Month) -> Result<Vec<Month>, PortError> {
    const SQL: &str =
        "SELECT DISTINCT right(relname, 7) AS month FROM pg_inherits JOIN pg_class ON oid = inhrelid
WHERE inhparent = ANY ($1::text[]::regclass[])";
    let parents: Vec<&str> = sql::ALL.iter().map(|parent| parent.name).collect();
    let rows = pool.query(SQL, &[(&parents, Type::TEXT_ARRAY)]).await?;
    let mut months = Vec::new();
    for row in &rows {
        // A partition that is not ours to name is not ours to drop.
        months.extend(column::<&str>(row, "month")?.replace('_', "-").parse::<Month>());
    }
    months.retain(|other| *other < month);
    months.sort_unstable();
    Ok(months)
}

/// Whether a month has no row in any of its tables. With `for_good` nobody writes to it from here on,
/// until the transaction ends.
pub(super) async fn is_empty(
    transaction: &mut Transaction,
    month: Month,
    for_good: bool,
) -> Result<bool, PortError> {
    let missing = month_tables::missing(transaction, month, &sql::ALL).await?;
    if for_good && !missing.contains(&sql::DAYS) {
        transaction.run(&sql::stop_writing(month)).await?;
    }
    let there = sql::ALL.into_iter().filter(|parent| !missing.contains(parent));
    let rows = there.map(|parent| format!("EXISTS (SELECT FROM {})", month.table(parent.name)));
    let any = rows.collect::<Vec<_>>().join(" OR ");
    if any.is_empty() {
        return Ok(false);
    }
    let rows = transaction.query(&format!("SELECT {any}"), &[]).await?;
    Ok(rows.first().map(|row| nth::<bool>(row, 0)).transpose()? == Some(false))
}
