//! People as the other tables know them: by the short number that is part of their rows.
//! Not here: the accounts themselves (see `accounts`).

use dayline_app::ports::PasswordHash;
use dayline_domain::UserId;
use rusqlite::{OptionalExtension, Transaction};

use crate::failure::Failure;
use crate::values::IdBytes;

const NUMBER: &str = "SELECT number FROM users WHERE id = ?1";
const NUMBER_AND_PASSWORD: &str = "SELECT number, password_hash FROM users WHERE id = ?1";

/// The number that a person has inside this database.
pub(crate) fn number_of(tx: &Transaction<'_>, id: UserId) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached(NUMBER)?.query_row([IdBytes::from(id)], |row| row.get(0)).optional()
}

/// The hash of a person's password, and the person's number.
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
