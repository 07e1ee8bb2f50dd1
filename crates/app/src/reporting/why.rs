//! Why an instant is what it is. Not here: the steps (the rule).

use dayline_domain::timeline::day::Why;
use dayline_domain::{Scope, UtcMs};

use crate::identity::caller::Caller;
use crate::ports::{Edition, LoadedDay};
use crate::reporting::states::settle;
use crate::{App, AppError};

/// Why an instant is what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// By which edition of the rule the day is settled. What counts on a day of the first is what that
    /// edition decided, whatever its devices had to show.
    pub edition: Edition,
    /// What decides it.
    pub why: Why,
}

/// Why an instant of the caller's is what it is, as far as it is settled.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn why(app: &App, caller: &Caller, at: UtcMs) -> Result<Explained, AppError> {
    caller.require(Scope::Read)?;
    let stored = match app.ledger.days(caller.user, vec![at.day()]).await?.pop() {
        Some(LoadedDay::Day(stored)) => *stored,
        Some(LoadedDay::Damaged(why)) => return Err(AppError::Internal(why)),
        Some(LoadedDay::NoSuchUser) | None => return Err(AppError::NotSignedIn),
    };
    let (edition, is_stored) = (stored.edition, stored.version > 0);
    let covers = |start: UtcMs, end: UtcMs| start <= at && at < end;
    let counted = stored.counted.iter().find(|piece| covers(piece.interval.start(), piece.interval.end()));
    let counts = counted.map(|piece| piece.source.clone());
    let mut why = settle(stored).why(at).ok_or_else(|| AppError::field("at", "is no instant of any day"))?;
    if is_stored && edition == Edition::First {
        why.counts = counts;
    }
    Ok(Explained { edition, why })
}
