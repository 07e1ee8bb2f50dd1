//! The ping log: a durable, partitioned, append-only queue that is read by position.
//! Not here: consumer state. A reader's position lives in the ledger's own store.

use std::fmt;
use std::time::Duration;

use dayline_domain::{Correction, UserId};

use super::future::{BoxFuture, PortFuture};

/// One of the log's partitions, counted from 0. All pings of one person are in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

impl Partition {
    /// The partition of a person in a log with `partitions` of them (at least 1).
    pub fn of(user: UserId, partitions: u32) -> Self {
        // The low half of a UUIDv7 is random, so that it spreads evenly as it is.
        Self((user.bits() as u64 % u64::from(partitions.max(1))) as u32)
    }
}

/// The largest record, in bytes, that a log must be able to take. A request has at most 1 MiB of pings,
/// and 1,000 of them; what a record adds to them is less than as much again.
pub const MAX_RECORD_BYTES: usize = 2 << 20;

/// A place in a partition. Positions only grow; [`Position::START`] is before the first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The major part (a row number, a stream's milliseconds).
    pub major: u64,
    /// The minor part, for logs whose positions have two (a stream's sequence number); else 0.
    pub minor: u64,
}

impl Position {
    /// Before the first entry of any partition.
    pub const START: Self = Self { major: 0, minor: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.major, self.minor)
    }
}

/// One entry of the log: everything one group commit wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Where the next read goes on once this entry is processed.
    pub position: Position,
    /// The records in it, or what is left of them.
    pub payload: Payload,
}

/// The content of a log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Records one after another, to be taken apart by [`crate::tracking::record::split`].
    Records(Vec<u8>),
    /// The entry is there but its checksum is wrong.
    Damaged {
        /// What the store still has of it.
        bytes: Vec<u8>,
        /// What is wrong, for the operator.
        reason: String,
    },
}

/// What a read of the log gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRead {
    /// What came after the position that was asked for, before all of `entries`, and is gone.
    pub lost: Option<Lost>,
    /// The entries, in order.
    pub entries: Vec<LogEntry>,
}

/// Entries that a reader would have been given, had the log not forgotten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Where the log begins now: who reads on from here has lost nothing.
    pub up_to: Position,
    /// How many there were; at least 1, and a guess where the log does not count entries.
    pub entries: u64,
}

/// What of one person is to be taken out of what a log keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Whose.
    pub user: UserId,
    /// What this erasure names; all there is if nothing, since the person is gone.
    pub by: Option<Correction>,
}

/// How much waits in the log: what comes after where the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogDepth {
    /// Entries that are not settled; an estimate where the log counts bytes only, but 0 if and only
    /// if there are none.
    pub entries: u64,
    /// Their bytes; an estimate where the log counts entries only, but 0 if and only if there are
    /// none.
    pub bytes: u64,
}

/// Why an append did not happen. Nothing was accepted then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// Above the high watermark (or still above the low one since). Try again in about so many
    /// seconds.
    Full {
        /// In seconds, at least 1.
        retry_after_s: u32,
    },
    /// The log can't be written now. The details are for the operator.
    Unavailable(String),
}

/// The ping log.
pub trait PingLog: Send + Sync {
    /// How many partitions there are; fixed for the life of an installation.
    fn partitions(&self) -> u32;

    /// Appends one encoded record (see [`crate::tracking::record`]), of at most
    /// [`MAX_RECORD_BYTES`], and returns when it is durable: after the fsync that covers it, or when
    /// as many machines hold it as the installation requires.
    ///
    /// # Errors
    ///
    /// [`AppendError`]. The record may or may not be in the log then; it was not promised.
    fn append(&self, partition: Partition, record: Vec<u8>) -> BoxFuture<'_, Result<(), AppendError>>;

    /// The entries after `after`, in order, as many as fit into `max_bytes` but at least one if
    /// there is one, and what was lost before them. Returns at once; empty means that nothing is
    /// there yet.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the log can't be read now. A damaged entry
    /// is no error, but [`Payload::Damaged`].
    fn read_after(&self, partition: Partition, after: Position, max_bytes: usize) -> PortFuture<'_, LogRead>;

    /// Returns once there may be entries after `after`. May return early; never misses an append
    /// for longer than a second.
    fn wait_beyond(&self, partition: Partition, after: Position) -> BoxFuture<'_, ()>;

    /// Tells that the ledger stands at `up_to`, now: entries up to and including it do not wait any
    /// more. They are kept for as long as this log was opened to keep them
    /// ([`Keep`](crate::tracking::keep::Keep)), so that a ledger that comes back older is given them
    /// again, and then forgotten. Their positions are never used again. A ledger that did come back
    /// older tells an earlier `up_to` than before; what was forgotten stays so.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the log can't be written now.
    fn settle(&self, partition: Partition, up_to: Position) -> PortFuture<'_, ()>;

    /// Takes what is erased out of the entries that are settled and kept
    /// ([`take_out`](crate::tracking::erased::take_out)); the rest of them stays, be it elsewhere in the
    /// partition. Does nothing where a log can't change entries: there it goes with time, and whoever
    /// reads it again passes the erasures and the people who are gone.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the log can't be read or written now: then some
    /// of it may be left.
    fn erase(&self, partition: Partition, erased: Erased) -> PortFuture<'_, ()>;

    /// How much waits, over all partitions.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the log can't be read now.
    fn depth(&self) -> PortFuture<'_, LogDepth>;

    /// For how long, since it was opened, those who hold the log have slowed this process down because
    /// it sends more than they allow it. Meanwhile appends are refused as full. Most logs have nobody
    /// who would.
    fn throttled(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether a record could be appended now, found out by writing something that is no entry. It
    /// costs about as much as an append, so that it may be asked every second.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) while appends are refused, as full or as
    /// unavailable.
    fn check(&self) -> PortFuture<'_, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_order_by_major_then_minor() {
        let at = |major, minor| Position { major, minor };
        assert!(Position::START < at(0, 1) && at(0, 9) < at(1, 0) && at(1, 0) < at(1, 1));
    }

    #[test]
    fn a_person_is_always_in_the_same_partition() {
        for bits in [0, 1, u128::MAX] {
            let user = UserId::from_bits(bits);
            assert!(Partition::of(user, 16).0 < 16);
            assert_eq!(Partition::of(user, 16), Partition::of(user, 16));
            assert_eq!(Partition::of(user, 0), Partition(0));
        }
    }
}
