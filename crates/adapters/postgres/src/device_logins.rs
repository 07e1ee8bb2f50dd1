//! Devices that wait to be signed in by a code; each changed by compare-and-set on its revision.

use dayline_app::ports::{DeviceLogins, PortError, PortFuture};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{Approval, DeviceLogin, UserCode};
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{DeviceId, SessionId, UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{Timestamp, column, hash_column, optional_time, time_column, u32_column, uuid};

const SELECT: &str =
    "SELECT device_code, user_code, device_id, device_name, address, device_logins.created_at, denied,
  users.uuid AS approved_by, approved_in, interval_s, polled_at, revision
FROM device_logins LEFT JOIN users ON users.id = approved_by";

/// Deletes a request if it still has the revision.
const USE_UP: &str = "DELETE FROM device_logins WHERE device_code = $1 AND revision = $2";

/// Deletes the request if it is still the same.
pub(crate) async fn use_up(transaction: &mut Transaction, login: &DeviceLogin) -> Result<bool, PortError> {
    let revision = i64::from(login.revision);
    let params: [Param<'_>; 2] = [(&&login.device_code[..], Type::BYTEA), (&revision, Type::INT8)];
    Ok(transaction.execute(USE_UP, &params).await? > 0)
}

impl DeviceLogins for PgStore {
    fn create(&self, login: DeviceLogin) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let sql = "INSERT INTO device_logins (device_code, user_code, device_id, device_name, address, created_at,
                         denied, approved_by, approved_in, interval_s, polled_at, revision)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM users WHERE uuid = $8), $9, $10, $11, $12)
                       ON CONFLICT (user_code) DO NOTHING";
            let values = Values::of(&login);
            Ok(self.primary().await?.execute(sql, &values.all()).await? > 0)
        })
    }

    fn find_by_user_code(&self, code: UserCode) -> PortFuture<'_, Option<DeviceLogin>> {
        Box::pin(async move {
            let sql = format!("{SELECT} WHERE user_code = $1");
            let rows = self.primary().await?.query(&sql, &[(&code.to_string(), Type::TEXT)]).await?;
            rows.first().map(device_login).transpose()
        })
    }

    fn find_by_device_code(&self, code: TokenHash) -> PortFuture<'_, Option<DeviceLogin>> {
        Box::pin(async move {
            let sql = format!("{SELECT} WHERE device_code = $1");
            let rows = self.primary().await?.query(&sql, &[(&&code[..], Type::BYTEA)]).await?;
            rows.first().map(device_login).transpose()
        })
    }

    fn replace(&self, from: DeviceLogin, to: Option<DeviceLogin>) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let server = self.primary().await?;
            let revision = i64::from(from.revision);
            let Some(to) = to else {
                let params: [Param<'_>; 2] = [(&&from.device_code[..], Type::BYTEA), (&revision, Type::INT8)];
                return Ok(server.execute(USE_UP, &params).await? > 0);
            };
            // The lock makes an end that is under way decide first whether there is still a session
            // that approves.
            let sql = "WITH approver AS MATERIALIZED (
                         SELECT sessions.id, user_id FROM sessions JOIN users ON users.id = user_id
                         WHERE sessions.id = $9 AND users.uuid = $8 FOR KEY SHARE)
                       UPDATE device_logins SET user_code = $2, device_id = $3, device_name = $4, address = $5,
                         created_at = $6, denied = $7, approved_by = (SELECT user_id FROM approver),
                         approved_in = (SELECT id FROM approver), interval_s = $10, polled_at = $11, revision = $12
                       WHERE device_code = $1 AND revision = $13
                         AND ($8 IS NULL OR EXISTS (SELECT FROM approver))";
            let values = Values::of(&to);
            let mut params = values.all();
            params.push((&revision, Type::INT8));
            Ok(server.execute(sql, &params).await? > 0)
        })
    }

    fn purge(&self, created_before: UtcMs) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let sql = "DELETE FROM device_logins WHERE created_at < $1";
            self.primary().await?.execute(sql, &[(&Timestamp(created_before), Type::TIMESTAMPTZ)]).await
        })
    }
}

/// A request as parameters.
struct Values<'a> {
    device_code: &'a [u8],
    user_code: String,
    device: &'a str,
    device_name: Option<&'a str>,
    address: Option<&'a str>,
    created_at: Timestamp,
    denied: bool,
    approved_by: Option<Uuid>,
    approved_in: Option<Uuid>,
    interval_s: i64,
    polled_at: Option<Timestamp>,
    revision: i64,
}

impl<'a> Values<'a> {
    fn of(login: &'a DeviceLogin) -> Self {
        let approver = match login.approval {
            Approval::Approved { user, session } => Some((uuid(user), uuid(session))),
            Approval::Pending | Approval::Denied => None,
        };
        Self {
            device_code: &login.device_code,
            user_code: login.user_code.to_string(),
            device: login.device.as_str(),
            device_name: login.device_name.as_ref().map(Label::as_str),
            address: login.address.as_deref(),
            created_at: Timestamp(login.created_at),
            denied: login.approval == Approval::Denied,
            approved_by: approver.map(|(user, _)| user),
            approved_in: approver.map(|(_, session)| session),
            interval_s: i64::from(login.interval_s),
            polled_at: login.polled_at.map(Timestamp),
            revision: i64::from(login.revision),
        }
    }

    fn all(&self) -> Vec<Param<'_>> {
        vec![
            (&self.device_code, Type::BYTEA),
            (&self.user_code, Type::TEXT),
            (&self.device, Type::TEXT),
            (&self.device_name, Type::TEXT),
            (&self.address, Type::TEXT),
            (&self.created_at, Type::TIMESTAMPTZ),
            (&self.denied, Type::BOOL),
            (&self.approved_by, Type::UUID),
            (&self.approved_in, Type::UUID),
            (&self.interval_s, Type::INT8),
            (&self.polled_at, Type::TIMESTAMPTZ),
            (&self.revision, Type::INT8),
        ]
    }
}

fn device_login(row: &Row) -> Result<DeviceLogin, PortError> {
    let name: Option<&str> = column(row, "device_name")?;
    let approved_by: Option<Uuid> = column(row, "approved_by")?;
    let approved_in: Option<Uuid> = column(row, "approved_in")?;
    let approval = match (approved_by, approved_in) {
        (Some(user), Some(session)) => Approval::Approved {
            user: UserId::from_bits(user.as_u128()),
            session: SessionId::from_bits(session.as_u128()),
        },
        // Approved by a process of the release before, which did not say in which session.
        (Some(_), None) => Approval::Denied,
        (None, _) if column(row, "denied")? => Approval::Denied,
        (None, _) => Approval::Pending,
    };
    Ok(DeviceLogin {
        device_code: hash_column(row, "device_code")?,
        user_code: UserCode::parse(column(row, "user_code")?)
            .ok_or_else(|| corrupt("user_code", "not a code"))?,
        device: DeviceId::new(column(row, "device_id")?).map_err(|error| corrupt("device_id", error))?,
        device_name: name.map(Label::new).transpose().map_err(|error| corrupt("device_name", error))?,
        address: column::<Option<&str>>(row, "address")?.map(Into::into),
        created_at: time_column(row, "created_at")?,
        approval,
        interval_s: u32_column(row, "interval_s")?,
        polled_at: optional_time(row, "polled_at")?,
        revision: u32_column(row, "revision")?,
    })
}
