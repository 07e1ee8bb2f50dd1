//! The ledger: everybody's ledger days, their corrections, the log positions they stand for, and
//! dead letters. Not here: how a day is settled (the domain), and when and in which parts it is
//! written (the worker).

use std::sync::Arc;

use dayline_domain::report::Counted;
use dayline_domain::{
    Correction, CorrectionId, DaySums, DeviceId, Interval, Observation, Piece, PieceChanges, Terms, UserId,
    UtcDay, UtcMs,
};

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
    Day(Box<StoredDay>),
    /// There is no such person (any more): their pings are to be forgotten.
    NoSuchUser,
    /// What is stored is no ledger day, and why: its pings become dead letters, so that one damaged
    /// day holds up nobody else.
    Damaged(String),
}

/// A ledger day as it is stored: its state, and what counted of it when it was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDay {
    /// Which day.
    pub day: UtcDay,
    /// How often it was written; 0 if never.
    pub version: u64,
    /// Whether the day is older than the person's timeline is kept
    /// ([`RetentionStore::keep_from`](super::RetentionStore::keep_from)): what is told of it is to be forgotten.
    pub is_past: bool,
    /// By which edition of the rule it was written; the second if never.
    pub edition: Edition,
    /// The terms by which it was settled; of a day of the first edition, which knew none, and of one
    /// that was never written, the person's. Their merges are the first of the person's.
    pub settled_by: Terms,
    /// The person's terms now.
    pub terms: Terms,
    /// What was observed in the day's window, in any order and in parts that may overlap. Of a day of
    /// the first edition, and of one that was never written, these are what days of the first edition
    /// counted and outranked in its window, as uses; and, beside a day of the first edition, what its
    /// neighbours of the second edition observed there.
    pub observations: Vec<Observation>,
    /// The person's corrections that say something of the window, each in its greatest version.
    pub corrections: Vec<Correction>,
    /// What counts, by start: ended pieces, and last the tail if there is one.
    pub counted: Vec<Piece>,
    /// Whether the last of `counted` is the tail: kept with the day, not among the ended pieces.
    pub has_tail: bool,
    /// What was observed since the last fold: a part of `observations`.
    pub recent: Vec<Observation>,
}

/// An edition of the timeline rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// Pieces were all that was kept. The next write gives such a day a state.
    First,
    /// What was observed is kept.
    Second,
}

/// Marks one version of a ledger day, so that no two states of the data ever share one: not those
/// before and after a month is dropped and restored, nor those of a database that went back. Random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub u64);

/// How a stored day changes: a compare-and-set of its version, and all that is written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayWrite {
    /// Which day.
    pub day: UtcDay,
    /// The version the day must have; 0 if it must not be there.
    pub from_version: u64,
    /// The version it gets: one more.
    pub to_version: u64,
    /// The new version's mark.
    pub mark: Mark,
    /// The terms by which it is settled. Of the merges a store keeps how many there are: they are always
    /// the first of the person's.
    pub settled_by: Terms,
    /// Changes to the ended pieces. They do not overlap after any single step (see [`PieceChanges`]),
    /// nor does the tail overlap any of them afterwards.
    pub ended: PieceChanges,
    /// The piece that still grows, in place of the tail before; it lies within the day, after all ended
    /// pieces.
    pub tail: Option<Piece>,
    /// What of the state is written.
    pub state: StateWrite,
}

