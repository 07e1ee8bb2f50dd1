//! Devices that wait to be signed in by a code, each one row, changed by compare-and-set on its
//! revision.

use dayline_app::ports::{DeviceLogins, PortFuture};
use dayline_domain::identity::account::Label;
use dayline_domain::identity::device_login::{Approval, DeviceLogin, UserCode};
use dayline_domain::identity::session::TokenHash;
use dayline_domain::{DeviceId, UtcMs};
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::values::{IdBytes, instant};

const INSERT: &str = "
    INSERT INTO device_logins (device_code, user_code, device_id, device_name, address, created_ms, denied, approved_by,
                               approved_in, interval_s, polled_ms, revision)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (user_code) DO NOTHING";
const FIND_BY_USER_CODE: &str = "
    SELECT d.*, u.id AS approver FROM device_logins d LEFT JOIN users u ON u.number = d.approved_by
    WHERE d.user_code = ?1";
const FIND_BY_DEVICE_CODE: &str = "
    SELECT d.*, u.id AS approver FROM device_logins d LEFT JOIN users u ON u.number = d.approved_by
    WHERE d.device_code = ?1";
const REPLACE: &str = "
    UPDATE device_logins
    SET denied = ?3, approved_by = ?4, approved_in = ?5, interval_s = ?6, polled_ms = ?7, revision = ?8
    WHERE device_code = ?1 AND revision = ?2";
const APPROVER: &str = "
    SELECT u.number FROM sessions s JOIN users u ON u.number = s.user_number WHERE s.id = ?1 AND u.id = ?2";
const DELETE: &str = "DELETE FROM device_logins WHERE device_code = ?1 AND revision = ?2";
const PURGE: &str = "DELETE FROM device_logins WHERE created_ms < ?1";

impl DeviceLogins for SqliteStore {
    fn create(&self, login: DeviceLogin) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(said) = columns_of(tx, login.approval)? else { return Ok(false) };
            let created = tx.prepare_cached(INSERT)?.execute(params![
                login.device_code,
                login.user_code.to_string(),
                login.device.as_str(),
                login.device_name.as_ref().map(Label::as_str),
                login.address,
                login.created_at.0,
                said.denied,
                said.approved_by,
                said.approved_in,
                login.interval_s,
                login.polled_at.map(|at| at.0),
                login.revision,
            ])?;
            Ok(created == 1)
        })
    }

    fn find_by_user_code(&self, code: UserCode) -> PortFuture<'_, Option<DeviceLogin>> {
        self.db.read(move |tx| find(tx, FIND_BY_USER_CODE, code.to_string()))
    }

    fn find_by_device_code(&self, code: TokenHash) -> PortFuture<'_, Option<DeviceLogin>> {
        self.db.read(move |tx| find(tx, FIND_BY_DEVICE_CODE, code))
    }

    fn replace(&self, from: DeviceLogin, to: Option<DeviceLogin>) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(to) = to else { return Ok(use_up(tx, &from)?) };
            let (code, revision) = (from.device_code, from.revision);
            let Some(said) = columns_of(tx, to.approval)? else { return Ok(false) };
            let replaced = tx.prepare_cached(REPLACE)?.execute(params![
                code,
                revision,
                said.denied,
                said.approved_by,
                said.approved_in,
                to.interval_s,
                to.polled_at.map(|at| at.0),
                to.revision,
            ])?;
            Ok(replaced == 1)
        })
    }

    fn purge(&self, created_before: UtcMs) -> PortFuture<'_, u64> {
        self.db.write(move |tx| Ok(tx.prepare_cached(PURGE)?.execute([created_before.0])? as u64))
    }
}

/// Deletes the request if it is still the same.
pub(crate) fn use_up(tx: &Transaction<'_>, login: &DeviceLogin) -> rusqlite::Result<bool> {
    Ok(tx.prepare_cached(DELETE)?.execute(params![login.device_code, login.revision])? == 1)
}

/// What the person has said, as columns.
#[derive(Default)]
struct Said {
    denied: bool,
    approved_by: Option<i64>,
    approved_in: Option<IdBytes>,
}

/// `None` if the session that approves has ended or is not its person's.
fn columns_of(tx: &Transaction<'_>, approval: Approval) -> rusqlite::Result<Option<Said>> {
    let (user, session) = match approval {
        Approval::Pending => return Ok(Some(Said::default())),
        Approval::Denied => return Ok(Some(Said { denied: true, ..Said::default() })),
        Approval::Approved { user, session } => (user, session),
    };
    let approver = tx
        .prepare_cached(APPROVER)?
        .query_row([IdBytes::from(session), IdBytes::from(user)], |row| row.get(0))
        .optional()?;
    let said = |number| Said { denied: false, approved_by: Some(number), approved_in: Some(session.into()) };
    Ok(approver.map(said))
}

fn find(tx: &Transaction<'_>, statement: &str, code: impl ToSql) -> Result<Option<DeviceLogin>, Failure> {
    tx.prepare_cached(statement)?.query_row([code], |row| Ok(parse(row))).optional()?.transpose()
}

fn parse(row: &Row<'_>) -> Result<DeviceLogin, Failure> {
    let user_code: String = row.get("user_code")?;
    let device: String = row.get("device_id")?;
    let device_name: Option<String> = row.get("device_name")?;
    let device_name = device_name.as_deref().map(Label::new).transpose();
    let approver: Option<IdBytes> = row.get("approver")?;
    let session: Option<IdBytes> = row.get("approved_in")?;
    let approval = match (approver, session, row.get("denied")?) {
        (Some(user), Some(session), _) => Approval::Approved { user: user.id(), session: session.id() },
        (None, _, false) => Approval::Pending,
        (_, _, _) => Approval::Denied,
    };
    Ok(DeviceLogin {
        device_code: row.get("device_code")?,
        user_code: UserCode::parse(&user_code)
            .ok_or_else(|| Failure::Corrupt("a stored user code is none".to_owned()))?,
        device: DeviceId::new(&device).map_err(|why| Failure::corrupt("a stored device", why))?,
        device_name: device_name.map_err(|why| Failure::corrupt("a stored device name", why))?,
        address: row.get("address")?,
        created_at: instant(row, "created_ms")?,
        approval,
        interval_s: row.get("interval_s")?,
        polled_at: row.get::<_, Option<i64>>("polled_ms")?.map(UtcMs),
        revision: row.get("revision")?,
    })
}
