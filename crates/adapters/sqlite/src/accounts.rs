//! Accounts: one row per person. Deleting it deletes all that is theirs, by the foreign keys of the
//! schema.

use dayline_app::ports::{
    Accounts, CreateUser, CredentialId, PasswordHash, PortFuture, ProfileChange, SignOut, UpdateProfile, User,
};
use dayline_domain::{Email, FullName, UserId, UtcMs};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::values::{IdBytes, instant};
use crate::{sessions, users};

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CREATE: &str = "
    INSERT INTO users (id, email, email_key, password_hash, full_name, timezone, created_ms, updated_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (email_key) DO NOTHING";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM users)";
/// Salt and hash are cut off: what is left of a PHC string are its parameters.
const SAMPLES: &str = "
    SELECT min(password_hash) FROM users GROUP BY rtrim(rtrim(rtrim(password_hash, ?1), '$'), ?1)";
const FIND: &str = "SELECT * FROM users WHERE id = ?1";
const FIND_BY_EMAIL: &str = "SELECT * FROM users WHERE email_key = ?1";
/// Identities are compared as bytes, which is their order.
const LIST: &str = "SELECT * FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
/// Another person's address.
const IS_TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE email_key = ?1 AND id <> ?2)";
const UPDATE_PROFILE: &str = "
    UPDATE users
    SET full_name = coalesce(?2, full_name), timezone = coalesce(?3, timezone), updated_ms = ?4,
        email = coalesce(?5, email), email_key = coalesce(?6, email_key)
    WHERE id = ?1 AND password_hash = coalesce(?7, password_hash)
    RETURNING *";
const REHASH: &str = "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
const CHANGE_PASSWORD: &str = "
    UPDATE users SET password_hash = ?3, updated_ms = ?4
    WHERE id = ?1 AND password_hash = coalesce(?2, password_hash)
    RETURNING number";
const DELETE_LINK: &str = "DELETE FROM reset_links WHERE user_number = ?1";
const DISABLE: &str = "
    UPDATE users SET disabled_ms = coalesce(disabled_ms, ?2) WHERE id = ?1 RETURNING number";
const ENABLE: &str = "UPDATE users SET disabled_ms = NULL WHERE id = ?1";
const DELETE: &str = "DELETE FROM users WHERE number = ?1";

impl SqliteStore {
    /// Whether there is any account.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](dayline_app::ports::PortError::Unavailable) if the database can't be read.
    pub fn has_accounts(&self) -> PortFuture<'_, bool> {
        self.db.read(|tx| Ok(tx.query_row(ANY, [], |row| row.get(0))?))
    }
}

impl Accounts for SqliteStore {
    fn create(&self, user: User, password: PasswordHash) -> PortFuture<'_, CreateUser> {
        self.db.write(move |tx| {
            let created = tx.prepare_cached(CREATE)?.execute(params![
                IdBytes::from(user.id),
                user.email.as_str(),
                user.email.key(),
                password.0,
                user.full_name.as_str(),
                user.timezone,
                user.created_at.0,
                user.updated_at.0,
            ])?;
            Ok(if created == 1 { CreateUser::Created } else { CreateUser::EmailTaken })
        })
    }

    fn find(&self, id: UserId) -> PortFuture<'_, Option<User>> {
        self.db.read(move |tx| Ok(row_of(tx, id)?.map(|(user, _)| user)))
    }

    fn find_by_email(&self, email: Email) -> PortFuture<'_, Option<(User, PasswordHash)>> {
        self.db.read(move |tx| {
            tx.prepare_cached(FIND_BY_EMAIL)?
                .query_row([email.key()], |row| Ok(parse(row)))
                .optional()?
                .transpose()
        })
    }

    fn list(&self, after: Option<UserId>, limit: usize) -> PortFuture<'_, Vec<User>> {
        self.db.read(move |tx| {
            let after = after.map_or(Vec::new(), |id| id.bits().to_be_bytes().to_vec());
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map(params![after, limit], |row| Ok(parse(row)))?;
            rows.map(|person| Ok(person??.0)).collect()
        })
    }

    fn password_of(&self, id: UserId) -> PortFuture<'_, Option<PasswordHash>> {
        self.db.read(move |tx| Ok(row_of(tx, id)?.map(|(_, hash)| hash)))
    }

    fn sample_hashes(&self) -> PortFuture<'_, Vec<PasswordHash>> {
        self.db.read(|tx| {
            let mut samples = tx.prepare_cached(SAMPLES)?;
            let samples = samples.query_map([BASE64], |row| Ok(PasswordHash(row.get(0)?)))?;
            Ok(samples.collect::<Result<_, _>>()?)
        })
    }

    fn update_profile(&self, id: UserId, change: ProfileChange, now: UtcMs) -> PortFuture<'_, UpdateProfile> {
        self.db.write(move |tx| update_profile(tx, id, &change, now))
    }

    fn rehash_password(&self, id: UserId, from: PasswordHash, to: PasswordHash) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let replaced = tx.prepare_cached(REHASH)?.execute(params![IdBytes::from(id), from.0, to.0])?;
            Ok(replaced == 1)
        })
    }

    fn change_password(
        &self,
        id: UserId,
        from: Option<PasswordHash>,
        to: PasswordHash,
        asked: SignOut,
    ) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.db.write(move |tx| change_password(tx, id, from, &to, asked))
    }

    fn disable(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.db.write(move |tx| {
            let row = params![IdBytes::from(id), now.0];
            let disabled = tx.prepare_cached(DISABLE)?.query_row(row, |row| row.get(0)).optional()?;
            let Some(user) = disabled else { return Ok(None) };
            sessions::sign_out(tx, user, SignOut { keep: None, api_keys: false, at: now }).map(Some)
        })
    }

    fn enable(&self, id: UserId) -> PortFuture<'_, bool> {
        self.db.write(move |tx| Ok(tx.prepare_cached(ENABLE)?.execute([IdBytes::from(id)])? == 1))
    }

    fn delete(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        self.db.erase(move |tx| delete(tx, id, now))
    }
}

