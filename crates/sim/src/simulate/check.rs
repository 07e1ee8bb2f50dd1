//! The checker: does a stored timeline hold everything that was acknowledged, and nothing that never happened?
//! It is right if it equals the rule applied to the acknowledged pings plus any of the unacknowledged attempts.
//! Not here: fetching the timeline, and the rule itself (the domain).

use std::collections::HashMap;
use std::sync::Arc;

use dayline_domain::timeline::{Bridge, Piece, Settled, timeline};
use dayline_domain::{Interval, Ping, Source};

/// What a client knows about one person's pings.
#[derive(Debug, Clone, Default)]
pub struct SentPings {
    /// Pings that got a 202: they must count.
    pub acknowledged: Vec<Ping>,
    /// Pings that were sent but never acknowledged: they may count.
    pub attempted: Vec<Ping>,
}

/// What is wrong with one person's timeline. All zero: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Acknowledged pings whose time is not there, on their device and activity.
    pub lost: u64,
    /// Neighbours in the timeline that overlap.
    pub overlaps: u64,
    /// Pieces that are not as the rule says: too much, too little, or in the wrong place.
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

/// Compares what is stored with what was sent. Stored pieces may be in any order and may be joined at midnight.
///
/// Of the attempts exactly those count whose time is stored, so no subset has to be searched for: an attempt
/// that lies inside a stored span changes nothing about it, and one that does not can't have been taken.
pub fn check(sent: &SentPings, stored: &Settled, bridge: Bridge) -> Faults {
    let spans = Spans::of(stored, bridge);
    let lost = sent.acknowledged.iter().filter(|ping| !spans.hold(ping)).count() as u64;
    let taken = sent.attempted.iter().filter(|ping| spans.hold(ping));
    let counting: Vec<Ping> = sent.acknowledged.iter().chain(taken).cloned().collect();
    let expected = timeline(&counting, bridge);
    Faults {
        lost,
        overlaps: overlaps(&stored.counted),
        wrong: differences(&expected.counted, &stored.counted)
            + differences(&expected.outranked, &stored.outranked),
    }
}

