//! Sessions. A sign-in locks its person, so that sign-ins, password changes and erasures of one
//! person come one after another; everything else is one statement.

use dayline_app::ports::{CredentialId, PortError, PortFuture, Sessions, SignOut, StartSession, Started};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::session::Generation;
use dayline_domain::{DeviceId, Session, SessionId, UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::api_keys::delete_all;
use crate::db::{Param, Transaction};
use crate::device_logins::use_up;
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{Timestamp, column, hash_column, id_column, time_column, u32_column, uuid};

const SELECT: &str =
    "SELECT sessions.*, users.uuid AS user_uuid FROM sessions JOIN users ON users.id = user_id";

/// Ends sessions: what `{which}` selects of them. The ended ones are remembered for the other
/// nodes.
const END: &str = "WITH gone AS (DELETE FROM sessions WHERE {which} RETURNING id)
INSERT INTO ended_sessions (id, ended_at) SELECT id, $1 FROM gone
ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at
RETURNING id";

impl Sessions for PgStore {
    fn start(&self, start: StartSession) -> PortFuture<'_, Started> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = start_session(&mut transaction, start).await;
            transaction.finish(outcome).await
        })
    }

    fn find(&self, id: SessionId) -> PortFuture<'_, Option<Session>> {
        Box::pin(async move {
            let sql = format!("{SELECT} WHERE sessions.id = $1");
            let rows = self.primary().await?.query(&sql, &[(&uuid(id), Type::UUID)]).await?;
            rows.first().map(session).transpose()
        })
    }

    fn rotate(&self, from: Generation, to: Session) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql =
                "UPDATE sessions SET device_name = $3, address = $4, last_used_at = $5, generation = $6,
                         token_hash = $7, issued_at = $8, previous_issued_at = $9
                       WHERE id = $1 AND generation = $2";
            let values = Values::of(&to);
            let from = i64::from(from.0);
            let mut params = vec![(&values.id as _, Type::UUID), (&from as _, Type::INT8)];
            params.extend(values.changing());
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<Session>> {
        Box::pin(async move {
            let sql = format!("{SELECT} WHERE users.uuid = $1 ORDER BY last_used_at DESC, sessions.id DESC");
            let rows = self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(session).collect()
        })
    }

    fn end(&self, user: UserId, id: SessionId, now: UtcMs) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = END.replace(
                "{which}",
                "id = $2 AND user_id = (SELECT users.id FROM users WHERE users.uuid = $3)",
            );
            let params: [Param<'_>; 3] =
                [(&Timestamp(now), Type::TIMESTAMPTZ), (&uuid(id), Type::UUID), (&uuid(user), Type::UUID)];
            Ok(!self.primary().await?.query(&sql, &params).await?.is_empty())
        })
    }

    fn end_all(&self, user: UserId, asked: SignOut) -> PortFuture<'_, Vec<CredentialId>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = end_all(&mut transaction, user, asked).await;
            transaction.finish(outcome).await
        })
    }

    fn ended_since(&self, since: UtcMs) -> PortFuture<'_, Vec<SessionId>> {
        Box::pin(async move {
            let sql = "SELECT id FROM ended_sessions WHERE ended_at >= $1";
            let rows = self.primary().await?.query(sql, &[(&Timestamp(since), Type::TIMESTAMPTZ)]).await?;
            ended(&rows)
        })
    }

    fn purge(&self, ended_before: UtcMs, idle_before: UtcMs, created_before: UtcMs) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = purge(&mut transaction, ended_before, idle_before, created_before).await;
            transaction.finish(outcome).await
        })
    }
}

