//! Rules of a query that say which events are of a kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::RegexSet;
use serde_json::Value as Json;

use super::patterns::{Patterns, Unusable};
use super::stopped::{Budget, Wrong};
use super::value::{Data, Value, weight};

/// What one rule says: a pattern for the texts of an event, or for some of them.
struct Rule {
    /// Its place among all, from 1 on.
    number: usize,
    /// The members that it looks at; all if there are none.
    keys: Vec<String>,
    /// What it is to be ranked by, if that is told.
    rank: Option<i64>,
}

/// Rules that name kinds.
pub(super) struct Rules<K> {
    rules: Vec<(K, Rule)>,
    patterns: Arc<RegexSet>,
}

impl<K> Rules<K> {
    /// Reads a list of pairs of a kind and a rule. Rules that have no pattern fit nothing.
    ///
    /// # Errors
    /// What is wrong with a rule, by its place.
    pub(super) fn read(
        list: Value,
        kind: impl Fn(Value) -> Result<K, Wrong>,
        patterns: &mut Patterns,
    ) -> Result<Self, Wrong> {
        let (mut rules, mut texts) = (Vec::new(), Vec::new());
        for (at, pair) in list.into_list()?.into_iter().enumerate() {
            let number = at + 1;
            let wrong = |Wrong(why)| Wrong(format!("rule {number} can't be used: {why}"));
            let pair: Result<[Value; 2], _> = pair.into_list().map_err(wrong)?.try_into();
            let [named, rule] = pair.map_err(|_| wrong(Wrong("it must be a name and a rule".into())))?;
            let named = kind(named).map_err(wrong)?;
            if let Some((rule, text)) = read_rule(number, rule).map_err(wrong)? {
                rules.push((named, rule));
                texts.push(text);
            }
        }
        let patterns = patterns.of(texts).map_err(|unusable| match unusable {
            Unusable::One(at, why) => {
                let number = rules.get(at).map_or(0, |(_, rule): &(K, Rule)| rule.number);
                Wrong(format!("the pattern of rule {number} can't be used: {why}"))
            }
            Unusable::All(why) => Wrong(why),
        })?;
        Ok(Self { rules, patterns })
    }

    /// The kinds whose rules fit, in order, with how they are to be ranked if that was told.
    ///
    /// # Errors
    /// When the budget is spent.
    pub(super) fn fitting(
        &self,
        data: &Data,
        budget: &mut Budget,
    ) -> Result<impl Iterator<Item = (&K, Option<i64>)>, Wrong> {
        let mut fits = vec![false; self.rules.len()];
        for (key, value) in data {
            let Json::String(text) = value else { continue };
            budget.spend(weight(text.len()) as usize)?;
            for at in &self.patterns.matches(text) {
                let keys = &self.rules[at].1.keys;
                fits[at] |= keys.is_empty() || keys.contains(key);
            }
        }
        let fitting = self.rules.iter().zip(fits).filter(|(_, fits)| *fits);
        Ok(fitting.map(|((kind, rule), _)| (kind, rule.rank)))
    }
}

/// A rule and its pattern.
fn read_rule(number: usize, rule: Value) -> Result<Option<(Rule, String)>, Wrong> {
    let mut members = rule.into_members()?;
    let keys = members.remove("select_keys").map_or(Ok(Vec::new()), Value::into_texts)?;
    let rank = rank(&mut members)?;
    let ignores_case = members.remove("ignore_case").map_or(Ok(false), Value::into_flag)?;
    let text = members.remove("regex").map_or(Ok(String::new()), Value::into_text)?;
    if text.is_empty() {
        return Ok(None);
    }
    let text = if ignores_case { format!("(?i){text}") } else { text };
    Ok(Some((Rule { number, keys, rank }, text)))
}

/// The rank that a rule tells, under either of its names.
fn rank(members: &mut BTreeMap<String, Value>) -> Result<Option<i64>, Wrong> {
    let weight = members.remove("weight");
    let Some(told) = members.remove("priority").or(weight) else { return Ok(None) };
    let whole = Some(told.into_number()?).filter(|told| told.fract() == 0.0 && told.abs() < 9e15);
    whole.map(|told| Some(told as i64)).ok_or_else(|| Wrong("its priority must be a whole number".into()))
}