fn overlaps(counted: &[Piece]) -> u64 {
    let mut intervals: Vec<Interval> = counted.iter().map(|piece| piece.interval).collect();
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

/// The spans of each source that the stored pieces stand for, in order.
struct Spans(HashMap<Arc<Source>, Vec<Interval>>);

impl Spans {
    fn of(stored: &Settled, bridge: Bridge) -> Self {
        let mut spans = HashMap::<Arc<Source>, Vec<Interval>>::new();
        for piece in stored.counted.iter().chain(&stored.outranked) {
            let parts = piece.interval.cut_at_midnight().map(|(_, part)| part);
            spans.entry(Arc::clone(&piece.source)).or_default().extend(parts);
        }
        for intervals in spans.values_mut() {
            *intervals = unite(std::mem::take(intervals), bridge);
        }
        Self(spans)
    }

    /// Whether the whole ping lies within spans of its source.
    fn hold(&self, ping: &Ping) -> bool {
        let Some(spans) = self.0.get(&ping.source) else { return false };
        ping.interval.cut_at_midnight().all(|(_, part)| {
            let after = spans.partition_point(|span| span.start() <= part.start());
            after > 0 && spans[after - 1].end() >= part.end()
        })
    }
}

/// Unites intervals whose gap is at most the bridge and lies within one day. Written here once more, so that the
/// checker does not take the domain's word for it.
fn unite(mut intervals: Vec<Interval>, bridge: Bridge) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut united = Vec::<Interval>::new();
    for next in intervals {
        match united.last_mut() {
            Some(last)
                if next.start().since(last.end()) <= i64::from(bridge.0)
                    && next.start().day() == last.start().day() =>
            {
                *last = last.hull(next);
            }
            _ => united.push(next),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;
    use proptest::prelude::*;

    use super::*;

    const BRIDGE: Bridge = Bridge(30_000);
    const MIDNIGHT: i64 = 20_000 * 86_400_000;

    fn ping(device: &str, app: &str, start_s: i64, end_s: i64) -> Ping {
        let at = |s: i64| UtcMs(MIDNIGHT + s * 1_000);
        Ping {
            source: Source::new(device, app, None).unwrap(),
            interval: Interval::new(at(start_s), at(end_s)).unwrap(),
        }
    }

    fn sent(acknowledged: &[Ping], attempted: &[Ping]) -> SentPings {
        SentPings { acknowledged: acknowledged.to_vec(), attempted: attempted.to_vec() }
    }

    #[test]
    fn what_the_rule_gives_is_right() {
        let pings = [ping("a", "Code", -40, 60), ping("b", "Mail", 0, 10), ping("a", "Code", 80, 90)];
        let faults = check(&sent(&pings, &[]), &timeline(&pings, BRIDGE), BRIDGE);
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn a_missing_acknowledged_ping_is_lost() {
        let pings = [ping("a", "Code", 0, 10), ping("a", "Mail", 100, 110)];
        let faults = check(&sent(&pings, &[]), &timeline(&pings[..1], BRIDGE), BRIDGE);
        assert_eq!(faults, Faults { lost: 1, overlaps: 0, wrong: 1 });
    }

    #[test]
    fn the_end_of_a_growing_ping_must_not_be_missing() {
        let pings = [ping("a", "Code", 0, 10), ping("a", "Code", 0, 15)];
        let faults = check(&sent(&pings, &[]), &timeline(&pings[..1], BRIDGE), BRIDGE);
        assert_eq!((faults.lost, faults.wrong), (1, 2));
    }

    #[test]
    fn an_attempt_may_be_there_or_not() {
        let (sure, maybe) = (ping("a", "Code", 0, 10), ping("a", "Code", 20, 60));
        let sent = sent(std::slice::from_ref(&sure), std::slice::from_ref(&maybe));
        let without = timeline(std::slice::from_ref(&sure), BRIDGE);
        let with = timeline(&[sure, maybe], BRIDGE);
        assert!(check(&sent, &without, BRIDGE).none());
        assert!(check(&sent, &with, BRIDGE).none());
    }

    #[test]
    fn half_an_attempt_is_wrong() {
        let sent = sent(&[], &[ping("a", "Code", 0, 10)]);
        let half = timeline(&[ping("a", "Code", 0, 5)], BRIDGE);
        assert_eq!(check(&sent, &half, BRIDGE), Faults { lost: 0, overlaps: 0, wrong: 1 });
    }

    #[test]
    fn time_that_nobody_sent_is_wrong() {
        let stored = timeline(&[ping("a", "Code", 0, 10)], BRIDGE);
        assert_eq!(check(&SentPings::default(), &stored, BRIDGE).wrong, 1);
    }

    #[test]
    fn time_counted_twice_is_an_overlap() {
        let pings = [ping("a", "Code", 0, 10), ping("b", "Mail", 5, 8)];
        let mut stored = timeline(&pings, BRIDGE);
        stored.counted.extend(stored.outranked.clone());
        stored.outranked.clear();
        let faults = check(&sent(&pings, &[]), &stored, BRIDGE);
        assert_eq!((faults.lost, faults.overlaps), (0, 1));
        assert!(faults.wrong > 0);
    }

    #[test]
    fn outranked_time_on_the_wrong_device_is_wrong() {
        let pings = [ping("a", "Code", 0, 10), ping("b", "Mail", 5, 8)];
        let mut stored = timeline(&pings, BRIDGE);
        stored.outranked[0].source = Source::new("c", "Code", None).unwrap();
        assert!(check(&sent(&pings, &[]), &stored, BRIDGE).wrong > 0);
    }

    #[test]
    fn pieces_joined_at_midnight_are_right() {
        let pings = [ping("a", "Code", -10, 10)];
        let mut stored = timeline(&pings, BRIDGE);
        stored.counted = dayline_domain::report::join_at_midnight(stored.counted);
        assert_eq!(stored.counted.len(), 1);
        assert!(check(&sent(&pings, &[]), &stored, BRIDGE).none());
    }

    fn any_ping() -> impl Strategy<Value = Ping> {
        (0..3usize, 0..3usize, -300..300i64, 1..100i64).prop_map(|(device, app, start, length)| {
            ping(["a", "b", "c"][device], ["Code", "Mail", "Chat"][app], start, start + length)
        })
    }

    proptest! {
        /// Any subset of the attempts may have been taken, and none of them hides a fault or makes one up.
        #[test]
        fn every_subset_of_the_attempts_is_right(
            sure in prop::collection::vec(any_ping(), 0..12),
            maybe in prop::collection::vec((any_ping(), any::<bool>()), 0..8),
        ) {
            let taken = maybe.iter().filter(|(_, taken)| *taken).map(|(ping, _)| ping.clone());
            let stored = timeline(&sure.iter().cloned().chain(taken).collect::<Vec<_>>(), BRIDGE);
            let attempted: Vec<Ping> = maybe.into_iter().map(|(ping, _)| ping).collect();
            prop_assert_eq!(check(&sent(&sure, &attempted), &stored, BRIDGE), Faults::default());
        }

        /// Without an acknowledged ping the timeline is either the same, or found out.
        #[test]
        fn a_lost_ping_is_found_unless_others_cover_it(
            sure in prop::collection::vec(any_ping(), 1..12),
            lost in any::<prop::sample::Index>(),
        ) {
            let mut rest = sure.clone();
            rest.remove(lost.index(sure.len()));
            let (whole, stored) = (timeline(&sure, BRIDGE), timeline(&rest, BRIDGE));
            let faults = check(&sent(&sure, &[]), &stored, BRIDGE);
            prop_assert_eq!(faults.none(), whole == stored);
            prop_assert_eq!(faults.overlaps, 0);
        }
    }
}
