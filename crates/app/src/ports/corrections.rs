//! The numbers of corrections: which there are, and which version comes next. What they say goes
//! through the ping log into the ledger; here is only what must be known before.

use dayline_domain::{CorrectionId, UserId, UtcMs};

use super::future::PortFuture;

/// Which kind of correction a version is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionChange {
    /// A new entry.
    NewEntry,
    /// A new erasure.
    NewErasure,
    /// Another version of an entry, its deletion among them.
    Entry,
}

/// What became of the question for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionVersion {
    /// This version, greater than all of the person's before.
    Next(u64),
    /// The person has no entry with this id, or it is deleted.
    NotFound,
    /// It is an erasure, which is final.
    Final,
}

/// The numbers of corrections.
pub trait CorrectionNumbers: Send + Sync {
    /// Hands out the next version of a person's corrections: `now` in milliseconds, or one above the
    /// greatest so far if that is more. Remembers that the correction `id` is there. Atomic: no two
    /// calls get one version.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then.
    fn next_version(
        &self,
        user: UserId,
        id: CorrectionId,
        change: CorrectionChange,
        now: UtcMs,
    ) -> PortFuture<'_, CorrectionVersion>;

    /// Remembers that an entry is deleted: its id is not found any more.
    ///
    /// # Errors
    ///
    /// As [`CorrectionNumbers::next_version`].
    fn forget(&self, user: UserId, id: CorrectionId) -> PortFuture<'_, ()>;
}
