//! The audit log.

use dayline_app::ports::{AuditEvent, AuditKind, AuditLog, PortError, PortFuture, StoredAuditEvent};
use dayline_domain::{UserId, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::Param;
use crate::error::corrupt;
use crate::store::PgStore;
use crate::values::{Timestamp, bits_column, column, time_column, uuid};

impl AuditLog for PgStore {
    fn append(&self, event: AuditEvent) -> PortFuture<'_, ()> {
        Box::pin(async move {
            // The lock is the foreign key's own: taken here, a person who is just being deleted is
            // no error.
            let sql = "INSERT INTO audit_events (user_id, at, kind, subject, address)
                       SELECT id, $2, $3, $4, $5 FROM users WHERE uuid = $1 FOR KEY SHARE";
            let params: [Param<'_>; 5] = [
                (&uuid(event.user), Type::UUID),
                (&Timestamp(event.at), Type::TIMESTAMPTZ),
                (&event.kind.name(), Type::TEXT),
                (&event.subject.as_deref(), Type::TEXT),
                (&event.address.as_deref(), Type::TEXT),
            ];
            self.primary().await?.execute(sql, &params).await.map(drop)
        })
    }

    fn list(&self, user: UserId, before: Option<u64>, limit: usize) -> PortFuture<'_, Vec<StoredAuditEvent>> {
        Box::pin(async move {
            let sql = "SELECT id, at, kind, subject, address FROM audit_events
                       WHERE user_id = (SELECT users.id FROM users WHERE uuid = $1) AND id < $2
                       ORDER BY id DESC LIMIT $3";
            let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&before, Type::INT8), (&limit, Type::INT8)];
            let rows = self.primary().await?.query(sql, &params).await?;
            rows.iter().map(|row| event(user, row)).collect()
        })
    }

    fn purge(&self, before: UtcMs) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let sql = "DELETE FROM audit_events WHERE at < $1";
            self.primary().await?.execute(sql, &[(&Timestamp(before), Type::TIMESTAMPTZ)]).await
        })
    }
}

fn event(user: UserId, row: &Row) -> Result<StoredAuditEvent, PortError> {
    let kind: &str = column(row, "kind")?;
    let event = AuditEvent {
        user,
        at: time_column(row, "at")?,
        kind: AuditKind::from_name(kind).ok_or_else(|| corrupt("kind of an audit event", kind))?,
        subject: column::<Option<&str>>(row, "subject")?.map(Into::into),
        address: column::<Option<&str>>(row, "address")?.map(Into::into),
    };
    Ok(StoredAuditEvent { id: bits_column(row, "id")?, event })
}