/// What of a day's state is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateWrite {
    /// All that was observed since the last fold, in place of what was there; few. The sums that
    /// are stored are no longer those of the day.
    Recent(Vec<Observation>),
    /// A fold: some hours' parts of the state, and what the day sums up to. Nothing is recent any
    /// more, and whatever is left of the day's first edition goes.
    Folded {
        /// By hour of the window, 0 to 27, all that is observed in it, in place of what was there.
        /// Hours that are left out stay as they are.
        hours: Vec<(u8, Vec<Observation>)>,
        /// What all counted pieces, the tail among them, sum up to.
        sums: DaySums,
    },
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
/// harmless since pings and corrections may be applied any number of times.
#[derive(Debug, Clone)]
pub struct LedgerCommit {
    /// The partition that the entries are of, and whose position moves.
    pub partition: Partition,
    /// Where the ledger must stand for this commit to be valid.
    pub from: Position,
    /// Where it stands afterwards.
    pub to: Position,
    /// At most one write per person and day.
    pub days: Vec<(UserId, DayWrite)>,
    /// Corrections to be kept beside what is stored, of each id the greatest version, of which there may
    /// be several here. An erasure takes the place of any entry and is never replaced, so that the order
    /// does not matter. Of an entry that newer erasures cover wholly ([`Correction::is_erased_by`]) only
    /// its version is kept, whichever comes first. Those of a person who is gone are forgotten.
    pub corrections: Vec<(UserId, Correction)>,
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

    /// What is stored of some of a person's corrections, by id; those never stored are left out.
    ///
    /// # Errors
    ///
    /// As [`LedgerWriter::position`].
    fn corrections(&self, user: UserId, ids: Vec<CorrectionId>) -> PortFuture<'_, Vec<Correction>>;

    /// Applies a commit as one transaction: position compare-and-set, days compare-and-set with
    /// their state and pieces, corrections, dead letters. Names that an erasure leaves unused are
    /// gone afterwards.
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
    /// Marks of the days that the interval touches, by day; days never stored are left out.
    pub marks: Vec<(UtcDay, Mark)>,
    /// Counted pieces that touch the interval, tails among them, whole, by start; without those of
    /// the days in `sums`.
    pub counted: Vec<Piece>,
    /// What whole days sum up to, by day; empty unless asked for.
    pub sums: Vec<DaySums>,
}

impl LedgerView {
    /// What counted, for a report.
    pub fn as_counted(&self) -> Counted<'_> {
        Counted { sums: &self.sums, ..Counted::from(&self.counted) }
    }
}

/// A device of which something is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Which.
    pub id: DeviceId,
    /// The end of the last piece that counts on it, if one does.
    pub last_counted: Option<UtcMs>,
}

/// How many of a person's days are settled by their terms: their choices and merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settling {
    /// Days stored.
    pub days: u64,
    /// Those of them that are still settled by other terms than the person's now. Days of the first
    /// edition, which know no terms, are not counted.
    pub left: u64,
}

/// The reports' side of the ledger.
pub trait LedgerReader: Send + Sync {
    /// The marks of the days that `interval` touches, by day; days never stored are left out.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn marks(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, Mark)>>;

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

    /// Pieces and marks of one person in one interval, from one snapshot.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn read(&self, user: UserId, interval: Interval) -> PortFuture<'_, LedgerView>;

    /// Marks, sums of days and, of days without sums, counted pieces of one person in one interval,
    /// from one snapshot. Days of `cut`, which is in order, are given by their pieces; so is any day
    /// of which no sums of its very version can be read. Sums are of whole days, also of those that
    /// the interval touches only in part.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView>;

    /// Some of a person's days with their state, in the order asked for, from one snapshot: for what is
    /// computed when asked for (outranked and away time, why an instant is what it is).
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away. What is damaged is no
    /// error, but [`LoadedDay::Damaged`].
    fn days(&self, user: UserId, days: Vec<UtcDay>) -> PortFuture<'_, Vec<LoadedDay>>;

    /// A person's corrections that say something of `within`, or of any time if that is not given, each
    /// in its greatest version, by version.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn corrections(&self, user: UserId, within: Option<Interval>) -> PortFuture<'_, Vec<Correction>>;

    /// The devices of which anything is stored, by name.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn devices(&self, user: UserId) -> PortFuture<'_, Vec<KnownDevice>>;

    /// How many days are settled by the person's terms.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn settling(&self, user: UserId) -> PortFuture<'_, Settling>;
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
