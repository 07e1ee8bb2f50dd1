//! Accounts. What has to be one with the sessions (a new password, the erasure of a person) locks
//! the person first.

use dayline_app::ports::{
    Accounts, CreateUser, CredentialId, PasswordHash, PortError, PortFuture, ProfileChange, SignOut,
    UpdateProfile, User,
};
use dayline_domain::{Email, FullName, UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{Param, Statement, Transaction};
use crate::error::{corrupt, is_duplicate, port_error};
use crate::sessions::sign_out;
use crate::store::PgStore;
use crate::values::{Timestamp, column, id_column, optional_time, time_column, uuid};

const COLUMNS: &str = "uuid, email, password_hash, full_name, timezone, created_at, updated_at, disabled_at";

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The ledger's tables with rows of people, days first.
const OF_THE_LEDGER: [&str; 7] =
    ["ledger_days", "pieces", "observations", "first_pieces", "first_outranked", "names", "corrections"];

impl Accounts for PgStore {
    fn create(&self, user: User, password: PasswordHash) -> PortFuture<'_, CreateUser> {
        Box::pin(async move {
            let sql = format!(
                "INSERT INTO users ({COLUMNS}, email_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (email_key) DO NOTHING"
            );
            let params: [Param<'_>; 9] = [
                (&uuid(user.id), Type::UUID),
                (&user.email.as_str(), Type::TEXT),
                (&password.0, Type::TEXT),
                (&user.full_name.as_str(), Type::TEXT),
                (&user.timezone, Type::TEXT),
                (&Timestamp(user.created_at), Type::TIMESTAMPTZ),
                (&Timestamp(user.updated_at), Type::TIMESTAMPTZ),
                (&user.disabled_at.map(Timestamp), Type::TIMESTAMPTZ),
                (&user.email.key(), Type::TEXT),
            ];
            match self.primary().await?.execute(&sql, &params).await? {
                0 => Ok(CreateUser::EmailTaken),
                _ => Ok(CreateUser::Created),
            }
        })
    }

    fn find(&self, id: UserId) -> PortFuture<'_, Option<User>> {
        Box::pin(async move {
            let sql = format!("SELECT {COLUMNS} FROM users WHERE uuid = $1");
            let rows = self.primary().await?.query(&sql, &[(&uuid(id), Type::UUID)]).await?;
            rows.first().map(user).transpose()
        })
    }

    fn find_by_email(&self, email: Email) -> PortFuture<'_, Option<(User, PasswordHash)>> {
        Box::pin(async move {
            let sql = format!("SELECT {COLUMNS} FROM users WHERE email_key = $1");
            let rows = self.primary().await?.query(&sql, &[(&email.key(), Type::TEXT)]).await?;
            rows.first().map(|row| Ok((user(row)?, password(row)?))).transpose()
        })
    }

    fn list(&self, after: Option<UserId>, limit: usize) -> PortFuture<'_, Vec<User>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM users WHERE $1::uuid IS NULL OR uuid > $1 ORDER BY uuid LIMIT $2"
            );
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params: [Param<'_>; 2] = [(&after.map(uuid), Type::UUID), (&limit, Type::INT8)];
            let rows = self.primary().await?.query(&sql, &params).await?;
            rows.iter().map(user).collect()
        })
    }

    fn password_of(&self, id: UserId) -> PortFuture<'_, Option<PasswordHash>> {
        Box::pin(async move {
            let sql = "SELECT password_hash FROM users WHERE uuid = $1";
            let rows = self.primary().await?.query(sql, &[(&uuid(id), Type::UUID)]).await?;
            rows.first().map(password).transpose()
        })
    }

    fn sample_hashes(&self) -> PortFuture<'_, Vec<PasswordHash>> {
        Box::pin(async move {
            // Salt and hash are cut off: what is left of a PHC string are its parameters.
            let sql = "SELECT min(password_hash) AS password_hash FROM users
                       GROUP BY rtrim(rtrim(rtrim(password_hash, $1), '$'), $1)";
            let rows = self.primary().await?.query(sql, &[(&BASE64, Type::TEXT)]).await?;
            rows.iter().map(password).collect()
        })
    }

    fn update_profile(&self, id: UserId, change: ProfileChange, now: UtcMs) -> PortFuture<'_, UpdateProfile> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = update_profile(&mut transaction, id, change, now).await;
            transaction.finish(outcome).await
        })
    }

    fn rehash_password(&self, id: UserId, from: PasswordHash, to: PasswordHash) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "UPDATE users SET password_hash = $3 WHERE uuid = $1 AND password_hash = $2";
            let params: [Param<'_>; 3] =
                [(&uuid(id), Type::UUID), (&from.0, Type::TEXT), (&to.0, Type::TEXT)];
            Ok(self.primary().await?.execute(sql, &params).await? > 0)
        })
    }

    fn change_password(
        &self,
        id: UserId,
        from: Option<PasswordHash>,
        to: PasswordHash,
        asked: SignOut,
    ) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let from = from.map(|from| from.0);
            let outcome = change_password(&mut transaction, id, from, to, asked).await;
            transaction.finish(outcome).await
        })
    }

    fn disable(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = disable(&mut transaction, id, now).await;
            transaction.finish(outcome).await
        })
    }

    fn enable(&self, id: UserId) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "UPDATE users SET disabled_at = NULL WHERE uuid = $1";
            Ok(self.primary().await?.execute(sql, &[(&uuid(id), Type::UUID)]).await? > 0)
        })
    }

    fn delete(&self, id: UserId, now: UtcMs) -> PortFuture<'_, Option<Vec<CredentialId>>> {
        Box::pin(async move {
            self.primary().await?;
            // Years of pieces may take longer than any other call is allowed to.
            let mut transaction = self.patient().begin().await?;
            let outcome = delete(&mut transaction, id, now).await;
            transaction.finish(outcome).await
        })
    }
}

