//! What queries make of values alone.

use serde_json::Value as Json;

use super::arguments::Arguments;
use super::means::Means;
use super::patterns::Unusable;
use super::stopped::{MOST_ROOM, MOST_WORK, Wrong, too_much};
use super::value::{Event, Value, seconds, weight};
use super::{classify, overlaps, titles, transforms, urls};

/// The result of a function that needs nothing but its arguments.
pub(super) fn operate(mut arguments: Arguments, means: &mut Means) -> Result<Value, Wrong> {
    let (function, given) = (arguments.function().to_owned(), &mut arguments);
    let events = match function.as_str() {
        "nop" => return Ok(Value::Number(1.0)),
        "sum_durations" => return sum_durations(given),
        "flood" => transforms::flood(given.last()?.into_events()?),
        "sort_by_timestamp" => transforms::sort_by_timestamp(given.last()?.into_events()?),
        "sort_by_duration" => transforms::sort_by_duration(given.last()?.into_events()?),
        "split_url_events" => urls::split_url_events(given.last()?.into_events()?),
        "limit_events" => limit_events(given)?,
        "filter_keyvals" => keyvals(given, true)?,
        "exclude_keyvals" => keyvals(given, false)?,
        "filter_keyvals_regex" => keyvals_regex(given, means)?,
        "categorize" => classify::categorize(given.events()?, given.last()?, means)?,
        "tag" => classify::tag(given.events()?, given.last()?, means)?,
        "simplify_window_titles" => titles::simplify(given.events()?, &given.last()?.into_text()?),
        "merge_events_by_keys" => {
            transforms::merge_events_by_keys(given.events()?, &given.last()?.into_texts()?)
        }
        "concat" => {
            let (events, others) = given.two()?;
            events.into_iter().chain(others).collect()
        }
        "period_union" => {
            let (events, others) = given.two()?;
            transforms::period_union(events, others)
        }
        "filter_period_intersect" => {
            let (events, periods) = given.two()?;
            transforms::filter_period_intersect(events, periods, MOST_ROOM).ok_or_else(too_much)?
        }
        "union_no_overlap" => {
            let (events, others) = given.two()?;
            overlaps::union_no_overlap(events, others, MOST_ROOM).ok_or_else(too_much)?
        }
        _ => return Err(Wrong(format!("there is no function {function} here"))),
    };
    Ok(Value::Events(events))
}

fn sum_durations(given: &mut Arguments) -> Result<Value, Wrong> {
    let events = given.last()?.into_events()?;
    Ok(Value::Number(seconds(events.iter().map(Event::length).sum())))
}

fn limit_events(given: &mut Arguments) -> Result<Vec<Event>, Wrong> {
    let mut events = given.events()?;
    events.truncate(given.last()?.into_number()?.max(0.0) as usize);
    Ok(events)
}

fn keyvals(given: &mut Arguments, wanted: bool) -> Result<Vec<Event>, Wrong> {
    let (events, key) = (given.events()?, given.next()?.into_text()?);
    let values = given.last()?.into_data()?;
    if events.len().saturating_mul(values.len()) > MOST_WORK {
        return Err(too_much());
    }
    Ok(transforms::filter_keyvals(events, &key, &values, wanted))
}

/// Those of which a member has this pattern in it.
fn keyvals_regex(given: &mut Arguments, means: &mut Means) -> Result<Vec<Event>, Wrong> {
    let (events, key) = (given.events()?, given.next()?.into_text()?);
    let pattern = given.last()?.into_text()?;
    let pattern = means.patterns.of(vec![pattern]).map_err(|unusable| match unusable {
        Unusable::One(_, why) => Wrong(format!("the pattern of filter_keyvals_regex can't be used: {why}")),
        Unusable::All(why) => Wrong(why),
    })?;
    let mut fitting = Vec::new();
    for event in events {
        let Some(Json::String(text)) = event.data.get(&key) else { continue };
        means.budget.spend(weight(text.len()) as usize)?;
        if pattern.is_match(text) {
            fitting.push(event);
        }
    }
    Ok(fitting)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use dayline_domain::UtcMs;
    use serde_json::json;

    use super::super::patterns::Patterns;
    use super::super::stopped::{Budget, patience_ends};
    use super::*;

    fn events(apps: &[Json]) -> Vec<Event> {
        let event = |app: &Json| {
            let data = Arc::new(BTreeMap::from([("app".to_owned(), app.clone())]));
            Event { number: None, start: UtcMs(0), end: UtcMs(1), data, weight: 1 }
        };
        apps.iter().map(event).collect()
    }

    /// The apps that have a pattern in them.
    fn fitting(apps: &[Json], key: &str, pattern: &str, work: usize) -> Result<Vec<Json>, Wrong> {
        let given =
            vec![Value::Events(events(apps)), Value::Text(key.to_owned()), Value::Text(pattern.to_owned())];
        let mut means = Means { budget: Budget::of(work, patience_ends()), patterns: Patterns::default() };
        let Value::Events(events) = operate(Arguments::of("filter_keyvals_regex", given), &mut means)? else {
            panic!("no events")
        };
        Ok(events.iter().map(|event| event.data["app"].clone()).collect())
    }

    #[test]
    fn texts_are_wanted_that_have_a_pattern_in_them() {
        let apps = [json!("Firefox"), json!("firefox-esr"), json!(7), json!(["Firefox"]), json!("Mail")];
        assert_eq!(fitting(&apps, "app", "^(?i)fire", 100), Ok(apps[..2].to_vec()));
        assert_eq!(fitting(&apps, "app", "F", 100), Ok(apps[..1].to_vec()));
        assert_eq!(fitting(&apps, "title", "F", 100), Ok(vec![]));
    }

    #[test]
    fn what_is_looked_at_is_counted_by_its_length() {
        let apps = [json!("a".repeat(1_279)), json!("b")];
        assert_eq!(fitting(&apps, "app", "b", 11), Ok(vec![json!("b")]));
        let refused = fitting(&apps, "app", "b", 10);
        assert_eq!(refused, Err(Wrong("the query does too much; ask for less at a time".into())));
    }
}
