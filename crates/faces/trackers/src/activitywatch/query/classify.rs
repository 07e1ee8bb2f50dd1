//! Categories and tags of events by a query's rules, after the reference's `categorize` and `tag`.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::means::Means;
use super::rules::Rules;
use super::stopped::{MOST_ROOM, Wrong, too_much};
use super::value::{Data, Event, Value, weight};

/// The category of what no rule fits.
const UNCATEGORIZED: &str = "Uncategorized";
/// A category ranks by its depth times this, so that ranks that rules tell have room between.
const DEPTH_RANK: i64 = 10;

/// Gives each event a `$category`: of those whose rules fit the deepest one, or that of the highest rank, and of several the last.
pub(super) fn categorize(events: Vec<Event>, rules: Value, means: &mut Means) -> Result<Vec<Event>, Wrong> {
    let rules = Rules::read(rules, Value::into_texts, &mut means.patterns)?;
    with_member(events, "$category", |data| {
        let fitting = rules.fitting(data, &mut means.budget)?.filter(|(category, _)| !category.is_empty());
        let rank = |(category, rank): &(&Vec<String>, Option<i64>)| {
            rank.unwrap_or((category.len() as i64).saturating_mul(DEPTH_RANK))
        };
        // Of equal ones it takes the last.
        let highest = fitting.max_by_key(rank);
        Ok(highest.map_or_else(|| vec![UNCATEGORIZED.to_owned()], |(category, _)| category.clone()).into())
    })
}

/// Gives each event its `$tags`: of all rules that fit.
pub(super) fn tag(events: Vec<Event>, rules: Value, means: &mut Means) -> Result<Vec<Event>, Wrong> {
    let rules = Rules::read(rules, Value::into_text, &mut means.patterns)?;
    with_member(events, "$tags", |data| {
        Ok(rules.fitting(data, &mut means.budget)?.map(|(tag, _)| tag.clone()).collect::<Vec<_>>().into())
    })
}

