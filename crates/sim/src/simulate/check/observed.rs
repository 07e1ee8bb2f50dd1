//! Does the server know what was observed, and no more?

use std::collections::HashMap;
use std::sync::Arc;

use dayline_domain::{Interval, Observation, Subject};

use super::instants::Instants;

/// What of the observations is missing, and what nobody sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Acknowledged observations that are not all there.
    pub(super) lost: u64,
    /// Stretches of what is known that are not all of what was sent.
    pub(super) wrong: u64,
}

/// Compares what the server knows with what was sent. What is `erased` must be gone, whenever it
/// was sent.
///
/// Of the attempts exactly those count that are known, so no subset has to be searched for: an
/// attempt that lies within what is known changes nothing about it, and one that does not can't
/// have been taken.
pub(super) fn compare(
    known: &[Observation],
    acknowledged: &[Observation],
    attempted: &[Observation],
    erased: &Instants,
) -> Differences {
    let known = Seen::of(known.iter().map(|known| (known.subject(), known.interval())));
    let is_there = |sent: &&Observation| {
        erased.gaps(sent.interval()).into_iter().all(|part| known.hold(sent.subject(), part))
    };
    let lost = acknowledged.iter().filter(|sent| !is_there(sent)).count() as u64;
    let counting = acknowledged.iter().chain(attempted.iter().filter(is_there));
    let parts = counting
        .flat_map(|sent| erased.gaps(sent.interval()).into_iter().map(move |part| (sent.subject(), part)));
    let expected = Seen::of(parts);
    let wrong = known.iter().filter(|(subject, part)| !expected.hold(subject, *part)).count() as u64;
    Differences { lost, wrong }
}

/// The instants of each device, kind and value.
struct Seen(HashMap<Arc<Subject>, Instants>);

impl Seen {
    fn of<'a>(parts: impl Iterator<Item = (&'a Arc<Subject>, Interval)>) -> Self {
        let mut intervals = HashMap::<Arc<Subject>, Vec<Interval>>::new();
        for (subject, part) in parts {
            intervals.entry(Arc::clone(subject)).or_default().push(part);
        }
        Self(intervals.into_iter().map(|(subject, parts)| (subject, parts.into_iter().collect())).collect())
    }

    fn hold(&self, subject: &Arc<Subject>, part: Interval) -> bool {
        self.0.get(subject).is_some_and(|instants| instants.hold(part))
    }

    fn iter(&self) -> impl Iterator<Item = (&Arc<Subject>, Interval)> {
        self.0.iter().flat_map(|(subject, instants)| instants.iter().map(move |part| (subject, part)))
    }
}
