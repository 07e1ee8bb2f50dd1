//! Takes names out of a person's dictionary that nothing refers to any more, once something was
//! erased or a correction replaced. It looks through what is stored of that person, and of nobody
//! else.

use std::collections::BTreeSet;

use dayline_domain::{Subject, UtcDay};
use rusqlite::{Transaction, params};

use super::dictionary::Met;
use super::state;
use crate::failure::Failure;

const SOURCES: &str = "
    DELETE FROM sources WHERE user_number = ?1 AND number NOT IN (
        SELECT source_number FROM app_usage WHERE user_number = ?1
        UNION ALL SELECT source_number FROM first_outranked WHERE user_number = ?1
        UNION ALL SELECT tail_source FROM ledger_days WHERE user_number = ?1 AND tail_source IS NOT NULL
        UNION ALL SELECT source_number FROM corrections WHERE user_number = ?1 AND source_number IS NOT NULL)";
const STATES: &str = "
    SELECT day, bytes FROM observations WHERE user_number = ?1
    UNION ALL SELECT day, recent FROM ledger_days WHERE user_number = ?1 AND recent IS NOT NULL";
const SUBJECTS: &str = "SELECT number FROM subjects WHERE user_number = ?1";
const SUBJECT: &str = "DELETE FROM subjects WHERE user_number = ?1 AND number = ?2";

/// Removes a person's sources and subjects that nothing refers to.
pub(super) fn remove(tx: &Transaction<'_>, user: i64) -> Result<(), Failure> {
    tx.prepare_cached(SOURCES)?.execute([user])?;
    let kept = match used_subjects(tx, user) {
        // What an unreadable day refers to is not known. That day must not keep others from being
        // erased.
        Err(Failure::Corrupt(_)) => return Ok(()),
        numbers => numbers?,
    };
    let mut statement = tx.prepare_cached(SUBJECTS)?;
    let all: rusqlite::Result<BTreeSet<u32>> = statement.query_map([user], |row| row.get(0))?.collect();
    for number in all?.difference(&kept) {
        tx.prepare_cached(SUBJECT)?.execute(params![user, number])?;
    }
    Ok(())
}

fn used_subjects(tx: &Transaction<'_>, user: i64) -> Result<BTreeSet<u32>, Failure> {
    let mut met = Met::<Subject>::of(user);
    let mut statement = tx.prepare_cached(STATES)?;
    let mut rows = statement.query([user])?;
    while let Some(row) = rows.next()? {
        state::decode(tx, UtcDay(row.get(0)?), row.get_ref(1)?.as_blob()?, &mut met)?;
    }
    Ok(met.numbers().collect())
}
