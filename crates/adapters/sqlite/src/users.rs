//! People as the other tables know them: by the short number that is part of their rows.
//! Not here: the accounts themselves (see `accounts`).

use dayline_app::ports::PasswordHash;
use dayline_domain::{BeatHold, Choices, Terms, UserId, UtcDay};
use rusqlite::{OptionalExtension, Row, Transaction};

use crate::failure::Failure;
use crate::merges;
use crate::values::IdBytes;

const NUMBER: &str = "SELECT number FROM users WHERE id = ?1";
const PERSON: &str = "SELECT number, beat_hold_minutes, audible_counts, kept_from FROM users WHERE id = ?1";
/// Of who is let in.
const NUMBER_AND_PASSWORD: &str = "
    SELECT number, password_hash FROM users WHERE id = ?1 AND disabled_ms IS NULL";

/// The number that a person has inside this database.
pub(crate) fn number_of(tx: &Transaction<'_>, id: UserId) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached(NUMBER)?.query_row([IdBytes::from(id)], |row| row.get(0)).optional()
}

/// A person as the ledger knows them.
pub(crate) struct Person {
    /// The number that they have inside this database.
    pub(crate) number: i64,
    /// How they want their days settled.
    pub(crate) terms: Terms,
    /// The first of their days that is kept, if not all are.
    kept_from: Option<i32>,
}

impl Person {
    /// Whether nothing is kept of this day.
    pub(crate) fn is_past(&self, day: UtcDay) -> bool {
        self.kept_from.is_some_and(|from| day.0 < from)
    }
}

/// A person, if they are there.
pub(crate) fn person(tx: &Transaction<'_>, id: UserId) -> Result<Option<Person>, Failure> {
    let mut statement = tx.prepare_cached(PERSON)?;
    let mut rows = statement.query([IdBytes::from(id)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let number = row.get("number")?;
    let terms = Terms { choices: choices(row)?, merges: merges::of(tx, number)? };
    Ok(Some(Person { number, terms, kept_from: row.get("kept_from")? }))
}

/// The choices in the columns `beat_hold_minutes` and `audible_counts`.
pub(crate) fn choices(row: &Row<'_>) -> Result<Choices, Failure> {
    let beat_hold = BeatHold::from_minutes(row.get("beat_hold_minutes")?);
    let beat_hold = beat_hold.map_err(|why| Failure::corrupt("a stored beat hold", why))?;
    Ok(Choices { beat_hold, audible_counts: row.get("audible_counts")? })
}

/// The hash of a person's password, and the person's number, unless they are disabled.
pub(crate) fn number_and_password(
    tx: &Transaction<'_>,
    id: UserId,
) -> Result<Option<(i64, PasswordHash)>, Failure> {
    let found = tx
        .prepare_cached(NUMBER_AND_PASSWORD)?
        .query_row([IdBytes::from(id)], |row| {
            Ok((row.get("number")?, PasswordHash(row.get("password_hash")?)))
        })
        .optional()?;
    Ok(found)
}
