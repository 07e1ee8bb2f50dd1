//! What a store knows about time.

use dayline_domain::UtcMs;

use super::future::PortFuture;

/// The newest moments that are stored, against which a clock is checked.
pub trait StoredTime: Send + Sync {
    /// Whether a day is stored that pings lie in, and that is not over at `since`. Trackers said so:
    /// what servers wrote down by their own clock counts only where no tracker ever sent anything
    /// (then accounts and the use of sessions). True also where there are no accounts.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn has_moment_since(&self, since: UtcMs) -> PortFuture<'_, bool>;
}
