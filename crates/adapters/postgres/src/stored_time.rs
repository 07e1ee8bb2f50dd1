//! What the store knows about time.

use dayline_app::ports::{PortFuture, StoredTime};
use dayline_domain::UtcMs;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::store::PgStore;
use crate::values::{Day, Timestamp, column};

/// Of the ledger only the months from `since` on are read, until the first row of them.
const HAS_MOMENT: &str = "
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM ledger_days) THEN EXISTS (SELECT 1 FROM ledger_days WHERE day >= $1)
        ELSE NOT EXISTS (SELECT 1 FROM users)
            OR EXISTS (SELECT 1 FROM users WHERE updated_at >= $2)
            OR EXISTS (SELECT 1 FROM sessions WHERE last_used_at >= $2)
    END AS has_moment";

impl StoredTime for PgStore {
    fn has_moment_since(&self, since: UtcMs) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let params: [Param<'_>; 2] =
                [(&Day(since.day()), Type::DATE), (&Timestamp(since), Type::TIMESTAMPTZ)];
            let rows = self.primary().await?.query(HAS_MOMENT, &params).await?;
            rows.first().map_or(Ok(false), |row| column(row, "has_moment"))
        })
    }
}
