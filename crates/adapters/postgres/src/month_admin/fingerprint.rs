//! In which state a month was when it was archived: how many days it had, and a sum over their
//! marks. Whatever changes in a month changes a mark.

use dayline_app::ports::PortError;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Param, Transaction};
use crate::error::corrupt;
use crate::month_tables::sql::DAYS;
use crate::months::Month;
use crate::values::{Day, nth};

/// The state of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    days: i64,
    marks: String,
}

/// The state of a month that is there.
pub(super) async fn of(transaction: &mut Transaction, month: Month) -> Result<Fingerprint, PortError> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(hashint8extended(mark # (day - date '2000-01-01'), user_id)), 0)::text
FROM {}",
        month.table(DAYS.name)
    );
    let rows = transaction.query(&sql, &[]).await?;
    let row = rows.first().ok_or_else(|| corrupt("a month", "no answer"))?;
    Ok(Fingerprint { days: nth(row, 0)?, marks: nth(row, 1)? })
}

/// Remembers of which state there is an archive.
pub(super) async fn remember(
    pool: &ConnectionPool,
    month: Month,
    found: &Fingerprint,
) -> Result<(), PortError> {
    let sql = "INSERT INTO month_archives (month, days, marks) VALUES ($1, $2, $3::text::numeric)
ON CONFLICT (month) DO UPDATE SET archived_at = now(), days = excluded.days, marks = excluded.marks";
    let params: [Param<'_>; 3] =
        [(&Day(month.starts()), Type::DATE), (&found.days, Type::INT8), (&found.marks, Type::TEXT)];
    pool.execute(sql, &params).await.map(drop)
}

/// Of which state there is an archive, if there is one.
pub(super) async fn archived(
    transaction: &mut Transaction,
    month: Month,
) -> Result<Option<Fingerprint>, PortError> {
    let sql = "SELECT days, marks::text FROM month_archives WHERE month = $1";
    let rows = transaction.query(sql, &[(&Day(month.starts()), Type::DATE)]).await?;
    let found = |row| Ok(Fingerprint { days: nth(row, 0)?, marks: nth(row, 1)? });
    rows.first().map(found).transpose()
}
