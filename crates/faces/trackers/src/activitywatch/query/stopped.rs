//! What bounds a query, and why it has no result.

use std::time::Duration;

use dayline_app::AppError;
use tokio::time::Instant;

/// Most that all names of a query, and what is being made for one, may take together, in short events.
pub(super) const MOST_ROOM: usize = 300_000;
/// Most that may be made for one period, likewise: all of it must be written, and much of it copied.
pub(super) const MOST_WORK: usize = 10_000_000;
/// How long all of a query may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// When a query has taken too long.
pub(super) fn patience_ends() -> Instant {
    Instant::now() + PATIENCE
}

/// What a query may still do for one period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    work: usize,
    until: Instant,
}

impl Budget {
    /// So much work, until then.
    pub(super) fn of(work: usize, until: Instant) -> Self {
        Self { work, until }
    }

    /// Takes so much of it, in short events that are made or looked at.
    ///
    /// # Errors
    /// When there is not so much left, or no time.
    pub(super) fn spend(&mut self, work: usize) -> Result<(), Wrong> {
        let too_much = || Wrong("the query does too much; ask for less at a time".into());
        self.work = self.work.checked_sub(work).ok_or_else(too_much)?;
        if Instant::now() > self.until { Err(too_much()) } else { Ok(()) }
    }
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::activitywatch) struct Wrong(pub(in crate::activitywatch) String);

impl Wrong {
    /// An argument is of another kind than this.
    pub(super) fn argument(what: &str) -> Self {
        Self(format!("an argument must be {what}"))
    }
}

/// Why there is no result.
#[derive(Debug)]
pub(in crate::activitywatch) enum Stopped {
    /// Because of the query.
    Wrong(Wrong),
    /// Because of something else.
    Failed(AppError),
}

impl From<Wrong> for Stopped {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<AppError> for Stopped {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

/// A query needs more room than there is.
pub(super) fn too_much() -> Wrong {
    Wrong("the query has too many events at once; ask for less at a time".into())
}
