//! The checker: does a server know everything that was acknowledged, and nothing that nobody sent;
//! and is its timeline the one that the rule gives for what it knows? Pure functions.
//! Not here: asking the server, and the rule itself (the domain).

mod corrected;
mod instants;
mod observed;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use dayline_domain::timeline::steps::settle;
use dayline_domain::{Choices, Interval, Observation, Piece, Says, Source};

pub use corrected::{Attempt, SentCorrections};
use instants::Instants;

use crate::client::wire::Export;

/// What a client knows about one person's observations and corrections.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Observations that got a 202: they must be known.
    pub acknowledged: Vec<Observation>,
    /// Observations that were sent but never acknowledged: they may be known.
    pub attempted: Vec<Observation>,
    /// Corrections.
    pub corrections: SentCorrections,
}

/// What a server says about one person.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// What it knows: observations in any order and in any parts, without what was erased;
    /// corrections each in its greatest version, deleted ones may be left out.
    pub known: Export,
    /// The timeline of all days that the person's [`Sent`] touches. Neighbours that only midnight
    /// UTC separates may be one.
    pub timeline: Vec<Piece>,
}

/// What is wrong with what is stored of one person. All zero: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Acknowledged observations, of whose time something is not known on their device, with their
    /// kind and value, though nobody erased it; and acknowledged corrections that are not known.
    pub lost: u64,
    /// Neighbours in the timeline that overlap.
    pub overlaps: u64,
    /// Stretches and corrections that are known though nobody sent them, and pieces of the timeline
    /// that are not as the rule says: too much, too little, or in the wrong place.
    pub wrong: u64,
}

impl Faults {
    /// Nothing is wrong.
    pub fn none(&self) -> bool {
        *self == Self::default()
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.overlaps += other.overlaps;
        self.wrong += other.wrong;
    }
}

impl Sent {
    /// From the first to the last midnight UTC around everything that was sent.
    pub fn days(&self) -> Option<Interval> {
        let observed = self.acknowledged.iter().chain(&self.attempted).map(Observation::interval);
        let acknowledged = self.corrections.acknowledged.iter().map(|correction| &correction.says);
        let attempted = self.corrections.attempted.iter().map(|attempt| &attempt.says);
        let corrected = acknowledged.chain(attempted).filter_map(|says| match says {
            Says::Nothing => None,
            Says::Entry { interval, .. } | Says::Erasure { interval } => Some(*interval),
        });
        let whole_days = |interval: Interval| {
            let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
            first.interval().hull(last.interval())
        };
        observed.chain(corrected).map(whole_days).reduce(Interval::hull)
    }
}

/// Compares what a server says about a person, who made these choices, with what was sent.
pub fn check(sent: &Sent, stored: &Stored, choices: Choices) -> Faults {
    let Export { observations, corrections } = &stored.known;
    let erasures = corrections.iter().filter_map(|correction| match correction.says {
        Says::Erasure { interval } => Some(interval),
        Says::Nothing | Says::Entry { .. } => None,
    });
    let erased: Instants = erasures.collect();
    let observed = observed::compare(observations, &sent.acknowledged, &sent.attempted, &erased);
    let corrected = corrected::compare(corrections, &sent.corrections);
    let days = sent.days().into_iter().flat_map(Interval::cut_at_midnight);
    let expected: Vec<Piece> =
        days.flat_map(|(day, _)| settle(day, observations, corrections, choices)).collect();
    Faults {
        lost: observed.lost + corrected.lost,
        overlaps: overlaps(&stored.timeline),
        wrong: observed.wrong + corrected.wrong + differences(&expected, &stored.timeline),
    }
}

fn overlaps(timeline: &[Piece]) -> u64 {
    let mut intervals: Vec<Interval> = timeline.iter().map(|piece| piece.interval).collect();
    intervals.sort_unstable();
    intervals.array_windows().filter(|[first, second]| first.end() > second.start()).count() as u64
}

/// How many pieces are in one of the two but not in the other, after cutting at midnight.
fn differences(expected: &[Piece], stored: &[Piece]) -> u64 {
    let mut balance = HashMap::<(Arc<Source>, Interval), i64>::new();
    for (pieces, weight) in [(expected, 1), (stored, -1)] {
        for piece in pieces {
            for (_, part) in piece.interval.cut_at_midnight() {
                *balance.entry((Arc::clone(&piece.source), part)).or_default() += weight;
            }
        }
    }
    balance.values().map(|count| count.unsigned_abs()).sum()
}