async fn update_profile(
    transaction: &mut Transaction,
    id: UserId,
    change: ProfileChange,
    now: UtcMs,
) -> Result<UpdateProfile, PortError> {
    let ProfileChange { full_name, timezone, email } = change;
    let email = email.as_ref();
    let sql = "UPDATE users SET full_name = coalesce($2, full_name), timezone = coalesce($3, timezone),
                 updated_at = $4, email = coalesce($5, email), email_key = coalesce($6, email_key)
               WHERE uuid = $1 AND password_hash = coalesce($7, password_hash)";
    let (id, now) = (uuid(id), Timestamp(now));
    let full_name = full_name.as_ref().map(FullName::as_str);
    let to = email.map(|email| email.to.as_str());
    let key = email.map(|email| email.to.key());
    let password = email.map(|email| email.password.0.as_str());
    let params: Vec<Param<'_>> = vec![
        (&id, Type::UUID),
        (&full_name, Type::TEXT),
        (&timezone, Type::TEXT),
        (&now, Type::TIMESTAMPTZ),
        (&to, Type::TEXT),
        (&key, Type::TEXT),
        (&password, Type::TEXT),
    ];
    let update = [Statement { sql: sql.into(), params }];
    // Whether the address is free is for the index to say: two may want it at the same time.
    match transaction.execute_all(&update).await?.pop() {
        Some(Ok(1)) => {}
        Some(Err(error)) if is_duplicate(&error) => return Ok(UpdateProfile::EmailTaken),
        Some(Err(error)) => return Err(port_error(&error)),
        _ => return Ok(UpdateProfile::NotTheirs),
    }
    let found = format!("SELECT {COLUMNS} FROM users WHERE uuid = $1");
    let rows = transaction.query(&found, &[(&id, Type::UUID)]).await?;
    rows.first().map_or(Ok(UpdateProfile::NotTheirs), |row| user(row).map(UpdateProfile::Updated))
}

/// The row stays locked: a sign-in that is under way waits, and is refused, or its session ends.
async fn disable(
    transaction: &mut Transaction,
    id: UserId,
    now: UtcMs,
) -> Result<Option<Vec<CredentialId>>, PortError> {
    let sql = "UPDATE users SET disabled_at = coalesce(disabled_at, $2) WHERE uuid = $1 RETURNING id";
    let params: [Param<'_>; 2] = [(&uuid(id), Type::UUID), (&Timestamp(now), Type::TIMESTAMPTZ)];
    let rows = transaction.query(sql, &params).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let asked = SignOut { keep: None, api_keys: false, at: now };
    sign_out(transaction, column(row, "id")?, asked).await.map(Some)
}

/// Sets a password. A link to a new one is good no more.
pub(crate) async fn change_password(
    transaction: &mut Transaction,
    id: UserId,
    from: Option<String>,
    to: PasswordHash,
    asked: SignOut,
) -> Result<Option<Vec<CredentialId>>, PortError> {
    // The row stays locked: a sign-in that was checked against the old password waits, and is
    // refused.
    let sql = "UPDATE users SET password_hash = $3, updated_at = $4
               WHERE uuid = $1 AND password_hash = coalesce($2, password_hash)
               RETURNING id";
    let params: [Param<'_>; 4] = [
        (&uuid(id), Type::UUID),
        (&from, Type::TEXT),
        (&to.0, Type::TEXT),
        (&Timestamp(asked.at), Type::TIMESTAMPTZ),
    ];
    let rows = transaction.query(sql, &params).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let number: i64 = column(row, "id")?;
    transaction.execute("DELETE FROM reset_links WHERE user_id = $1", &[(&number, Type::INT8)]).await?;
    sign_out(transaction, number, asked).await.map(Some)
}

/// Erases a person. The lock on their row comes first, then their days, then their pieces: a commit
/// that is under way is waited for at the days, and one that comes later finds no days or nobody to
/// make them for.
async fn delete(
    transaction: &mut Transaction,
    id: UserId,
    now: UtcMs,
) -> Result<Option<Vec<CredentialId>>, PortError> {
    let person = [(&uuid(id) as _, Type::UUID)];
    let found = transaction.query("SELECT id FROM users WHERE uuid = $1 FOR UPDATE", &person).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let number: i64 = column(row, "id")?;
    let asked = SignOut { keep: None, api_keys: true, at: now };
    let ended = sign_out(transaction, number, asked).await?;
    let number = [(&number as _, Type::INT8)];
    for table in OF_THE_LEDGER {
        transaction.execute(&format!("DELETE FROM {table} WHERE user_id = $1"), &number).await?;
    }
    transaction.execute("DELETE FROM dead_pings WHERE user_uuid = $1", &person).await?;
    // Takes what refers to it along: waiting devices, the audit log.
    transaction.execute("DELETE FROM users WHERE id = $1", &number).await?;
    Ok(Some(ended))
}

fn user(row: &Row) -> Result<User, PortError> {
    Ok(User {
        id: id_column(row, "uuid")?,
        email: Email::new(column(row, "email")?).map_err(|error| corrupt("e-mail", error))?,
        full_name: FullName::new(column(row, "full_name")?).map_err(|error| corrupt("full_name", error))?,
        timezone: column(row, "timezone")?,
        created_at: time_column(row, "created_at")?,
        updated_at: time_column(row, "updated_at")?,
        disabled_at: optional_time(row, "disabled_at")?,
    })
}

fn password(row: &Row) -> Result<PasswordHash, PortError> {
    column(row, "password_hash").map(PasswordHash)
}
