//! Links to new passwords. Only hashes are here.

use dayline_app::ports::{PasswordHash, PortError, PortFuture, Redeemed, ResetLink, ResetLinks, SignOut};
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::accounts::change_password;
use crate::db::{Param, Transaction};
use crate::store::PgStore;
use crate::values::{Timestamp, hash_column, id_column, time_column, uuid};

impl ResetLinks for PgStore {
    fn make(&self, link: ResetLink) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "INSERT INTO reset_links (user_id, hash, expires_at)
                       SELECT id, $2, $3 FROM users WHERE uuid = $1
                       ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at";
            let params: [Param<'_>; 3] = [
                (&uuid(link.user), Type::UUID),
                (&&link.hash[..], Type::BYTEA),
                (&Timestamp(link.expires_at), Type::TIMESTAMPTZ),
            ];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn find(&self, hash: TokenHash) -> PortFuture<'_, Option<ResetLink>> {
        Box::pin(async move {
            let sql = "SELECT hash, expires_at, uuid FROM reset_links JOIN users ON users.id = user_id
                       WHERE hash = $1";
            let rows = self.primary().await?.query(sql, &[(&&hash[..], Type::BYTEA)]).await?;
            rows.first().map(link).transpose()
        })
    }

    fn redeem(&self, hash: TokenHash, to: PasswordHash, now: UtcMs) -> PortFuture<'_, Option<Redeemed>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = redeem(&mut transaction, hash, to, now).await;
            transaction.finish(outcome).await
        })
    }

    fn purge(&self, now: UtcMs) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let sql = "DELETE FROM reset_links WHERE expires_at <= $1";
            self.primary().await?.execute(sql, &[(&Timestamp(now), Type::TIMESTAMPTZ)]).await
        })
    }
}

/// Locks the person first, as all do that change their password. Of two who use a link at once the second
/// one waits there, and finds that it is gone.
async fn redeem(
    transaction: &mut Transaction,
    hash: TokenHash,
    to: PasswordHash,
    now: UtcMs,
) -> Result<Option<Redeemed>, PortError> {
    let sql = "SELECT uuid FROM reset_links JOIN users ON users.id = user_id
               WHERE hash = $1 AND expires_at > $2 FOR NO KEY UPDATE OF users";
    let params: [Param<'_>; 2] = [(&&hash[..], Type::BYTEA), (&Timestamp(now), Type::TIMESTAMPTZ)];
    let rows = transaction.query(sql, &params).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let sql = "DELETE FROM reset_links WHERE hash = $1";
    if transaction.execute(sql, &[(&&hash[..], Type::BYTEA)]).await? == 0 {
        return Ok(None);
    }
    let user: UserId = id_column(row, "uuid")?;
    let asked = SignOut { keep: None, api_keys: false, at: now };
    let ended = change_password(transaction, user, None, to, asked).await?;
    Ok(ended.map(|ended| Redeemed { user, ended }))
}

fn link(row: &Row) -> Result<ResetLink, PortError> {
    Ok(ResetLink {
        hash: hash_column(row, "hash")?,
        user: id_column(row, "uuid")?,
        expires_at: time_column(row, "expires_at")?,
    })
}
