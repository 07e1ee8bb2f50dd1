//! The person's own word about a stretch of their timeline. Start with [`Correction`].

use std::sync::Arc;

use crate::activity::Source;
use crate::id::Id;
use crate::time::Interval;

/// Marks the identity of a correction.
pub enum CorrectionKind {}

/// Identity of a correction; an entry keeps it through all its versions.
pub type CorrectionId = Id<CorrectionKind>;

/// One version of a correction.
///
/// Versions count the changes of all of a person's corrections, so that no two are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The same through all versions of an entry.
    pub id: CorrectionId,
    /// Which version of it; of an entry only the greatest exists.
    pub version: u64,
    /// What this version says in place of all earlier ones.
    pub says: Says,
}

/// What a correction says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// Nothing any more: the entry was deleted, or has moved out of the day that this is said of.
    Nothing,
    /// This is what I did.
    Entry {
        /// The time it decides over, whatever was observed then.
        interval: Interval,
        /// What counts in it, and on which device.
        source: Arc<Source>,
    },
    /// Forget this, for good. An erasure has one version.
    Erasure {
        /// The time of which nothing is kept.
        interval: Interval,
    },
}

impl Says {
    /// When it says something.
    pub fn interval(&self) -> Option<Interval> {
        match self {
            Self::Nothing => None,
            Self::Entry { interval, .. } | Self::Erasure { interval } => Some(*interval),
        }
    }
}
