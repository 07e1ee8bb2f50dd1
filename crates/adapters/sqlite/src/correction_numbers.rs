//! The numbers of corrections: the greatest version in the person's row, and which corrections there
//! are. Not here: what they say, which the ledger keeps once it comes there.

use dayline_app::ports::{CorrectionChange, CorrectionNumbers, CorrectionVersion, PortFuture};
use dayline_domain::{CorrectionId, UserId, UtcMs};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;
use crate::values::IdBytes;

const FIND: &str = "SELECT is_final FROM correction_ids WHERE user_number = ?1 AND id = ?2";
const ADD: &str = "
    INSERT INTO correction_ids (user_number, id, is_final) VALUES (?1, ?2, ?3)
    ON CONFLICT (user_number, id) DO UPDATE SET is_final = excluded.is_final";
const NEXT: &str = "
    UPDATE users SET correction_version = max(correction_version + 1, ?2) WHERE number = ?1
    RETURNING correction_version";
const FORGET: &str = "DELETE FROM correction_ids WHERE user_number = ?1 AND id = ?2 AND NOT is_final";

impl CorrectionNumbers for SqliteStore {
    fn next_version(
        &self,
        user: UserId,
        id: CorrectionId,
        change: CorrectionChange,
        now: UtcMs,
    ) -> PortFuture<'_, CorrectionVersion> {
        self.db.write(move |tx| match users::number_of(tx, user)? {
            Some(user) => next_version(tx, user, id, change, now),
            None => Ok(CorrectionVersion::NotFound),
        })
    }

    fn forget(&self, user: UserId, id: CorrectionId) -> PortFuture<'_, ()> {
        self.db.write(move |tx| {
            if let Some(user) = users::number_of(tx, user)? {
                tx.prepare_cached(FORGET)?.execute(params![user, IdBytes::from(id)])?;
            }
            Ok(())
        })
    }
}

fn next_version(
    tx: &Transaction<'_>,
    user: i64,
    id: CorrectionId,
    change: CorrectionChange,
    now: UtcMs,
) -> Result<CorrectionVersion, Failure> {
    let id = IdBytes::from(id);
    let is_final = tx.prepare_cached(FIND)?.query_row(params![user, id], |row| row.get(0)).optional()?;
    match (change, is_final) {
        (_, Some(true)) => return Ok(CorrectionVersion::Final),
        (CorrectionChange::Entry, None) => return Ok(CorrectionVersion::NotFound),
        (CorrectionChange::Entry, Some(false)) => {}
        (CorrectionChange::NewEntry | CorrectionChange::NewErasure, _) => {
            let is_final = change == CorrectionChange::NewErasure;
            tx.prepare_cached(ADD)?.execute(params![user, id, is_final])?;
        }
    }
    let next: i64 = tx.prepare_cached(NEXT)?.query_row(params![user, now.0], |row| row.get(0))?;
    Ok(CorrectionVersion::Next(next as u64))
}
