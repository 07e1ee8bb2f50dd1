//! How often one person may change something about their account: each change is a transaction that
//! waits for the disk, and most are audited.

use crate::identity::caller::Caller;
use crate::ports::Limit;
use crate::{App, AppError};

/// Counts one change against the caller's limit; there are none in maintenance. Signing out is not counted: it must always be
/// possible.
pub(crate) async fn count_write(app: &App, caller: &Caller) -> Result<(), AppError> {
    if app.rules.maintenance {
        return Err(AppError::Maintenance);
    }
    Ok(app.limits.count(Limit::AccountWritePerUser, caller.user.to_string()).await??)
}
