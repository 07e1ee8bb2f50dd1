//! API keys. Only hashes are here.

use dayline_app::ports::{ApiKey, ApiKeys, CreateKey, PortError, PortFuture, Use};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{ApiKeyId, Scope, Scopes, UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{Timestamp, column, hash_column, id_column, optional_time, time_column, uuid};

const COLUMNS: &str =
    "api_keys.id, users.uuid AS user_uuid, name, scopes, hash, api_keys.created_at, last_used_at, expires_at";

/// How stale "last used" may be, in milliseconds: so that a key used all the time is written once a
/// minute.
const USE_NOTED_EVERY_MS: i64 = 60_000;

/// The scopes and their bits in the table.
const SCOPE_BITS: [(Scope, i16); 3] = [(Scope::Track, 1), (Scope::Read, 2), (Scope::Account, 4)];

impl ApiKeys for PgStore {
    fn create(&self, key: ApiKey, max_per_user: usize) -> PortFuture<'_, CreateKey> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = create(&mut transaction, &key, max_per_user).await;
            transaction.finish(outcome).await
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ApiKey>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys JOIN users ON users.id = user_id
                 WHERE users.uuid = $1 ORDER BY api_keys.created_at DESC, api_keys.id DESC"
            );
            let rows = self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(api_key).collect()
        })
    }

    fn delete(&self, user: UserId, id: ApiKeyId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "DELETE FROM api_keys USING users
                       WHERE api_keys.id = $1 AND users.id = user_id AND users.uuid = $2";
            let params: [Param<'_>; 2] = [(&uuid(id), Type::UUID), (&uuid(user), Type::UUID)];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn find_used(&self, hash: TokenHash, now: UtcMs, used: Use) -> PortFuture<'_, Option<ApiKey>> {
        Box::pin(async move {
            let pool = self.primary().await?;
            let sql = format!(
                "SELECT {COLUMNS} FROM api_keys JOIN users ON users.id = user_id
                 WHERE hash = $1 AND disabled_at IS NULL"
            );
            let rows = pool.query(&sql, &[(&&hash[..], Type::BYTEA)]).await?;
            let Some(mut key) = rows.first().map(api_key).transpose()? else { return Ok(None) };
            let is_noted = |last| now.since(last) < USE_NOTED_EVERY_MS && now >= last;
            if used == Use::Unnoted || key.last_used_at.is_some_and(is_noted) {
                return Ok(Some(key));
            }
            let sql = "UPDATE api_keys SET last_used_at = greatest(last_used_at, $2) WHERE id = $1";
            let params: [Param<'_>; 2] = [(&uuid(key.id), Type::UUID), (&Timestamp(now), Type::TIMESTAMPTZ)];
            // Deleted in between: it was valid when it was looked up, and its end is announced
            // beside this.
            pool.execute(sql, &params).await?;
            key.last_used_at = key.last_used_at.max(Some(now));
            Ok(Some(key))
        })
    }
}

async fn create(
    transaction: &mut Transaction,
    key: &ApiKey,
    max_per_user: usize,
) -> Result<CreateKey, PortError> {
    let sql = "SELECT id, (SELECT count(*) FROM api_keys WHERE user_id = users.id) AS keys
               FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let person: [Param<'_>; 1] = [(&uuid(key.user), Type::UUID)];
    // Once to lock the person, once to count what is there now that nobody else can add to it.
    transaction.query(sql, &person).await?;
    let rows = transaction.query(sql, &person).await?;
    let Some(row) = rows.first() else { return Ok(CreateKey::NoSuchUser) };
    if usize::try_from(column::<i64>(row, "keys")?).unwrap_or(usize::MAX) >= max_per_user {
        return Ok(CreateKey::TooMany);
    }
    let user: i64 = column(row, "id")?;
    let params: [Param<'_>; 8] = [
        (&uuid(key.id), Type::UUID),
        (&user, Type::INT8),
        (&key.name.as_str(), Type::TEXT),
        (&scope_bits(key.scopes), Type::INT2),
        (&&key.hash[..], Type::BYTEA),
        (&Timestamp(key.created_at), Type::TIMESTAMPTZ),
        (&key.last_used_at.map(Timestamp), Type::TIMESTAMPTZ),
        (&key.expires_at.map(Timestamp), Type::TIMESTAMPTZ),
    ];
    let sql = "INSERT INTO api_keys (id, user_id, name, scopes, hash, created_at, last_used_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    transaction.execute(sql, &params).await?;
    Ok(CreateKey::Created)
}

/// Deletes all keys of a person.
pub(crate) async fn delete_all(transaction: &mut Transaction, user: i64) -> Result<Vec<ApiKeyId>, PortError> {
    let sql = "DELETE FROM api_keys WHERE user_id = $1 RETURNING id";
    let rows = transaction.query(sql, &[(&user, Type::INT8)]).await?;
    rows.iter().map(|row| id_column(row, "id")).collect()
}

fn scope_bits(scopes: Scopes) -> i16 {
    SCOPE_BITS.iter().filter(|(scope, _)| scopes.allows(*scope)).map(|(_, bit)| bit).sum()
}

fn scopes(bits: i16) -> Scopes {
    let present = SCOPE_BITS.iter().filter(|(_, bit)| bits & bit != 0);
    present.fold(Scopes::NONE, |scopes, (scope, _)| scopes.with(*scope))
}

fn api_key(row: &Row) -> Result<ApiKey, PortError> {
    Ok(ApiKey {
        id: id_column(row, "id")?,
        user: id_column(row, "user_uuid")?,
        name: Label::new(column(row, "name")?).map_err(|error| corrupt("name", error))?,
        scopes: scopes(column(row, "scopes")?),
        hash: hash_column(row, "hash")?,
        created_at: time_column(row, "created_at")?,
        last_used_at: optional_time(row, "last_used_at")?,
        expires_at: optional_time(row, "expires_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_survive_the_table() {
        for set in
            [Scopes::NONE, Scopes::SESSION, Scopes::NONE.with(Scope::Track), Scopes::NONE.with(Scope::Read)]
        {
            assert_eq!(scopes(scope_bits(set)), set);
        }
    }
}
