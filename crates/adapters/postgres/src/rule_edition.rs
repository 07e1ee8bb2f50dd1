//! The edition of the timeline rule, which must be one for all programs that settle the days of this
//! database. It is looked at with each commit, so that a program that goes on beside a later one
//! writes nothing.

use dayline_app::ports::PortError;
use dayline_domain::timeline::steps::EDITION;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Statement, Transaction};
use crate::error::corrupt;
use crate::values::nth;

/// This program's, as the table has it.
const OURS: i16 = EDITION as i16;

/// Gives a row if this program's edition is the database's.
pub(crate) fn is_ours() -> Statement<'static> {
    const SQL: &str = "SELECT FROM rule_edition WHERE edition = $1";
    Statement { sql: SQL.into(), params: vec![(&OURS, Type::INT2)] }
}

/// Why this program must not write to the database, if its edition is another.
pub(crate) async fn judge(pool: &ConnectionPool) -> Result<Result<(), PortError>, PortError> {
    let rows = pool.query("SELECT edition FROM rule_edition", &[]).await?;
    let Some(row) = rows.first() else { return Err(corrupt("rule_edition", "it has no row")) };
    let stored: i16 = nth(row, 0)?;
    let what_to_do = match stored.cmp(&OURS) {
        std::cmp::Ordering::Equal => return Ok(Ok(())),
        std::cmp::Ordering::Less => "run `dayline migrate`",
        std::cmp::Ordering::Greater => "use a newer program",
    };
    Ok(Err(PortError::Unavailable(format!(
        "days in the database are settled by edition {stored} of the timeline rule, this program has edition \
         {OURS}: {what_to_do}"
    ))))
}

/// Makes this program's edition the database's, if that has an earlier one. Waits for commits that
/// are under way; those that wait meanwhile are refused.
pub(crate) async fn raise(transaction: &mut Transaction) -> Result<(), PortError> {
    let earlier = "SELECT FROM rule_edition WHERE edition < $1";
    if transaction.query(earlier, &[(&OURS, Type::INT2)]).await?.is_empty() {
        return Ok(());
    }
    transaction.run("LOCK TABLE log_positions IN SHARE ROW EXCLUSIVE MODE").await?;
    let raise = "UPDATE rule_edition SET edition = $1 WHERE edition < $1";
    transaction.execute(raise, &[(&OURS, Type::INT2)]).await.map(drop)
}
