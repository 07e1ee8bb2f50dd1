//! What bounds a query, and why it has no result.

use dayline_app::AppError;

/// Most that all names of a query, and what is being made for one, may take together, in short events.
pub(super) const MOST_ROOM: usize = 300_000;
/// Most that may be made for one period, likewise: all of it must be written, and much of it copied.
pub(super) const MOST_WORK: usize = 10_000_000;
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
