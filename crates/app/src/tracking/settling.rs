//! A person's past, settled again by other terms in the background: through the log, as all that changes
//! days, so that it survives crashes and holds up nobody else. Not here: what terms there are (the domain).

use dayline_domain::{UserId, UtcDay};

use crate::tracking::ingest::append;
use crate::tracking::record::{MAX_DAYS, encode_chosen};
use crate::{App, AppError};

/// Orders all days to be settled by the person's terms, the newest first. Yesterday, today and tomorrow
/// are among them: what is on its way to them may have been settled by other terms already.
///
/// # Errors
///
/// [`AppError::TooMany`] if the person sends too much; when the ledger or the log is away. Part of it
/// may be ordered then, which does no harm.
pub(super) async fn order_days(app: &App, user: UserId) -> Result<(), AppError> {
    let today = app.clock.now().day();
    let (first, last) = app.ledger.extent(user).await?.unwrap_or((today, today));
    let first = first.0.min(today.0 - 1);
    let mut end = last.0.max(today.0).saturating_add(2);
    // Each day costs about as much as a ping that is alone.
    app.ping_quota.charge(user, end.saturating_sub(first) as u32)?;
    while end > first {
        let start = end.saturating_sub(MAX_DAYS.into()).max(first);
        append(app, user, encode_chosen(user, UtcDay(start), (end - start) as u16)).await?;
        end = start;
    }
    Ok(())
}
