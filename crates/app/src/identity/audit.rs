//! Writing and reading the audit log.
//! Not here: which acts are worth an entry; the acts' own use cases say so.

use std::net::IpAddr;

use dayline_domain::{Scope, UserId};

use crate::identity::caller::Caller;
use crate::identity::network::coarse;
use crate::ports::{AuditEvent, AuditKind, StoredAuditEvent};
use crate::{App, AppError};

/// Most entries in one answer.
pub const MAX_ENTRIES: usize = 200;

/// Writes an act into the audit log. An act whose entry can't be written is reported as not done,
/// although it may be: so that nothing is ever done in silence.
pub(crate) async fn audit(
    app: &App,
    user: UserId,
    kind: AuditKind,
    subject: Option<&str>,
    address: Option<IpAddr>,
) -> Result<(), AppError> {
    let event = AuditEvent {
        user,
        at: app.clock.now(),
        kind,
        subject: subject.map(Into::into),
        address: address.map(|address| coarse(address).into()),
    };
    Ok(app.audit.append(event).await?)
}

/// The caller's entries before `before`, the newest first.
pub async fn entries(
    app: &App,
    caller: &Caller,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StoredAuditEvent>, AppError> {
    caller.require(Scope::Account)?;
    Ok(app.audit.list(caller.user, before, limit.clamp(1, MAX_ENTRIES)).await?)
}
