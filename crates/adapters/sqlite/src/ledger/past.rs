//! What is past: found by the person, and removed from every table that has something of a day.

use dayline_app::ports::{KeptPerson, Past, PortFuture, RetentionStore};
use dayline_domain::timeline::window::Window;
use dayline_domain::{UserId, UtcDay};
use rusqlite::{Row, Transaction, params};

use super::unused;
use crate::db::End;
use crate::failure::Failure;
use crate::preferences;
use crate::store::SqliteStore;
use crate::users;
use crate::values::IdBytes;

/// Identities are compared as bytes, which is their order.
const PEOPLE: &str = "
    SELECT id, timezone, day_start_minutes, keep, kept_from FROM users
    WHERE id > ?1 AND (keep IS NOT NULL OR kept_from IS NOT NULL
        OR number IN (SELECT user_number FROM ledger_days WHERE day < ?2
                      UNION SELECT user_number FROM first_days WHERE day < ?2))
    ORDER BY id LIMIT ?3";
const KEEP_FROM: &str = "UPDATE users SET kept_from = ?2 WHERE id = ?1";
const DAYS: &str = "
    SELECT day FROM ledger_days WHERE user_number = ?1 AND day < ?2
    UNION SELECT day FROM first_days WHERE user_number = ?1 AND day < ?2
    ORDER BY day LIMIT ?3";
const MEASURE: &str = "
    SELECT (SELECT count(*) FROM ledger_days WHERE user_number = ?1 AND day < ?2)
             + (SELECT count(*) FROM first_days WHERE user_number = ?1 AND day < ?2),
           (SELECT count(*) FROM app_usage WHERE user_number = ?1 AND start_ms < ?3)
             + (SELECT count(tail_source) FROM ledger_days WHERE user_number = ?1 AND day < ?2),
           (SELECT total(length(bytes)) FROM observations WHERE user_number = ?1 AND day < ?2)
             + (SELECT total(length(bytes)) FROM day_sums WHERE user_number = ?1 AND day < ?2)
             + (SELECT total(length(recent)) FROM ledger_days WHERE user_number = ?1 AND day < ?2)";
/// The days themselves.
const REMOVE_DAYS: [&str; 2] = [
    "DELETE FROM ledger_days WHERE user_number = ?1 AND day < ?2",
    "DELETE FROM first_days WHERE user_number = ?1 AND day < ?2",
];
/// What else has a day.
const REMOVE_OF_DAYS: [&str; 2] = [
    "DELETE FROM observations WHERE user_number = ?1 AND day < ?2",
    "DELETE FROM day_sums WHERE user_number = ?1 AND day < ?2",
];
/// What has an instant in one.
const REMOVE_BY_TIME: [&str; 3] = [
    "DELETE FROM app_usage WHERE user_number = ?1 AND start_ms < ?2",
    "DELETE FROM first_outranked WHERE user_number = ?1 AND start_ms < ?2",
    "DELETE FROM dead_pings WHERE user_number = ?1 AND at_ms < ?2",
];
/// Corrections that say nothing from an instant on, and that they were ever made.
const REMOVE_CORRECTIONS: [&str; 2] = [
    "DELETE FROM correction_ids WHERE user_number = ?1 AND id IN (
        SELECT id FROM corrections WHERE user_number = ?1 AND kind <> 0 AND end_ms <= ?2)",
    "DELETE FROM corrections WHERE user_number = ?1 AND kind <> 0 AND end_ms <= ?2",
];

impl RetentionStore for SqliteStore {
    fn people(
        &self,
        after: Option<UserId>,
        before: Option<UtcDay>,
        limit: usize,
    ) -> PortFuture<'_, Vec<KeptPerson>> {
        self.db.read(move |tx| {
            let after = after.map_or(Vec::new(), |id| id.bits().to_be_bytes().to_vec());
            let before = before.map_or(i32::MIN, |before| before.0);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = tx.prepare_cached(PEOPLE)?;
            let people = statement.query_map(params![after, before, limit], |row| Ok(person(row)))?;
            people.map(|person| person?).collect()
        })
    }

    fn keep_from(&self, user: UserId, from: Option<UtcDay>) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let row = params![IdBytes::from(user), from.map(|from| from.0)];
            Ok(tx.prepare_cached(KEEP_FROM)?.execute(row)? == 1)
        })
    }

    fn measure(&self, user: UserId, before: UtcDay) -> PortFuture<'_, Past> {
        self.db.read(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(Past::default()) };
            let row = params![user, before.0, before.start().0];
            let past = tx.prepare_cached(MEASURE)?.query_row(row, |row| {
                let (days, pieces, bytes): (i64, i64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Past { days: days as u64, pieces: pieces as u64, bytes: bytes as u64 })
            })?;
            Ok(past)
        })
    }

    fn past_days(&self, user: UserId, before: UtcDay, limit: usize) -> PortFuture<'_, Vec<UtcDay>> {
        self.db.read(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok(Vec::new()) };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = tx.prepare_cached(DAYS)?;
            let days = statement.query_map(params![user, before.0, limit], |row| row.get(0).map(UtcDay))?;
            Ok(days.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn remove(&self, user: UserId, before: UtcDay) -> PortFuture<'_, u64> {
        self.db.write_and(move |tx| {
            let Some(user) = users::number_of(tx, user)? else { return Ok((0, End::Commit)) };
            let gone = remove(tx, user, before)?;
            // What was removed must not stay readable, but nobody waits for it.
            Ok((gone, End::EraseSoon))
        })
    }

    fn forget_names(&self, user: UserId) -> PortFuture<'_, ()> {
        let (taking, keeping) = (self.names.clone(), self.names.clone());
        let forget = move |tx: &Transaction<'_>| {
            let mut names = taking.take(tx)?;
            if let Some(user) = users::number_of(tx, user)? {
                unused::remove(tx, user)?;
                names.forget(user);
            }
            Ok((names, End::EraseSoon))
        };
        self.db.write_then(forget, move |names| keeping.keep(names))
    }

    fn drop_empty(&self, _: UtcDay) -> PortFuture<'_, u64> {
        // One table has all months, and pages that are free are used again.
        Box::pin(std::future::ready(Ok(0)))
    }
}

fn person(row: &Row<'_>) -> Result<KeptPerson, Failure> {
    Ok(KeptPerson {
        user: row.get::<_, IdBytes>("id")?.id(),
        timezone: row.get("timezone")?,
        day_start: preferences::day_start(row)?,
        keep: preferences::keep(row)?,
        kept_from: row.get::<_, Option<i32>>("kept_from")?.map(UtcDay),
    })
}

/// Removes all of a person's days before a day; gives how many there were.
fn remove(tx: &Transaction<'_>, user: i64, before: UtcDay) -> rusqlite::Result<u64> {
    let mut days = 0;
    for sql in REMOVE_DAYS {
        days += tx.prepare_cached(sql)?.execute(params![user, before.0])? as u64;
    }
    for sql in REMOVE_OF_DAYS {
        tx.prepare_cached(sql)?.execute(params![user, before.0])?;
    }
    for sql in REMOVE_BY_TIME {
        tx.prepare_cached(sql)?.execute(params![user, before.start().0])?;
    }
    let window = Window::of(before).interval().start();
    for sql in REMOVE_CORRECTIONS {
        tx.prepare_cached(sql)?.execute(params![user, window.0])?;
    }
    Ok(days)
}
