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

impl Correction {
    /// Whether newer erasures among `others` decide over all of an entry's time, so that nothing of it
    /// ever counts again: all that must be known of it is its version. Of an entry that is erased in
    /// part the rest counts, so that it stays as it is.
    pub fn is_erased_by<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> bool {
        let Says::Entry { interval, .. } = &self.says else { return false };
        let newer = others.into_iter().filter(|other| other.version > self.version);
        let mut erased: Vec<Interval> = newer
            .filter_map(|other| match other.says {
                Says::Erasure { interval } => Some(interval),
                Says::Nothing | Says::Entry { .. } => None,
            })
            .collect();
        erased.sort_unstable_by_key(|erased| erased.start());
        let mut until = interval.start();
        for erased in erased.into_iter().take_while(|erased| erased.start() < interval.end()) {
            if erased.start() > until {
                return false;
            }
            until = until.max(erased.end());
        }
        until >= interval.end()
    }

    /// What is left of an entry that is erased: that there was one.
    #[must_use]
    pub fn without_words(&self) -> Self {
        Self { says: Says::Nothing, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UtcMs;

    fn interval(start: i64, end: i64) -> Interval {
        Interval::new(UtcMs(start), UtcMs(end)).unwrap()
    }

    fn entry(version: u64, start: i64, end: i64) -> Correction {
        let source = Source::new("laptop", "Code", None).unwrap();
        let says = Says::Entry { interval: interval(start, end), source };
        Correction { id: CorrectionId::from_bits(1), version, says }
    }

    fn erasure(version: u64, start: i64, end: i64) -> Correction {
        let says = Says::Erasure { interval: interval(start, end) };
        Correction { id: CorrectionId::from_bits(u128::from(version)), version, says }
    }

    #[test]
    fn an_entry_is_erased_where_newer_erasures_cover_all_of_it() {
        let all = entry(5, 10, 20);
        for (erasures, expected) in [
            (vec![erasure(6, 10, 20)], true),
            (vec![erasure(6, 0, 99)], true),
            (vec![erasure(6, 11, 20)], false),
            (vec![erasure(6, 10, 19)], false),
            (vec![erasure(8, 15, 30), erasure(6, 5, 15)], true),
            (vec![erasure(8, 16, 30), erasure(6, 5, 15)], false),
            (vec![erasure(6, 5, 15), erasure(7, 11, 12), erasure(8, 15, 30)], true),
            // What was said after the erasure stands.
            (vec![erasure(4, 0, 99)], false),
            (vec![erasure(6, 5, 15), erasure(4, 15, 30)], false),
            (vec![erasure(6, 30, 40), erasure(7, 0, 10)], false),
            (vec![entry(9, 0, 99)], false),
            (vec![], false),
        ] {
            assert_eq!(all.is_erased_by(&erasures), expected, "{erasures:?}");
        }
    }

    #[test]
    fn only_an_entry_can_be_erased_and_leaves_its_version() {
        let everything = [erasure(9, 0, 99)];
        assert!(!erasure(5, 10, 20).is_erased_by(&everything));
        assert!(!entry(5, 10, 20).without_words().is_erased_by(&everything));
        let left = Correction { says: Says::Nothing, ..entry(5, 10, 20) };
        assert_eq!(entry(5, 10, 20).without_words(), left);
    }
}
