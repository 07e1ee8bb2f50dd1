//! Sessions: one row per person and device while it lives, and its bare identity for a while after.

use dayline_app::ports::{CredentialId, PortFuture, Sessions, SignOut, StartSession, Started};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::{DeviceId, Session, SessionId, UserId, UtcMs};
use rusqlite::{OptionalExtension, Params, Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::values::{IdBytes, instant};
use crate::{api_keys, device_logins, users};

const INSERT: &str = "
    INSERT INTO sessions (id, user_number, device_id, device_name, address, created_ms, last_used_ms, generation,
                          token_hash, issued_ms, previous_issued_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const FIND: &str = "
    SELECT s.*, u.id AS user_id FROM sessions s JOIN users u ON u.number = s.user_number WHERE s.id = ?1";
const LIST: &str = "
    SELECT s.*, u.id AS user_id FROM users u JOIN sessions s ON s.user_number = u.number WHERE u.id = ?1
    ORDER BY s.last_used_ms DESC, s.id DESC";
const ROTATE: &str = "
    UPDATE sessions
    SET generation = ?4, token_hash = ?5, issued_ms = ?6, previous_issued_ms = ?7, last_used_ms = ?8, address = ?9
    WHERE id = ?1 AND user_number = (SELECT number FROM users WHERE id = ?2) AND generation = ?3";
const END_DEVICE: &str = "DELETE FROM sessions WHERE user_number = ?1 AND device_id = ?2 RETURNING id";
const END_SURPLUS: &str = "
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE user_number = ?1 ORDER BY last_used_ms DESC, id DESC LIMIT -1 OFFSET ?2)
    RETURNING id";
const END_ONE: &str = "
    DELETE FROM sessions WHERE id = ?2 AND user_number = (SELECT number FROM users WHERE id = ?1) RETURNING id";
const END_ALL: &str = "DELETE FROM sessions WHERE user_number = ?1 AND id IS NOT ?2 RETURNING id";
const REMEMBER: &str = "INSERT OR REPLACE INTO ended_sessions (id, ended_ms) VALUES (?1, ?2)";
const ENDED_SINCE: &str = "SELECT id FROM ended_sessions WHERE ended_ms >= ?1";
const FORGET_ENDED: &str = "DELETE FROM ended_sessions WHERE ended_ms < ?1";
const DELETE_EXPIRED: &str = "DELETE FROM sessions WHERE last_used_ms < ?1 OR created_ms < ?2";

impl Sessions for SqliteStore {
    fn start(&self, start: StartSession) -> PortFuture<'_, Started> {
        self.db.write(move |tx| {
            let StartSession { session, checked_against, code, max_per_user } = start;
            let Some((user, password)) = users::number_and_password(tx, session.user)? else {
                return Ok(Started::Refused);
            };
            if checked_against.is_some_and(|checked| checked != password) {
                return Ok(Started::Refused);
            }
            if let Some(code) = code
                && !device_logins::use_up(tx, &code)?
            {
                return Ok(Started::Refused);
            }
            let now = session.created_at;
            let mut ended = end(tx, now, END_DEVICE, params![user, session.device.as_str()])?;
            let room = i64::try_from(max_per_user.saturating_sub(1)).unwrap_or(i64::MAX);
            ended.extend(end(tx, now, END_SURPLUS, params![user, room])?);
            insert(tx, user, &session)?;
            Ok(Started::Started { ended })
        })
    }

    fn find(&self, id: SessionId) -> PortFuture<'_, Option<Session>> {
        self.db.read(move |tx| {
            tx.prepare_cached(FIND)?
                .query_row([IdBytes::from(id)], |row| Ok(parse(row)))
                .optional()?
                .transpose()
        })
    }

    fn rotate(&self, from: Generation, to: Session) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let rotated = tx.prepare_cached(ROTATE)?.execute(params![
                IdBytes::from(to.id),
                IdBytes::from(to.user),
                from.0,
                to.generation.0,
                to.token_hash,
                to.issued_at.0,
                to.previous_issued_at.0,
                to.last_used_at.0,
                to.address,
            ])?;
            Ok(rotated == 1)
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<Session>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map([IdBytes::from(user)], |row| Ok(parse(row)))?;
            rows.map(|session| session?).collect()
        })
    }

    fn end(&self, user: UserId, id: SessionId, now: UtcMs) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let ended = end(tx, now, END_ONE, [IdBytes::from(user), IdBytes::from(id)])?;
            Ok(!ended.is_empty())
        })
    }

    fn end_all(&self, user: UserId, asked: SignOut) -> PortFuture<'_, Vec<CredentialId>> {
        self.db.write(move |tx| match users::number_of(tx, user)? {
            Some(user) => sign_out(tx, user, asked),
            None => Ok(Vec::new()),
        })
    }

    fn ended_since(&self, since: UtcMs) -> PortFuture<'_, Vec<SessionId>> {
        self.db.read(move |tx| Ok(ids(tx, ENDED_SINCE, [since.0])?))
    }

    fn purge(&self, ended_before: UtcMs, idle_before: UtcMs, created_before: UtcMs) -> PortFuture<'_, u64> {
        self.db.write(move |tx| {
            tx.prepare_cached(FORGET_ENDED)?.execute([ended_before.0])?;
            Ok(tx.prepare_cached(DELETE_EXPIRED)?.execute([idle_before.0, created_before.0])? as u64)
        })
    }
}