/// Gives each event a member by its data. It is worked out once for all that say the same, and they share it.
fn with_member(
    events: Vec<Event>,
    name: &str,
    mut of: impl FnMut(&Data) -> Result<Json, Wrong>,
) -> Result<Vec<Event>, Wrong> {
    let mut known: HashMap<String, (Arc<Data>, u32)> = HashMap::new();
    let (mut made, mut room) = (Vec::with_capacity(events.len()), 0);
    for event in events {
        let said = serde_json::to_string(&*event.data).unwrap_or_default();
        let (data, weight) = if let Some(same) = known.get(&said) {
            same.clone()
        } else {
            let member = of(&event.data)?;
            let weight = weight(said.len() + name.len() + member.to_string().len());
            let mut data = (*event.data).clone();
            data.insert(name.to_owned(), member);
            known.entry(said).or_insert((Arc::new(data), weight)).clone()
        };
        room += weight as usize;
        if room > MOST_ROOM {
            return Err(too_much());
        }
        made.push(Event { data, weight, ..event });
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use dayline_domain::UtcMs;
    use serde_json::json;

    use super::super::patterns::Patterns;
    use super::super::stopped::{Budget, MOST_WORK, patience_ends};
    use super::*;

    fn means() -> Means {
        Means { budget: Budget::of(MOST_WORK, patience_ends()), patterns: Patterns::default() }
    }

    fn event(data: Json) -> Event {
        let Json::Object(data) = data else { panic!("{data}") };
        let data = Arc::new(data.into_iter().collect());
        Event { number: Some(1), start: UtcMs(0), end: UtcMs(1), data, weight: 1 }
    }

    /// As the query language reads it.
    fn value(json: &Json) -> Value {
        match json {
            Json::Array(items) => Value::List(items.iter().map(value).collect()),
            Json::Object(members) => {
                Value::Object(members.iter().map(|(name, member)| (name.clone(), value(member))).collect())
            }
            Json::String(text) => Value::Text(text.clone()),
            Json::Bool(flag) => Value::Flag(*flag),
            other => Value::Number(other.as_f64().unwrap()),
        }
    }

    fn category(data: Json, rules: &Json) -> Json {
        let categorized = categorize(vec![event(data)], value(rules), &mut means()).unwrap();
        categorized[0].data["$category"].clone()
    }

    #[test]
    fn the_deepest_category_that_fits_is_chosen_and_of_equal_ones_the_last() {
        let rules = json!([
            [["Work", "Code", "Dayline"], {"type": "regex", "regex": "dayline|rust-\\d+", "ignore_case": true}],
            [["Work"], {"type": "regex", "regex": "Editor|Terminal"}],
            [["Work", "Code"], {"type": "regex", "regex": "\\.rs$"}],
            [["Work", "Text"], {"type": "regex", "regex": "\\.rs|\\.md"}],
            [["Nothing"], {"type": "none"}],
            [["Nothing"], {"type": "regex", "regex": ""}],
            [[], {"type": "regex", "regex": "."}],
        ]);
        for (data, expected) in [
            (json!({"app": "Editor", "title": "main.c"}), json!(["Work"])),
            (json!({"app": "editor", "title": "main.c"}), json!(["Uncategorized"])),
            (json!({"app": "Editor", "title": "DayLine"}), json!(["Work", "Code", "Dayline"])),
            (json!({"app": "Editor", "title": "RUST-12"}), json!(["Work", "Code", "Dayline"])),
            (json!({"app": "Editor", "title": "main.rs"}), json!(["Work", "Text"])),
            (json!({"app": "x", "n": 7, "list": ["Editor"]}), json!(["Uncategorized"])),
            (json!({}), json!(["Uncategorized"])),
        ] {
            assert_eq!(category(data.clone(), &rules), expected, "{data}");
        }
        assert_eq!(category(json!({"app": "a"}), &json!([])), json!(["Uncategorized"]));
    }

    #[test]
    fn a_rule_may_look_at_some_members_only_and_tell_its_rank() {
        let rules = json!([
            [["Title"], {"regex": "x", "select_keys": ["title", "url"]}],
            [["App", "Deep"], {"regex": "x", "select_keys": ["app"]}],
        ]);
        assert_eq!(category(json!({"app": "x", "title": "x"}), &rules), json!(["App", "Deep"]));
        assert_eq!(category(json!({"app": "y", "title": "x"}), &rules), json!(["Title"]));
        assert_eq!(category(json!({"url": "x"}), &rules), json!(["Title"]));
        assert_eq!(category(json!({"file": "x"}), &rules), json!(["Uncategorized"]));
        let ranked =
            |rank: Json| json!([[["First"], {"regex": "x", "priority": rank}], [["Second"], {"regex": "x"}]]);
        assert_eq!(category(json!({"app": "x"}), &ranked(json!(11))), json!(["First"]));
        assert_eq!(category(json!({"app": "x"}), &ranked(json!(10))), json!(["Second"]));
        let low = json!([[["Low"], {"regex": "x", "weight": -5}]]);
        assert_eq!(category(json!({"app": "x"}), &low), json!(["Low"]));
    }

    #[test]
    fn tags_are_those_of_all_rules_that_fit() {
        let rules = json!([["b", {"regex": "x"}], ["no", {"regex": "y"}], ["a", {"regex": "X", "ignore_case": true}]]);
        let tagged =
            tag(vec![event(json!({"app": "x"})), event(json!({}))], value(&rules), &mut means()).unwrap();
        assert_eq!([&tagged[0].data["$tags"], &tagged[1].data["$tags"]], [&json!(["b", "a"]), &json!([])]);
        assert_eq!(tagged[0].data["app"], json!("x"));
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_told_by_its_place() {
        let good = json!([["Good"], {"regex": "x"}]);
        let none = json!([["None"], {"type": "none"}]);
        for (rule, why) in [
            (json!("secret"), "rule 3 can't be used: an argument must be a list"),
            (json!([["secret"]]), "rule 3 can't be used: it must be a name and a rule"),
            (json!([["secret"], "secret"]), "rule 3 can't be used: an argument must be an object"),
            (json!([[7], {}]), "rule 3 can't be used: an argument must be a text"),
            (json!([[], {"regex": 7}]), "rule 3 can't be used: an argument must be a text"),
            (json!([[], {"ignore_case": 1}]), "rule 3 can't be used: an argument must be true or false"),
            (json!([[], {"priority": 1.5}]), "rule 3 can't be used: its priority must be a whole number"),
            (
                json!([["secret"], {"regex": "secret(?=x)"}]),
                "the pattern of rule 3 can't be used: look-around, including look-ahead and look-behind, is not supported",
            ),
        ] {
            let refused = categorize(Vec::new(), value(&json!([good, none, rule])), &mut means());
            assert_eq!(refused, Err(Wrong(why.into())));
        }
    }

    #[test]
    fn events_that_say_the_same_are_looked_at_once_and_matching_is_counted() {
        let rules = value(&json!([[["a"], {"regex": "x"}]]));
        let same = vec![event(json!({"app": "x"})); 1_000];
        let mut means = means();
        means.budget = Budget::of(3, patience_ends());
        let categorized = categorize(same, rules.clone(), &mut means).unwrap();
        assert!(categorized.iter().all(|event| Arc::ptr_eq(&event.data, &categorized[0].data)));
        let others: Vec<Event> = (0..4).map(|n| event(json!({"app": format!("x{n}")}))).collect();
        means.budget = Budget::of(3, patience_ends());
        assert!(
            categorize(others.clone(), rules.clone(), &mut means).unwrap_err().0.contains("does too much")
        );
        means.budget = Budget::of(4, patience_ends());
        assert!(categorize(others, rules, &mut means).is_ok());
    }

    #[test]
    fn long_names_of_categories_have_no_more_room_than_events() {
        let rules = value(&json!([[["a".repeat(200_000)], {"regex": "x"}]]));
        let events: Vec<Event> = (0..1_000).map(|n| event(json!({"app": format!("x{n}")}))).collect();
        assert_eq!(categorize(events, rules, &mut means()), Err(too_much()));
    }
}
