//! Links to new passwords. Only hashes are here.

use dayline_app::ports::{PasswordHash, PortFuture, Redeemed, ResetLink, ResetLinks, SignOut};
use dayline_domain::UtcMs;
use dayline_domain::identity::session::TokenHash;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::values::{IdBytes, instant};
use crate::{accounts, users};

const MAKE: &str = "INSERT OR REPLACE INTO reset_links (user_number, hash, expires_ms) VALUES (?1, ?2, ?3)";
const FIND: &str = "
    SELECT l.hash, l.expires_ms, u.id AS user_id FROM reset_links l JOIN users u ON u.number = l.user_number
    WHERE l.hash = ?1";
const PURGE: &str = "DELETE FROM reset_links WHERE expires_ms <= ?1";

impl ResetLinks for SqliteStore {
    fn make(&self, link: ResetLink) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, link.user)? else { return Ok(false) };
            tx.prepare_cached(MAKE)?.execute(params![user, link.hash, link.expires_at.0])?;
            Ok(true)
        })
    }

    fn find(&self, hash: TokenHash) -> PortFuture<'_, Option<ResetLink>> {
        self.db.read(move |tx| find(tx, hash))
    }

    fn redeem(&self, hash: TokenHash, to: PasswordHash, now: UtcMs) -> PortFuture<'_, Option<Redeemed>> {
        self.db.write(move |tx| {
            let Some(link) = find(tx, hash)?.filter(|link| !link.is_expired(now)) else { return Ok(None) };
            let asked = SignOut { keep: None, api_keys: false, at: now };
            let ended = accounts::change_password(tx, link.user, None, &to, asked)?;
            Ok(ended.map(|ended| Redeemed { user: link.user, ended }))
        })
    }

    fn purge(&self, now: UtcMs) -> PortFuture<'_, u64> {
        self.db.write(move |tx| Ok(tx.prepare_cached(PURGE)?.execute([now.0])? as u64))
    }
}

fn find(tx: &Transaction<'_>, hash: TokenHash) -> Result<Option<ResetLink>, Failure> {
    tx.prepare_cached(FIND)?.query_row([hash], |row| Ok(parse(row))).optional()?.transpose()
}

fn parse(row: &Row<'_>) -> Result<ResetLink, Failure> {
    Ok(ResetLink {
        hash: row.get("hash")?,
        user: row.get::<_, IdBytes>("user_id")?.id(),
        expires_at: instant(row, "expires_ms")?,
    })
}
