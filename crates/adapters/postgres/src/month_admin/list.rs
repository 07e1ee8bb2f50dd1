//! Which months there are, and how much is in them.

use std::collections::BTreeMap;

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::ConnectionPool;
use crate::month_tables::sql::{ALL, DAYS, FIRST_OUTRANKED, FIRST_PIECES, PIECES, Parent};
use crate::months::Month;
use crate::values::{column, nth};

/// A month of the ledger, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthInfo {
    /// The month.
    pub month: Month,
    /// How many days of people it holds.
    pub days: u64,
    /// How many counted pieces.
    pub counted: u64,
    /// How many outranked pieces of the rule's first edition; of others they are not kept.
    pub outranked: u64,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
}

pub(super) async fn list(pool: &ConnectionPool) -> Result<Vec<MonthInfo>, PortError> {
    const SQL: &str = "SELECT right(child.relname, 7) AS month, parent.relname::text AS parent,
  pg_total_relation_size(child.oid) AS bytes
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
WHERE parent.oid = ANY ($1::text[]::regclass[])";
    let parents: Vec<&str> = ALL.iter().map(|parent| parent.name).collect();
    let mut months = BTreeMap::<Month, (Vec<String>, u64)>::new();
    for row in pool.query(SQL, &[(&parents, Type::TEXT_ARRAY)]).await? {
        // A partition that is not ours to name is not ours to show.
        let Ok(month) = column::<&str>(&row, "month")?.replace('_', "-").parse() else { continue };
        let (tables, bytes) = months.entry(month).or_default();
        tables.push(column(&row, "parent")?);
        *bytes += column::<i64>(&row, "bytes")?.cast_unsigned();
    }
    let mut listed = Vec::new();
    for (month, (tables, bytes)) in months {
        let [days, tails, ended, first, outranked] = count(pool, month, &tables).await?;
        listed.push(MonthInfo { month, days, counted: tails + ended + first, outranked, bytes });
    }
    Ok(listed)
}

/// Counts days, tails, ended pieces, and counted and outranked pieces of the first edition.
async fn count(pool: &ConnectionPool, month: Month, tables: &[String]) -> Result<[u64; 5], PortError> {
    let counted = |parent: Parent, what: &str| {
        if tables.iter().any(|table| table == parent.name) {
            format!("(SELECT count({what}) FROM {})", month.table(parent.name))
        } else {
            "0::bigint".to_owned()
        }
    };
    let columns = [
        counted(DAYS, "*"),
        counted(DAYS, "tail_start"),
        counted(PIECES, "*"),
        counted(FIRST_PIECES, "*"),
        counted(FIRST_OUTRANKED, "*"),
    ];
    let rows = pool.query(&format!("SELECT {}", columns.join(", ")), &[]).await?;
    let mut numbers = [0; 5];
    for (place, number) in numbers.iter_mut().enumerate() {
        if let Some(row) = rows.first() {
            *number = nth::<i64>(row, place)?.cast_unsigned();
        }
    }
    Ok(numbers)
}