/// Ends a person's credentials. Codes go with the session that approved them, by a foreign key.
pub(crate) fn sign_out(
    tx: &Transaction<'_>,
    user: i64,
    asked: SignOut,
) -> Result<Vec<CredentialId>, Failure> {
    let sessions = end(tx, asked.at, END_ALL, params![user, asked.keep.map(IdBytes::from)])?;
    let keys = if asked.api_keys { api_keys::delete_all(tx, user)? } else { Vec::new() };
    let keys = keys.into_iter().map(CredentialId::Key);
    Ok(sessions.into_iter().map(CredentialId::Session).chain(keys).collect())
}

/// Deletes the sessions that a statement picks and remembers that they ended.
fn end(
    tx: &Transaction<'_>,
    now: UtcMs,
    statement: &str,
    of: impl Params,
) -> Result<Vec<SessionId>, Failure> {
    let ended = ids(tx, statement, of)?;
    let mut remember = tx.prepare_cached(REMEMBER)?;
    for id in &ended {
        remember.execute(params![IdBytes::from(*id), now.0])?;
    }
    Ok(ended)
}

fn ids(tx: &Transaction<'_>, statement: &str, of: impl Params) -> rusqlite::Result<Vec<SessionId>> {
    let mut statement = tx.prepare_cached(statement)?;
    let rows = statement.query_map(of, |row| Ok(row.get::<_, IdBytes>(0)?.id()))?;
    rows.collect()
}

fn insert(tx: &Transaction<'_>, user: i64, session: &Session) -> Result<(), Failure> {
    tx.prepare_cached(INSERT)?.execute(params![
        IdBytes::from(session.id),
        user,
        session.device.as_str(),
        session.device_name.as_ref().map(Label::as_str),
        session.address,
        session.created_at.0,
        session.last_used_at.0,
        session.generation.0,
        session.token_hash,
        session.issued_at.0,
        session.previous_issued_at.0,
    ])?;
    Ok(())
}

fn parse(row: &Row<'_>) -> Result<Session, Failure> {
    let device: String = row.get("device_id")?;
    let device_name: Option<String> = row.get("device_name")?;
    let device_name = device_name.as_deref().map(Label::new).transpose();
    Ok(Session {
        id: row.get::<_, IdBytes>("id")?.id(),
        user: row.get::<_, IdBytes>("user_id")?.id(),
        device: DeviceId::new(&device).map_err(|why| Failure::corrupt("a stored device", why))?,
        device_name: device_name.map_err(|why| Failure::corrupt("a stored device name", why))?,
        address: row.get("address")?,
        created_at: instant(row, "created_ms")?,
        last_used_at: instant(row, "last_used_ms")?,
        generation: Generation(row.get("generation")?),
        token_hash: row.get("token_hash")?,
        issued_at: instant(row, "issued_ms")?,
        previous_issued_at: instant(row, "previous_issued_ms")?,
    })
}
