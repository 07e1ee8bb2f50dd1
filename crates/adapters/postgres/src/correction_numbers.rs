//! Which corrections there are and which version comes next. What is in the ledger counts too: a
//! database that went back may have got a correction from the log that was never asked for here.

use dayline_app::ports::{CorrectionChange, CorrectionNumbers, CorrectionVersion, PortError, PortFuture};
use dayline_domain::{CorrectionId, UserId, UtcMs};
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::store::PgStore;
use crate::values::{column, nth, uuid};

// Kinds as the table has them.
const ENTRY: i16 = 1;
const ERASURE: i16 = 2;
const DELETED: i16 = 3;

/// What is known of an id; locks the person, so that versions are given out one by one.
const KIND: &str = "SELECT users.id, coalesce(number.kind, CASE
  WHEN stored.id IS NULL THEN NULL WHEN stored.app_name IS NOT NULL THEN 1
  WHEN stored.start_time IS NOT NULL THEN 2 ELSE 3 END::smallint) AS kind
FROM users
LEFT JOIN correction_numbers AS number ON number.user_id = users.id AND number.id = $2
LEFT JOIN corrections AS stored ON stored.user_id = users.id AND stored.id = $2
WHERE users.uuid = $1
FOR NO KEY UPDATE OF users";

impl CorrectionNumbers for PgStore {
    fn next_version(
        &self,
        user: UserId,
        id: CorrectionId,
        change: CorrectionChange,
        now: UtcMs,
    ) -> PortFuture<'_, CorrectionVersion> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = next_version(&mut transaction, user, id, change, now).await;
            transaction.finish(outcome).await
        })
    }

    fn forget(&self, user: UserId, id: CorrectionId) -> PortFuture<'_, ()> {
        Box::pin(async move {
            let sql = "INSERT INTO correction_numbers AS stored (user_id, id, kind)
SELECT users.id, $2, $3 FROM users WHERE uuid = $1 FOR KEY SHARE
ON CONFLICT (user_id, id) DO UPDATE SET kind = $3 WHERE stored.kind <> $4";
            let params: [Param<'_>; 4] = [
                (&uuid(user), Type::UUID),
                (&uuid(id), Type::UUID),
                (&DELETED, Type::INT2),
                (&ERASURE, Type::INT2),
            ];
            self.primary().await?.execute(sql, &params).await.map(drop)
        })
    }
}

async fn next_version(
    transaction: &mut Transaction,
    user: UserId,
    id: CorrectionId,
    change: CorrectionChange,
    now: UtcMs,
) -> Result<CorrectionVersion, PortError> {
    let named: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&uuid(id), Type::UUID)];
    let found = transaction.query(KIND, &named).await?;
    let Some(row) = found.first() else { return Ok(CorrectionVersion::NotFound) };
    let (person, kind): (i64, Option<i16>) = (nth(row, 0)?, nth(row, 1)?);
    let kind = match (change, kind) {
        (_, Some(ERASURE)) => return Ok(CorrectionVersion::Final),
        (CorrectionChange::Entry, None | Some(DELETED)) => return Ok(CorrectionVersion::NotFound),
        (CorrectionChange::NewErasure, _) => ERASURE,
        (CorrectionChange::Entry | CorrectionChange::NewEntry, _) => ENTRY,
    };
    let remember = "INSERT INTO correction_numbers (user_id, id, kind) VALUES ($1, $2, $3)
ON CONFLICT (user_id, id) DO UPDATE SET kind = $3";
    let params: [Param<'_>; 3] = [(&person, Type::INT8), (&uuid(id), Type::UUID), (&kind, Type::INT2)];
    transaction.execute(remember, &params).await?;
    let count = "UPDATE users SET correction_version = greatest(correction_version + 1, $2)
WHERE id = $1 RETURNING correction_version AS version";
    let rows = transaction.query(count, &[(&person, Type::INT8), (&now.0, Type::INT8)]).await?;
    match rows.first() {
        Some(row) => Ok(CorrectionVersion::Next(column::<i64>(row, "version")?.cast_unsigned())),
        None => Ok(CorrectionVersion::NotFound),
    }
}
