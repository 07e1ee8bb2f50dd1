//! Sets of instants. Written here once more, so that the checker does not take the domain's word.

use dayline_domain::Interval;

/// A set of instants: intervals in order, with gaps between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Instants(Vec<Interval>);

impl Instants {
    /// The parts of an interval that are not in the set, in order.
    pub(super) fn gaps(&self, within: Interval) -> Vec<Interval> {
        let first = self.0.partition_point(|known| known.end() <= within.start());
        let met = self.0[first..].iter().take_while(|known| known.start() < within.end());
        let (mut gaps, mut at) = (Vec::new(), within.start());
        for known in met {
            gaps.extend(Interval::new(at, known.start()));
            at = known.end();
        }
        gaps.extend(Interval::new(at, within.end()));
        gaps
    }

    /// Whether all of an interval is in the set.
    pub(super) fn hold(&self, whole: Interval) -> bool {
        self.gaps(whole).is_empty()
    }

    /// Its intervals.
    pub(super) fn iter(&self) -> impl Iterator<Item = Interval> {
        self.0.iter().copied()
    }
}

impl FromIterator<Interval> for Instants {
    fn from_iter<Intervals: IntoIterator<Item = Interval>>(intervals: Intervals) -> Self {
        let mut sorted: Vec<Interval> = intervals.into_iter().collect();
        sorted.sort_unstable();
        let mut united = Vec::<Interval>::new();
        for next in sorted {
            match united.last_mut() {
                Some(last) if next.start() <= last.end() => *last = last.hull(next),
                _ => united.push(next),
            }
        }
        Self(united)
    }
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;
    use proptest::prelude::*;

    use super::*;

    fn intervals() -> impl Strategy<Value = Vec<Interval>> {
        let interval = (0i64..50, 1i64..10)
            .prop_map(|(start, ms)| Interval::new(UtcMs(start), UtcMs(start + ms)).unwrap());
        prop::collection::vec(interval, 1..8)
    }

    fn covers(intervals: impl IntoIterator<Item = Interval>, at: i64) -> bool {
        intervals.into_iter().any(|known| known.start() <= UtcMs(at) && UtcMs(at) < known.end())
    }

    proptest! {
        #[test]
        fn a_set_has_each_instant_of_its_intervals_and_no_other(known in intervals(), asked in intervals()) {
            let set: Instants = known.iter().copied().collect();
            let asked = asked[0];
            for at in 0..70 {
                prop_assert_eq!(covers(set.iter(), at), covers(known.clone(), at));
                let is_gap = covers([asked], at) && !covers(known.clone(), at);
                prop_assert_eq!(covers(set.gaps(asked), at), is_gap);
            }
            let all = (asked.start().0..asked.end().0).all(|at| covers(known.clone(), at));
            prop_assert_eq!(set.hold(asked), all);
            let parts: Vec<Interval> = set.iter().collect();
            prop_assert!(parts.array_windows().all(|[a, b]| a.end() < b.start()));
        }
    }
}