/// Sets a password. A link to a new one is good no more.
pub(crate) fn change_password(
    tx: &Transaction<'_>,
    id: UserId,
    from: Option<PasswordHash>,
    to: &PasswordHash,
    asked: SignOut,
) -> Result<Option<Vec<CredentialId>>, Failure> {
    let row = params![IdBytes::from(id), from.map(|from| from.0), to.0, asked.at.0];
    let changed = tx.prepare_cached(CHANGE_PASSWORD)?.query_row(row, |row| row.get(0)).optional()?;
    let Some(user) = changed else { return Ok(None) };
    tx.prepare_cached(DELETE_LINK)?.execute([user])?;
    sessions::sign_out(tx, user, asked).map(Some)
}

fn update_profile(
    tx: &Transaction<'_>,
    id: UserId,
    change: &ProfileChange,
    now: UtcMs,
) -> Result<UpdateProfile, Failure> {
    let ProfileChange { full_name, timezone, email } = change;
    let full_name = full_name.as_ref().map(FullName::as_str);
    let (to, password) =
        (email.as_ref().map(|email| &email.to), email.as_ref().map(|email| &email.password.0));
    let key = to.map(Email::key);
    let id = IdBytes::from(id);
    let row = params![id, full_name, timezone, now.0, to.map(Email::as_str), key, password];
    if let Some(key) = &key
        && tx.prepare_cached(IS_TAKEN)?.query_row(params![key, id], |row| row.get(0))?
    {
        return Ok(UpdateProfile::EmailTaken);
    }
    let updated = tx.prepare_cached(UPDATE_PROFILE)?.query_row(row, |row| Ok(parse(row)));
    let updated = updated.optional()?.transpose()?;
    Ok(updated.map_or(UpdateProfile::NotTheirs, |(user, _)| UpdateProfile::Updated(user)))
}

fn delete(tx: &Transaction<'_>, id: UserId, now: UtcMs) -> Result<Option<Vec<CredentialId>>, Failure> {
    let Some(user) = users::number_of(tx, id)? else { return Ok(None) };
    let ended = sessions::sign_out(tx, user, SignOut { keep: None, api_keys: true, at: now })?;
    tx.prepare_cached(DELETE)?.execute([user])?;
    Ok(Some(ended))
}

fn row_of(tx: &Transaction<'_>, id: UserId) -> Result<Option<(User, PasswordHash)>, Failure> {
    tx.prepare_cached(FIND)?.query_row([IdBytes::from(id)], |row| Ok(parse(row))).optional()?.transpose()
}

fn parse(row: &Row<'_>) -> Result<(User, PasswordHash), Failure> {
    let email: String = row.get("email")?;
    let full_name: String = row.get("full_name")?;
    let user = User {
        id: row.get::<_, IdBytes>("id")?.id(),
        email: Email::new(&email).map_err(|why| Failure::corrupt("a stored e-mail address", why))?,
        full_name: FullName::new(&full_name).map_err(|why| Failure::corrupt("a stored full name", why))?,
        timezone: row.get("timezone")?,
        created_at: instant(row, "created_ms")?,
        updated_at: instant(row, "updated_ms")?,
        disabled_at: row.get::<_, Option<i64>>("disabled_ms")?.map(UtcMs),
    };
    Ok((user, PasswordHash(row.get("password_hash")?)))
}
