//! The audit log: one row per entry, deleted with its person or when it is old.

use dayline_app::ports::{AuditEvent, AuditKind, AuditLog, PortFuture, StoredAuditEvent};
use dayline_domain::{UserId, UtcMs};
use rusqlite::{Row, Transaction, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::values::{IdBytes, instant};

const APPEND: &str = "
    INSERT INTO audit_events (user_number, at_ms, kind, subject, address)
    SELECT number, ?2, ?3, ?4, ?5 FROM users WHERE id = ?1";
const LIST: &str = "
    SELECT number, at_ms, kind, subject, address FROM audit_events
    WHERE user_number = (SELECT number FROM users WHERE id = ?1) AND number < ?2 ORDER BY number DESC LIMIT ?3";
const PURGE: &str = "DELETE FROM audit_events WHERE at_ms < ?1";

impl AuditLog for SqliteStore {
    fn append(&self, event: AuditEvent) -> PortFuture<'_, ()> {
        let failed = event.kind == AuditKind::SignInFailed;
        let insert = move |tx: &Transaction<'_>| {
            let AuditEvent { user, at, kind, subject, address } = event;
            let row = params![IdBytes::from(user), at.0, kind.name(), subject, address];
            tx.prepare_cached(APPEND)?.execute(row)?;
            Ok(())
        };
        // Waiting for the disk would tell a guesser that there is such a person, and guesses would
        // keep the disk from pings.
        if failed { self.db.write_without_waiting(insert) } else { self.db.write(insert) }
    }

    fn list(&self, user: UserId, before: Option<u64>, limit: usize) -> PortFuture<'_, Vec<StoredAuditEvent>> {
        self.db.read(move |tx| {
            // SQLite never gives numbers as large as those that do not fit.
            let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement
                .query_map(params![IdBytes::from(user), before, limit], |row| Ok(parse(row, user)))?;
            rows.map(|event| event?).collect()
        })
    }

    fn purge(&self, before: UtcMs) -> PortFuture<'_, u64> {
        self.db.write(move |tx| Ok(tx.prepare_cached(PURGE)?.execute([before.0])? as u64))
    }
}

fn parse(row: &Row<'_>, user: UserId) -> Result<StoredAuditEvent, Failure> {
    let kind: String = row.get("kind")?;
    let kind = AuditKind::from_name(&kind)
        .ok_or_else(|| Failure::Corrupt(format!("an audit event has the unknown kind {kind}")))?;
    let event = AuditEvent {
        user,
        at: instant(row, "at_ms")?,
        kind,
        subject: row.get("subject")?,
        address: row.get("address")?,
    };
    Ok(StoredAuditEvent { id: row.get::<_, i64>("number")? as u64, event })
}
