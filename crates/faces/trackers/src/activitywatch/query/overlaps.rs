//! Two lists of events of which one goes before the other, after what the reference says of its `union_no_overlap`: that leaves some
//! overlaps, where one of the first events overlaps several of the others.

use super::transforms::{period_union, sort_by_timestamp};
use super::value::Event;

/// All of the first events, and of the others what lies beside those, in the order of time. `None` if these are more than `most`.
pub(super) fn union_no_overlap(events: Vec<Event>, others: Vec<Event>, most: usize) -> Option<Vec<Event>> {
    let taken = period_union(events.clone(), Vec::new());
    let mut all = events;
    let mut first = 0;
    for other in sort_by_timestamp(others) {
        // Both come by their start: what ended before this one ended before all later ones.
        while taken.get(first).is_some_and(|period| period.end <= other.start) {
            first += 1;
        }
        let mut start = other.start;
        for period in taken[first..].iter().take_while(|period| period.start < other.end) {
            if start < period.start {
                all.push(Event { start, end: period.start, ..other.clone() });
            }
            start = period.end;
            if all.len() > most {
                return None;
            }
        }
        let is_moment = other.start == other.end && !is_inside(&taken[first..], &other);
        if start < other.end || is_moment {
            all.push(Event { start, ..other });
        }
    }
    (all.len() <= most).then(|| sort_by_timestamp(all))
}

/// Whether an event begins within the first of these periods.
fn is_inside(taken: &[Event], event: &Event) -> bool {
    taken.first().is_some_and(|period| period.start < event.start)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dayline_domain::UtcMs;
    use proptest::prelude::*;

    use super::*;

    fn events(number: u64, spans: &[(i64, i64)]) -> Vec<Event> {
        let event = |&(start, end): &(i64, i64)| Event {
            number: Some(number),
            start: UtcMs(start),
            end: UtcMs(end),
            data: Arc::default(),
            weight: 1,
        };
        spans.iter().map(event).collect()
    }

    fn union(first: &[(i64, i64)], second: &[(i64, i64)], most: usize) -> Option<Vec<(u64, i64, i64)>> {
        let union = union_no_overlap(events(1, first), events(2, second), most)?;
        Some(union.iter().map(|event| (event.number.unwrap(), event.start.0, event.end.0)).collect())
    }

    #[test]
    fn the_first_events_go_before_the_others() {
        let (first, second) = ([(0, 3), (7, 9), (14, 17)], [(2, 6), (11, 18), (18, 18), (15, 15), (20, 22)]);
        let expected = [
            (1, 0, 3),
            (2, 3, 6),
            (1, 7, 9),
            (2, 11, 14),
            (1, 14, 17),
            (2, 17, 18),
            (2, 18, 18),
            (2, 20, 22),
        ];
        assert_eq!(union(&first, &second, 8).unwrap(), expected);
        assert_eq!(union(&first, &second, 7), None);
        assert_eq!(union(&[], &second, 9).unwrap().len(), 5);
        assert_eq!(union(&first, &[], 9).unwrap().len(), 3);
    }

    fn spans() -> impl Strategy<Value = Vec<(i64, i64)>> {
        let span = (0i64..40, 0i64..8).prop_map(|(start, length)| (start, start + length));
        proptest::collection::vec(span, 0..8)
    }

    proptest! {
        #[test]
        fn each_moment_has_its_first_events_or_else_its_others(first in spans(), second in spans()) {
            let union = union(&first, &second, usize::MAX).unwrap();
            prop_assert!(union.is_sorted_by_key(|(_, start, _)| *start));
            for moment in 0..50 {
                let at = |spans: &[(i64, i64)]| spans.iter().filter(|(start, end)| (*start..*end).contains(&moment)).count();
                let of = |number: u64| union.iter().filter(|(of, start, end)| *of == number && (*start..*end).contains(&moment)).count();
                prop_assert_eq!(of(1), at(&first));
                prop_assert_eq!(of(2), if at(&first) > 0 { 0 } else { at(&second) });
            }
        }
    }
}
