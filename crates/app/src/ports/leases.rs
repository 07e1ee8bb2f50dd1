//! Leases: which of the log's partitions this process is to work on, when several share them. Not
//! here: any promise that nobody else works on them, too. Correctness rests on positions and
//! versions.

use std::collections::BTreeSet;

use super::future::BoxFuture;
use super::ping_log::Partition;

/// This process's part of the work. It joins when it is made, and gets a fair share of the
/// partitions; when another joins, ends in order or dies, the shares change within some seconds.
pub trait Leases: Send + Sync {
    /// The partitions to work on, as soon as they are others than `known` (none at first). Work on
    /// those that are not among them any more should end at once: somebody else will do it, or does
    /// already.
    fn changed<'a>(&'a self, known: &'a BTreeSet<Partition>) -> BoxFuture<'a, BTreeSet<Partition>>;

    /// Gives everything back, so that others take over at once. There are no partitions to work on
    /// afterwards, for good.
    fn release(&self) -> BoxFuture<'_, ()>;
}
