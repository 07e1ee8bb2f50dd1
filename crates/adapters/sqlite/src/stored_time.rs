//! What the store knows about time.

use dayline_app::ports::{PortFuture, StoredTime};
use dayline_domain::UtcMs;
use rusqlite::params;

use crate::store::SqliteStore;

/// Days of the first edition are in a table of their own.
const HAS_MOMENT: &str = "
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM ledger_days) OR EXISTS (SELECT 1 FROM first_days)
            THEN EXISTS (SELECT 1 FROM ledger_days WHERE day >= ?1)
                OR EXISTS (SELECT 1 FROM first_days WHERE day >= ?1)
        ELSE NOT EXISTS (SELECT 1 FROM users)
            OR EXISTS (SELECT 1 FROM users WHERE updated_ms >= ?2)
            OR EXISTS (SELECT 1 FROM sessions WHERE last_used_ms >= ?2)
    END";

impl StoredTime for SqliteStore {
    fn has_moment_since(&self, since: UtcMs) -> PortFuture<'_, bool> {
        self.db.read(move |tx| {
            let row = params![since.day().0, since.0];
            Ok(tx.prepare_cached(HAS_MOMENT)?.query_row(row, |row| row.get(0))?)
        })
    }
}
