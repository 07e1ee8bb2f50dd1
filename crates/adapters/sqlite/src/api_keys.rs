//! API keys. Only hashes are here.

use dayline_app::ports::{ApiKey, ApiKeys, CreateKey, PortFuture, Use};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{ApiKeyId, Scope, Scopes, UserId, UtcMs};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::users;
use crate::values::{IdBytes, instant};

/// For how long a use is not noted again, in milliseconds: so that a key used all the time is written
/// once a minute.
const NOTED_MS: i64 = 60_000;

const COUNT: &str = "SELECT count(*) FROM api_keys WHERE user_number = ?1";
const INSERT: &str = "
    INSERT INTO api_keys (id, user_number, name, may_track, may_read, hash, created_ms, last_used_ms, expires_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const LIST: &str = "
    SELECT k.*, u.id AS user_id FROM users u JOIN api_keys k ON k.user_number = u.number WHERE u.id = ?1
    ORDER BY k.created_ms DESC, k.id DESC";
const DELETE_ALL: &str = "DELETE FROM api_keys WHERE user_number = ?1 RETURNING id";
const FIND: &str = "
    SELECT k.*, u.id AS user_id FROM api_keys k JOIN users u ON u.number = k.user_number
    WHERE k.hash = ?1 AND u.disabled_ms IS NULL";
const NOTE: &str = "UPDATE api_keys SET last_used_ms = ?2 WHERE id = ?1";
const DELETE: &str = "
    DELETE FROM api_keys WHERE id = ?2 AND user_number = (SELECT number FROM users WHERE id = ?1)";

impl ApiKeys for SqliteStore {
    fn create(&self, key: ApiKey, max_per_user: usize) -> PortFuture<'_, CreateKey> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, key.user)? else { return Ok(CreateKey::NoSuchUser) };
            let count: i64 = tx.prepare_cached(COUNT)?.query_row([user], |row| row.get(0))?;
            if usize::try_from(count).is_ok_and(|count| count >= max_per_user) {
                return Ok(CreateKey::TooMany);
            }
            tx.prepare_cached(INSERT)?.execute(params![
                IdBytes::from(key.id),
                user,
                key.name.as_str(),
                key.scopes.allows(Scope::Track),
                key.scopes.allows(Scope::Read),
                key.hash,
                key.created_at.0,
                key.last_used_at.map(|at| at.0),
                key.expires_at.map(|at| at.0),
            ])?;
            Ok(CreateKey::Created)
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ApiKey>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map([IdBytes::from(user)], |row| Ok(parse(row)))?;
            rows.map(|key| key?).collect()
        })
    }

    fn delete(&self, user: UserId, id: ApiKeyId) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            Ok(tx.prepare_cached(DELETE)?.execute([IdBytes::from(user), IdBytes::from(id)])? == 1)
        })
    }

    fn find_used(&self, hash: TokenHash, now: UtcMs, used: Use) -> PortFuture<'_, Option<ApiKey>> {
        Box::pin(async move {
            let Some(key) = self.db.read(move |tx| find(tx, hash)).await? else { return Ok(None) };
            if used == Use::Unnoted {
                return Ok(Some(key));
            }
            self.note_use(key, now).await
        })
    }
}

impl SqliteStore {
    /// Notes that a key was used, unless that was noted lately; `None` if it was deleted meanwhile.
    fn note_use(&self, key: ApiKey, now: UtcMs) -> PortFuture<'_, Option<ApiKey>> {
        Box::pin(async move {
            let is_noted = |last| (0..NOTED_MS).contains(&now.since(last));
            if key.last_used_at.is_some_and(is_noted) {
                return Ok(Some(key));
            }
            let id = key.id;
            let noted = self.db.write(move |tx| {
                Ok(tx.prepare_cached(NOTE)?.execute(params![IdBytes::from(id), now.0])? == 1)
            });
            Ok(noted.await?.then_some(ApiKey { last_used_at: Some(now), ..key }))
        })
    }
}

/// Deletes all keys of a person.
pub(crate) fn delete_all(tx: &Transaction<'_>, user: i64) -> rusqlite::Result<Vec<ApiKeyId>> {
    let mut statement = tx.prepare_cached(DELETE_ALL)?;
    let rows = statement.query_map([user], |row| Ok(row.get::<_, IdBytes>(0)?.id()))?;
    rows.collect()
}

fn find(tx: &Transaction<'_>, hash: TokenHash) -> Result<Option<ApiKey>, Failure> {
    tx.prepare_cached(FIND)?.query_row([hash], |row| Ok(parse(row))).optional()?.transpose()
}

fn parse(row: &Row<'_>) -> Result<ApiKey, Failure> {
    let name: String = row.get("name")?;
    let scopes = [("may_track", Scope::Track), ("may_read", Scope::Read)];
    let scopes = scopes.into_iter().try_fold(Scopes::NONE, |scopes, (column, scope)| {
        Ok::<_, rusqlite::Error>(if row.get(column)? { scopes.with(scope) } else { scopes })
    });
    let optional = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(UtcMs));
    Ok(ApiKey {
        id: row.get::<_, IdBytes>("id")?.id(),
        user: row.get::<_, IdBytes>("user_id")?.id(),
        name: Label::new(&name).map_err(|why| Failure::corrupt("a stored key's name", why))?,
        scopes: scopes?,
        hash: row.get("hash")?,
        created_at: instant(row, "created_ms")?,
        last_used_at: optional("last_used_ms")?,
        expires_at: optional("expires_ms")?,
    })
}
