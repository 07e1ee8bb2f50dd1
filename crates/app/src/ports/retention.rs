//! What is past: older than the installation, or the person themselves, want it kept. Here it is found,
//! told and removed, and since when a person's days are kept is remembered. Not here: where the border
//! lies (the domain's [`kept_since`](dayline_domain::kept_since)), and when it is looked at.

use dayline_domain::{DayStart, Retention, UserId, UtcDay};

use super::future::PortFuture;

/// A person of whom something may be past, with what their border depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPerson {
    /// Who.
    pub user: UserId,
    /// The IANA name of their time zone.
    pub timezone: String,
    /// When their days begin.
    pub day_start: DayStart,
    /// What they chose themselves.
    pub keep: Option<Retention>,
    /// The first UTC day that is kept, as [`RetentionStore::keep_from`] set it last.
    pub kept_from: Option<UtcDay>,
}

/// How much of a person is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// Days of which something is stored.
    pub days: u64,
    /// Pieces of the timeline that count on them.
    pub pieces: u64,
    /// About how many bytes what was observed on them and its sums take, without pieces and indexes.
    pub bytes: u64,
}

/// The store's side of retention.
pub trait RetentionStore: Send + Sync {
    /// People after `after`, by identity, at most `limit`: those who chose a retention, those whose days
    /// are kept from some day on, and those of whom a day before `before` is stored.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn people(
        &self,
        after: Option<UserId>,
        before: Option<UtcDay>,
        limit: usize,
    ) -> PortFuture<'_, Vec<KeptPerson>>;

    /// A person's days before `from` are past from now on, or none is any more: each such day that is
    /// loaded says so ([`StoredDay::is_past`](super::StoredDay::is_past)), whether or not anything of it
    /// is stored. False if there is no such person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took effect is
    /// not known then.
    fn keep_from(&self, user: UserId, from: Option<UtcDay>) -> PortFuture<'_, bool>;

    /// How much is stored of a person before a day.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn measure(&self, user: UserId, before: UtcDay) -> PortFuture<'_, Past>;

    /// Up to `limit` of a person's stored days before a day, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn past_days(&self, user: UserId, before: UtcDay, limit: usize) -> PortFuture<'_, Vec<UtcDay>>;

    /// Removes all of a person's days before a day, with what was observed in them and what follows from
    /// it; corrections that say nothing of the window of any later day; and dead letters from before. A
    /// worker that has such a day in memory finds its commit stale. Nothing of later days changes. Gives
    /// how many days went.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took effect is
    /// not known then.
    fn remove(&self, user: UserId, before: UtcDay) -> PortFuture<'_, u64>;

    /// Takes a person's names away that nothing refers to any more. All that is stored of them is read
    /// for that.
    ///
    /// # Errors
    ///
    /// As [`RetentionStore::remove`].
    fn forget_names(&self, user: UserId) -> PortFuture<'_, ()>;

    /// Gives back what the store keeps for stretches of time in which nobody has anything left, all of
    /// them before a day: months, in a store that has tables for them. Gives how many.
    ///
    /// # Errors
    ///
    /// As [`RetentionStore::remove`].
    fn drop_empty(&self, before: UtcDay) -> PortFuture<'_, u64>;
}

/// Where what goes is kept, for operators who want that.
pub trait PastArchive: Send + Sync {
    /// Keeps what some days of a person had, from the first to the last of them, beside all that was kept
    /// before. Durable when this returns.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if it can't be kept.
    fn keep(&self, user: UserId, days: (UtcDay, UtcDay), lines: Vec<u8>) -> PortFuture<'_, ()>;
}

/// Whether a process may remove what is past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It may: no other one does.
    Ours,
    /// Another process does.
    Others,
    /// None may: another process told this.
    Differs(String),
}

/// Whose turn it is among the processes of an installation, and whether they agree.
pub trait RetentionTurns: Send + Sync {
    /// Tells the others for how long this process keeps timelines, in words that are the same for the
    /// same, and finds out whose turn it is. What a process told holds for ten minutes. For speed only:
    /// two that remove at once do no harm.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn take(&self, told: String) -> PortFuture<'_, Turn>;
}
