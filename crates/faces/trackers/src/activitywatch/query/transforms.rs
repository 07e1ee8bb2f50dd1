//! What can be made of events: pure functions, after those of the reference's aw-transform.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::value::Event;

/// Gaps that are shorter than this are filled, in milliseconds.
const FLOOD_MS: i64 = 5_000;

/// Orders events by when they begin.
pub(super) fn sort_by_timestamp(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| event.start);
    events
}

/// Orders events by their length, the longest first.
pub(super) fn sort_by_duration(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| Reverse(event.length()));
    events
}

/// Fills short gaps: equal neighbours become one event, others meet in the middle.
pub(super) fn flood(events: Vec<Event>) -> Vec<Event> {
    let mut flooded: Vec<Event> = Vec::with_capacity(events.len());
    for mut event in sort_by_timestamp(events) {
        let Some(last) = flooded.last_mut() else {
            flooded.push(event);
            continue;
        };
        let gap = event.start.since(last.end);
        if gap < FLOOD_MS && last.data == event.data {
            last.end = last.end.max(event.end);
            continue;
        }
        if (1..FLOOD_MS).contains(&gap) {
            last.end = last.end.plus(gap / 2);
            event.start = last.end;
        }
        flooded.push(event);
    }
    flooded
}

/// Those of which a member has one of these values, or of which it has none of them.
pub(super) fn filter_keyvals(mut events: Vec<Event>, key: &str, values: &[Json], wanted: bool) -> Vec<Event> {
    events.retain(|event| event.data.get(key).is_some_and(|value| values.contains(value)) == wanted);
    events
}

/// The parts of events that lie in any of the others, which are taken as they overlap: as one period. `None` if they are more
/// than `most`.
pub(super) fn filter_period_intersect(
    events: Vec<Event>,
    periods: Vec<Event>,
    most: usize,
) -> Option<Vec<Event>> {
    let periods = period_union(periods, Vec::new());
    let mut parts = Vec::new();
    let mut first = 0;
    for event in sort_by_timestamp(events) {
        // Events come by their start, and so do periods: what ended before this one ends before all others.
        while periods.get(first).is_some_and(|period| period.end < event.start) {
            first += 1;
        }
        for period in periods[first..].iter().take_while(|period| period.start < event.end) {
            let (start, end) = (event.start.max(period.start), event.end.min(period.end));
            if start < end {
                parts.push(Event { start, end, ..event.clone() });
            }
            if parts.len() > most {
                return None;
            }
        }
    }
    Some(parts)
}

/// The periods that any of these events cover, without data.
pub(super) fn period_union(events: Vec<Event>, others: Vec<Event>) -> Vec<Event> {
    let mut union: Vec<Event> = Vec::new();
    let all = events.into_iter().chain(others).collect();
    for event in sort_by_timestamp(all) {
        match union.last_mut() {
            Some(last) if event.start <= last.end => last.end = last.end.max(event.end),
            _ => union.push(Event { number: None, data: Arc::default(), weight: 1, ..event }),
        }
    }
    union
}

/// One event for each combination of these members' values, as long as all that have it together. Those that lack one are left out.
pub(super) fn merge_events_by_keys(events: Vec<Event>, keys: &[String]) -> Vec<Event> {
    let mut places = BTreeMap::new();
    let mut merged: Vec<Event> = Vec::new();
    for event in events {
        let values = keys.iter().map(|key| Some((key.clone(), event.data.get(key)?.clone())));
        let Some(data) = values.collect::<Option<BTreeMap<_, _>>>() else { continue };
        let id: Vec<String> = data.values().map(Json::to_string).collect();
        let place = *places.entry(id).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(same) => same.end = same.end.plus(event.length()),
            None => merged.push(Event { number: None, data: Arc::new(data), ..event }),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;
    use serde_json::json;

    use super::*;

    fn event(start: i64, end: i64, app: &str, title: &str) -> Event {
        let data = BTreeMap::from([("app".to_owned(), json!(app)), ("title".to_owned(), json!(title))]);
        Event {
            number: Some(start as u64),
            start: UtcMs(start),
            end: UtcMs(end),
            data: Arc::new(data),
            weight: 1,
        }
    }

    fn told(events: &[Event]) -> Vec<(i64, i64, String)> {
        let app = |event: &Event| event.data.get("app").and_then(Json::as_str).unwrap_or("-").to_owned();
        events.iter().map(|event| (event.start.0, event.end.0, app(event))).collect()
    }

    #[test]
    fn gaps_are_flooded_as_the_reference_does() {
        let events = vec![
            event(20_000, 21_000, "b", ""),
            event(0, 10_000, "a", ""),
            event(12_000, 15_000, "a", ""),
            event(18_000, 20_000, "b", ""),
            event(26_000, 27_000, "b", ""),
            event(26_500, 30_000, "c", ""),
        ];
        let expected = [
            (0, 16_500, "a".to_owned()),
            (16_500, 21_000, "b".to_owned()),
            (26_000, 27_000, "b".to_owned()),
            (26_500, 30_000, "c".to_owned()),
        ];
        assert_eq!(told(&flood(events)), expected);
        assert_eq!(flood(Vec::new()), []);
    }

    #[test]
    fn events_are_cut_to_periods_however_those_overlap() {
        let events = vec![event(0, 100, "a", ""), event(50, 60, "b", ""), event(200, 300, "c", "")];
        let periods =
            vec![event(10, 20, "", ""), event(15, 55, "", ""), event(90, 250, "", ""), event(58, 58, "", "")];
        assert_eq!(filter_period_intersect(events.clone(), periods.clone(), 3), None);
        let cut = filter_period_intersect(events, periods, 4).unwrap();
        let expected = [(10, 55, "a"), (90, 100, "a"), (50, 55, "b"), (200, 250, "c")];
        assert_eq!(told(&cut), expected.map(|(start, end, app)| (start, end, app.to_owned())));
    }

    #[test]
    fn a_union_of_periods_has_each_moment_once() {
        let union = period_union(
            vec![event(0, 10, "a", ""), event(30, 40, "a", "")],
            vec![event(5, 20, "b", ""), event(20, 25, "b", "")],
        );
        assert_eq!(told(&union), [(0, 25, "-".to_owned()), (30, 40, "-".to_owned())]);
    }

    #[test]
    fn events_are_merged_by_the_members_that_are_named() {
        let events = vec![
            event(0, 10, "a", "1"),
            event(20, 50, "b", "1"),
            event(60, 65, "a", "2"),
            event(70, 72, "a", "1"),
        ];
        let by = |keys: &[&str]| {
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            sort_by_duration(merge_events_by_keys(events.clone(), &keys))
        };
        assert_eq!(told(&by(&["app"])), [(20, 50, "b".to_owned()), (0, 17, "a".to_owned())]);
        assert_eq!(by(&["app", "title"]).len(), 3);
        assert_eq!(by(&["url"]), []);
    }

    #[test]
    fn members_are_wanted_or_not() {
        let events = vec![event(0, 1, "a", ""), event(1, 2, "b", ""), event(2, 3, "c", "")];
        let values = [json!("a"), json!("c")];
        assert_eq!(told(&filter_keyvals(events.clone(), "app", &values, true)).len(), 2);
        assert_eq!(told(&filter_keyvals(events.clone(), "app", &values, false)), [(1, 2, "b".to_owned())]);
        assert_eq!(filter_keyvals(events, "status", &values, true), []);
    }
}
