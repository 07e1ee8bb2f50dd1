//! The ledger: everybody's settled days, the log positions they stand for, and dead letters.
//! Not here: how a day is settled (the domain) and when (the worker).

use std::sync::Arc;

use dayline_domain::report::Counted;
use dayline_domain::timeline::Piece;
use dayline_domain::timeline::day_change::DayChange;
use dayline_domain::timeline::ledger_day::LedgerDay;
use dayline_domain::{DaySums, Interval, UserId, UtcDay, UtcMs};

use super::future::PortFuture;
use super::ping_log::{Partition, Position};

/// Names one ledger day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayKey {
    /// The person whose timeline the day is part of.
    pub user: UserId,
    /// A UTC day, whatever the person's time zone.
    pub day: UtcDay,
}

/// A day as the ledger has it.
#[derive(Debug, Clone)]
pub enum LoadedDay {
    /// The stored day; empty with version 0 if nothing was ever stored.
    Day(Box<LedgerDay>),
    /// There is no such person (any more): their pings are to be forgotten.
    NoSuchUser,
    /// What is stored is no ledger day, and why: its pings become dead letters, so that one damaged
    /// day holds up nobody else.
    Damaged(String),
}

/// A record that could not be processed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose, if that much could be read.
    pub user: Option<UserId>,
    /// Why, for the operator; without any content of the ping.
    pub reason: String,
    /// The record as it was in the log, so that it can be sent again.
    pub record: Vec<u8>,
}

/// One step of a partition: all that the entries in `(from, to]` change. Applied as one transaction
/// or not at all. `from == to` is allowed: it changes days without moving the position, which is
/// harmless since pings may be applied any number of times.
#[derive(Debug, Clone)]
pub struct LedgerCommit {
    /// The partition that the entries are of, and whose position moves.
    pub partition: Partition,
    /// Where the ledger must stand for this commit to be valid.
    pub from: Position,
    /// Where it stands afterwards.
    pub to: Position,
    /// At most one change per person and day.
    pub changes: Vec<(UserId, DayChange)>,
    /// What could not be processed. A dead letter of a person who is gone is forgotten, like their
    /// pings.
    pub dead: Vec<DeadLetter>,
    /// Now: when its days changed and its dead letters were written.
    pub at: UtcMs,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// All of it took effect, and survives a crash.
    Done,
    /// The partition's position is not `from`: somebody else works on it. Nothing changed.
    Fenced,
    /// A day has another version than its change starts from, or its person is gone. Nothing
    /// changed.
    Stale,
}

/// The worker's side of the ledger.
pub trait LedgerWriter: Send + Sync {
    /// The position up to which the ledger contains the partition; [`Position::START`] at first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn position(&self, partition: Partition) -> PortFuture<'_, Position>;

    /// The days asked for, in the order asked for.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away. What is damaged is no
    /// error, but [`LoadedDay::Damaged`].
    fn load(&self, days: Vec<DayKey>) -> PortFuture<'_, Vec<LoadedDay>>;

    /// Applies a commit as one transaction: position compare-and-set, days compare-and-set with
    /// their sums, pieces, dead letters.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: the commit may or may
    /// not have taken effect. [`Rejected`](super::PortError::Rejected) if it refuses the data
    /// itself, [`Corrupt`](super::PortError::Corrupt) if it can't read what the commit touches:
    /// nothing changed, and a commit that touches something else may succeed.
    fn apply(&self, commit: Arc<LedgerCommit>) -> PortFuture<'_, Applied>;

    /// Whether a commit could be made now, found out by making one that changes nothing. It may be
    /// asked every second.
    ///
    /// # Errors
    ///
    /// What any other commit would fail with.
    fn check(&self) -> PortFuture<'_, ()>;
}

/// What a report reads, from one snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerView {
    /// Versions of the days that the interval touches, by day; days never stored are left out.
    pub versions: Vec<(UtcDay, u64)>,
    /// Counted pieces that touch the interval, whole, by start; without those of the days in
    /// `sums`.
    pub counted: Vec<Piece>,
    /// What whole days sum up to, by day; empty unless asked for.
    pub sums: Vec<DaySums>,
    /// Outranked pieces that touch the interval, whole, by start and source; empty unless asked
    /// for.
    pub outranked: Vec<Piece>,
}

impl LedgerView {
    /// What counted, for a report.
    pub fn as_counted(&self) -> Counted<'_> {
        Counted { pieces: &self.counted, sums: &self.sums }
    }
}

/// The reports' side of the ledger.
pub trait LedgerReader: Send + Sync {
    /// The versions of the days that `interval` touches, by day; days never stored are left out.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn versions(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, u64)>>;

    /// The days of one person that were changed at `since` or later (by the clocks of workers, see
    /// [`LedgerCommit::at`]), with their versions now.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>>;

    /// The first and the last day of which anything is stored of a person.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>>;

    /// Pieces and versions of one person in one interval, from one snapshot.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn read(&self, user: UserId, interval: Interval, outranked: bool) -> PortFuture<'_, LedgerView>;

    /// Versions, sums of days and, of days without sums, counted pieces of one person in one
    /// interval, from one snapshot. Days of `cut`, which is in order, are given by their pieces; so
    /// is any day of which no sums of its very version can be read. Sums are of whole days, also of
    /// those that the interval touches only in part.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView>;
}

/// A dead letter as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeadLetter {
    /// Its number; grows.
    pub id: u64,
    /// When it was written.
    pub at: UtcMs,
    /// The partition it came from.
    pub partition: Partition,
    /// The end of the commit it was part of.
    pub position: Position,
    /// What was written, as the worker gave it.
    pub letter: DeadLetter,
}

/// The dead letters, for operators and for those whose they are.
pub trait DeadLetters: Send + Sync {
    /// Up to `limit` dead letters with numbers above `after`, by number.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>>;

    /// Up to `limit` dead letters of one person with numbers above `after`, by number.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list_of(&self, user: UserId, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>>;

    /// One dead letter.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find(&self, id: u64) -> PortFuture<'_, Option<StoredDeadLetter>>;

    /// Deletes a dead letter; false if there was none.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn delete(&self, id: u64) -> PortFuture<'_, bool>;

    /// How many there are.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn count(&self) -> PortFuture<'_, u64>;
}
