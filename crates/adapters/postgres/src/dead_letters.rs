//! Dead letters, for operators and those whose they are. They are written by the ledger's commits.

use dayline_app::ports::{
    DeadLetter, DeadLetters, Partition, PortError, PortFuture, Position, StoredDeadLetter,
};
use dayline_domain::UserId;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{bits_column, column, time_column, u32_column, uuid};

const COLUMNS: &str = "id, at, partition, major, minor, user_uuid, reason, record";

impl DeadLetters for PgStore {
    fn list(&self, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        Box::pin(async move {
            let sql = format!("SELECT {COLUMNS} FROM dead_pings WHERE id > $1 ORDER BY id LIMIT $2");
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params = [(&number(after) as _, Type::INT8), (&limit as _, Type::INT8)];
            self.primary().await?.query(&sql, &params).await?.iter().map(letter).collect()
        })
    }

    fn list_of(&self, user: UserId, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM dead_pings WHERE user_uuid = $1 AND id > $2 ORDER BY id LIMIT $3"
            );
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params = [
                (&uuid(user) as _, Type::UUID),
                (&number(after) as _, Type::INT8),
                (&limit as _, Type::INT8),
            ];
            self.primary().await?.query(&sql, &params).await?.iter().map(letter).collect()
        })
    }

    fn find(&self, id: u64) -> PortFuture<'_, Option<StoredDeadLetter>> {
        Box::pin(async move {
            let sql = format!("SELECT {COLUMNS} FROM dead_pings WHERE id = $1");
            let rows = self.primary().await?.query(&sql, &[(&number(id), Type::INT8)]).await?;
            rows.first().map(letter).transpose()
        })
    }

    fn delete(&self, id: u64) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "DELETE FROM dead_pings WHERE id = $1";
            Ok(self.primary().await?.execute(sql, &[(&number(id), Type::INT8)]).await? > 0)
        })
    }

    fn count(&self) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let rows = self.primary().await?.query("SELECT count(*) AS letters FROM dead_pings", &[]).await?;
            bits_column(rows.first().ok_or_else(|| corrupt("count", "no answer"))?, "letters")
        })
    }
}

/// A letter's number; larger ones than the database gives are nobody's.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn letter(row: &Row) -> Result<StoredDeadLetter, PortError> {
    let user: Option<Uuid> = column(row, "user_uuid")?;
    Ok(StoredDeadLetter {
        id: bits_column(row, "id")?,
        at: time_column(row, "at")?,
        partition: Partition(u32_column(row, "partition")?),
        position: Position { major: bits_column(row, "major")?, minor: bits_column(row, "minor")? },
        letter: DeadLetter {
            user: user.map(|uuid| UserId::from_bits(uuid.as_u128())),
            reason: column(row, "reason")?,
            record: column(row, "record")?,
        },
    })
}
