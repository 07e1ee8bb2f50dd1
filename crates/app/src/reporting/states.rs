//! Days with their state, for what is computed when asked for: outranked and away time, and why an
//! instant is what it is.

use dayline_domain::{Interval, LedgerDay, UserId, UtcDay};

use crate::AppError;
use crate::ports::{LedgerReader, LoadedDay, StoredDay};

/// The days that `interval` touches, settled from their state, in order; days never stored are left
/// out.
///
/// # Errors
///
/// When the ledger can't be read, or one of the days is damaged.
pub(crate) async fn settled_days(
    ledger: &dyn LedgerReader,
    user: UserId,
    interval: Interval,
) -> Result<Vec<LedgerDay>, AppError> {
    let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
    let days = (first.0..=last.0).map(UtcDay).collect();
    let mut settled = Vec::new();
    for loaded in ledger.days(user, days).await? {
        match loaded {
            LoadedDay::Day(stored) if stored.version > 0 => settled.push(settle(*stored)),
            LoadedDay::Day(_) | LoadedDay::NoSuchUser => {}
            LoadedDay::Damaged(why) => return Err(AppError::Internal(why)),
        }
    }
    Ok(settled)
}

/// A stored day, settled by the terms by which it is stored.
pub(crate) fn settle(stored: StoredDay) -> LedgerDay {
    let StoredDay { day, version, settled_by, observations, corrections, .. } = stored;
    LedgerDay::restore(day, version, settled_by, observations, corrections)
}
