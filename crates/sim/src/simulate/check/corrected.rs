//! Does the server know the corrections that were sent, and no other?

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::{Correction, CorrectionId, Interval, Says, Source};

use super::instants::Instants;
use super::observed::Differences;

/// What a client knows about one person's corrections.
#[derive(Debug, Clone, Default)]
pub struct SentCorrections {
    /// Those that got a 202: of each id the greatest version must hold.
    pub acknowledged: Vec<Correction>,
    /// Those that were sent but never acknowledged: they may hold.
    pub attempted: Vec<Attempt>,
}

/// A correction that may have been taken.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Of which it is another version; none if it is a new one, whose id is not known.
    pub id: Option<CorrectionId>,
    /// What it says.
    pub says: Says,
}

/// Compares the corrections that the server knows with those that were sent.
pub(super) fn compare(known: &[Correction], sent: &SentCorrections) -> Differences {
    let erasures = Erasures::of(known);
    let mut greatest = BTreeMap::<CorrectionId, &Correction>::new();
    for correction in &sent.acknowledged {
        let greatest = greatest.entry(correction.id).or_insert(correction);
        if greatest.version < correction.version {
            *greatest = correction;
        }
    }
    let is_there =
        |sent: &Correction| known.iter().any(|known| known.id == sent.id && known.version >= sent.version);
    let may_be_deleted =
        |id| sent.attempted.iter().any(|attempt| attempt.id == Some(id) && attempt.says == Says::Nothing);
    let lost = greatest.values().filter(|sent| {
        let says_something = erasures.left_of(sent.version, &sent.says) != Left::default();
        says_something && !is_there(sent) && !may_be_deleted(sent.id)
    });
    let lost = lost.count() as u64;
    let was_sent = |known: &&Correction| {
        let left = |says| erasures.left_of(known.version, says);
        let is_known = left(&known.says);
        let acknowledged = greatest.get(&known.id);
        if acknowledged.is_some_and(|sent| sent.version >= known.version) {
            return acknowledged
                .is_some_and(|sent| sent.version == known.version && left(&sent.says) == is_known);
        }
        let is_of = |attempt: &&Attempt| attempt.id.is_none_or(|id| id == known.id);
        sent.attempted.iter().filter(is_of).any(|attempt| left(&attempt.says) == is_known)
    };
    let wrong = known.iter().filter(|known| !was_sent(known)).count() as u64;
    Differences { lost, wrong }
}

/// What is left of a correction under later erasures, which a server may forget.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    source: Option<Arc<Source>>,
    when: Vec<Interval>,
}

struct Erasures(Vec<(u64, Interval)>);

impl Erasures {
    fn of(known: &[Correction]) -> Self {
        let erasure = |known: &Correction| match known.says {
            Says::Erasure { interval } => Some((known.version, interval)),
            Says::Nothing | Says::Entry { .. } => None,
        };
        Self(known.iter().filter_map(erasure).collect())
    }

    fn left_of(&self, version: u64, says: &Says) -> Left {
        match says {
            Says::Nothing => Left::default(),
            Says::Erasure { interval } => Left { source: None, when: vec![*interval] },
            Says::Entry { interval, source } => {
                let later = self.0.iter().filter(|(erasure, _)| *erasure > version);
                let erased: Instants = later.map(|(_, interval)| *interval).collect();
                let when = erased.gaps(*interval);
                let source = (!when.is_empty()).then(|| Arc::clone(source));
                Left { source, when }
            }
        }
    }
}