async fn purge(
    transaction: &mut Transaction,
    ended_before: UtcMs,
    idle_before: UtcMs,
    created_before: UtcMs,
) -> Result<u64, PortError> {
    let ended: [Param<'_>; 1] = [(&Timestamp(ended_before), Type::TIMESTAMPTZ)];
    transaction.execute("DELETE FROM ended_sessions WHERE ended_at < $1", &ended).await?;
    let unused: [Param<'_>; 2] =
        [(&Timestamp(idle_before), Type::TIMESTAMPTZ), (&Timestamp(created_before), Type::TIMESTAMPTZ)];
    transaction.execute("DELETE FROM sessions WHERE last_used_at < $1 OR created_at < $2", &unused).await
}

async fn start_session(transaction: &mut Transaction, start: StartSession) -> Result<Started, PortError> {
    let StartSession { session, checked_against, code, max_per_user } = start;
    let sql = "SELECT id, password_hash FROM users WHERE uuid = $1 AND disabled_at IS NULL FOR NO KEY UPDATE";
    let rows = transaction.query(sql, &[(&uuid(session.user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Started::Refused) };
    let stored: &str = column(row, "password_hash")?;
    if checked_against.is_some_and(|checked| checked.0 != stored) {
        return Ok(Started::Refused);
    }
    if let Some(code) = code
        && !use_up(transaction, &code).await?
    {
        return Ok(Started::Refused);
    }
    let user: i64 = column(row, "id")?;
    let ended = make_room(transaction, user, &session, max_per_user).await?;
    let values = Values::of(&session);
    let sql = "INSERT INTO sessions (id, user_id, device_name, address, last_used_at, generation, token_hash,
                 issued_at, previous_issued_at, device_id, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let mut params = vec![(&values.id as _, Type::UUID), (&user as _, Type::INT8)];
    params.extend(values.changing());
    params.push((&values.device, Type::TEXT));
    params.push((&values.created_at, Type::TIMESTAMPTZ));
    transaction.execute(sql, &params).await?;
    Ok(Started::Started { ended })
}

/// Ends the device's former session, and those used longest ago beyond the bound.
async fn make_room(
    transaction: &mut Transaction,
    user: i64,
    session: &Session,
    max_per_user: usize,
) -> Result<Vec<SessionId>, PortError> {
    let sql = END.replace(
        "{which}",
        "user_id = $2 AND (device_id = $3 OR id IN (
           SELECT id FROM sessions WHERE user_id = $2 AND device_id <> $3
           ORDER BY last_used_at DESC, id DESC OFFSET $4))",
    );
    let room = i64::try_from(max_per_user.saturating_sub(1)).unwrap_or(i64::MAX);
    let params: [Param<'_>; 4] = [
        (&Timestamp(session.created_at), Type::TIMESTAMPTZ),
        (&user, Type::INT8),
        (&session.device.as_str(), Type::TEXT),
        (&room, Type::INT8),
    ];
    ended(&transaction.query(&sql, &params).await?)
}

async fn end_all(
    transaction: &mut Transaction,
    user: UserId,
    asked: SignOut,
) -> Result<Vec<CredentialId>, PortError> {
    // A sign-in by code that is under way goes first, and its session ends with the others.
    let sql = "SELECT id FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let rows = transaction.query(sql, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    sign_out(transaction, column(row, "id")?, asked).await
}

/// Ends credentials of a person, whose row is locked. Codes go with the session that approved them,
/// by a foreign key.
pub(crate) async fn sign_out(
    transaction: &mut Transaction,
    user: i64,
    asked: SignOut,
) -> Result<Vec<CredentialId>, PortError> {
    let sql = END.replace("{which}", "user_id = $2 AND id IS DISTINCT FROM $3");
    let params: [Param<'_>; 3] =
        [(&Timestamp(asked.at), Type::TIMESTAMPTZ), (&user, Type::INT8), (&asked.keep.map(uuid), Type::UUID)];
    let sessions = ended(&transaction.query(&sql, &params).await?)?;
    let keys = if asked.api_keys { delete_all(transaction, user).await? } else { Vec::new() };
    let keys = keys.into_iter().map(CredentialId::Key);
    Ok(sessions.into_iter().map(CredentialId::Session).chain(keys).collect())
}

fn ended(rows: &[Row]) -> Result<Vec<SessionId>, PortError> {
    rows.iter().map(|row| id_column(row, "id")).collect()
}

/// A session as parameters.
struct Values<'a> {
    id: Uuid,
    device: &'a str,
    device_name: Option<&'a str>,
    address: Option<&'a str>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    generation: i64,
    token_hash: &'a [u8],
    issued_at: Timestamp,
    previous_issued_at: Timestamp,
}

impl<'a> Values<'a> {
    fn of(session: &'a Session) -> Self {
        Self {
            id: uuid(session.id),
            device: session.device.as_str(),
            device_name: session.device_name.as_ref().map(Label::as_str),
            address: session.address.as_deref(),
            created_at: Timestamp(session.created_at),
            last_used_at: Timestamp(session.last_used_at),
            generation: i64::from(session.generation.0),
            token_hash: &session.token_hash,
            issued_at: Timestamp(session.issued_at),
            previous_issued_at: Timestamp(session.previous_issued_at),
        }
    }

    /// Device name, address, last use, generation, hash, issue, issue before.
    fn changing(&self) -> [Param<'_>; 7] {
        [
            (&self.device_name, Type::TEXT),
            (&self.address, Type::TEXT),
            (&self.last_used_at, Type::TIMESTAMPTZ),
            (&self.generation, Type::INT8),
            (&self.token_hash, Type::BYTEA),
            (&self.issued_at, Type::TIMESTAMPTZ),
            (&self.previous_issued_at, Type::TIMESTAMPTZ),
        ]
    }
}

fn session(row: &Row) -> Result<Session, PortError> {
    let name: Option<&str> = column(row, "device_name")?;
    Ok(Session {
        id: id_column(row, "id")?,
        user: id_column(row, "user_uuid")?,
        device: DeviceId::new(column(row, "device_id")?).map_err(|error| corrupt("device_id", error))?,
        device_name: name.map(Label::new).transpose().map_err(|error| corrupt("device_name", error))?,
        address: column::<Option<&str>>(row, "address")?.map(Into::into),
        created_at: time_column(row, "created_at")?,
        last_used_at: time_column(row, "last_used_at")?,
        generation: Generation(u32_column(row, "generation")?),
        token_hash: hash_column(row, "token_hash")?,
        issued_at: time_column(row, "issued_at")?,
        previous_issued_at: time_column(row, "previous_issued_at")?,
    })
}
