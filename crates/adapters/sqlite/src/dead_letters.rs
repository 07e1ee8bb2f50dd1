//! Dead letters, as operators and those whose they are see them. They are written together with the
//! log position they belong to, by
//! [`crate::ledger`].

use dayline_app::ports::{DeadLetter, DeadLetters, Partition, PortFuture, StoredDeadLetter};
use dayline_domain::UserId;
use rusqlite::{OptionalExtension, Row, RowIndex, params};

use crate::store::SqliteStore;
use crate::values::{IdBytes, instant, position};

const LIST: &str = "
    SELECT d.*, u.id AS user_id FROM dead_pings d LEFT JOIN users u ON u.number = d.user_number
    WHERE d.number > ?1 ORDER BY d.number LIMIT ?2";
const LIST_OF: &str = "
    SELECT d.*, u.id AS user_id FROM users u JOIN dead_pings d ON d.user_number = u.number
    WHERE u.id = ?1 AND d.number > ?2 ORDER BY d.number LIMIT ?3";
const FIND: &str = "
    SELECT d.*, u.id AS user_id FROM dead_pings d LEFT JOIN users u ON u.number = d.user_number
    WHERE d.number = ?1";
const DELETE: &str = "DELETE FROM dead_pings WHERE number = ?1";
const COUNT: &str = "SELECT count(*) FROM dead_pings";

impl DeadLetters for SqliteStore {
    fn list(&self, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let letters = statement.query_map([column(after), limit], parse)?;
            Ok(letters.collect::<Result<_, _>>()?)
        })
    }

    fn list_of(&self, user: UserId, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST_OF)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let letters = statement.query_map(params![IdBytes::from(user), column(after), limit], parse)?;
            Ok(letters.collect::<Result<_, _>>()?)
        })
    }

    fn find(&self, id: u64) -> PortFuture<'_, Option<StoredDeadLetter>> {
        self.db.read(move |tx| Ok(tx.prepare_cached(FIND)?.query_row([column(id)], parse).optional()?))
    }

    fn delete(&self, id: u64) -> PortFuture<'_, bool> {
        self.db.write(move |tx| Ok(tx.prepare_cached(DELETE)?.execute([column(id)])? == 1))
    }

    fn count(&self) -> PortFuture<'_, u64> {
        self.db.read(|tx| Ok(tx.prepare_cached(COUNT)?.query_row([], |row| number(row, 0))?))
    }
}

/// A letter's number as SQLite has it. It never gives numbers as large as those that do not fit.
fn column(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn number(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| number as u64)
}

fn parse(row: &Row<'_>) -> rusqlite::Result<StoredDeadLetter> {
    let user: Option<IdBytes> = row.get("user_id")?;
    Ok(StoredDeadLetter {
        id: number(row, "number")?,
        at: instant(row, "at_ms")?,
        partition: Partition(row.get("partition")?),
        position: position(row)?,
        letter: DeadLetter {
            user: user.map(|user| user.id()),
            reason: row.get("reason")?,
            record: row.get("record")?,
        },
    })
}
