//! Categories against an oracle that asks every rule, and compares them two by two in the words of the
//! documentation.
#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod support;

use std::cmp::Ordering;

use dayline_domain::labels::{
    Alias, Aliases, Categories, Category, CategoryName, Labels, Rule, Sorter, roll_up,
};
use dayline_domain::{Activity, AppName, CategoryId, Domain, Project};
use proptest::prelude::*;
use proptest::sample::select;

const APPS: [&str; 6] = ["firefox.exe", "Firefox", "Code", "Mail", "tool", "Tool.exe"];
const DOMAINS: [&str; 4] = ["a.org", "b.a.org", "c.b.a.org", "d.com"];
const PROJECTS: [&str; 3] = ["one", "One two", "three"];

fn some<T: std::fmt::Debug + Clone + 'static>(values: &[T]) -> impl Strategy<Value = Option<T>> + use<T> {
    prop::option::of(select(values.to_vec()))
}

fn activities() -> impl Strategy<Value = Activity> {
    (select(APPS.to_vec()), some(&DOMAINS), some(&PROJECTS)).prop_map(|(app, domain, project)| Activity {
        domain: domain.map(|name| Domain::new(name).unwrap()),
        project: project.map(|name| Project::new(name).unwrap()),
        ..Activity::of(AppName::new(app).unwrap())
    })
}

/// As people write them: in any case, with stars or without.
fn rules() -> impl Strategy<Value = Rule> {
    let apps = ["FIREFOX", "fire*", "code", "*", "*o*", "mail", "Web", "t*l", "tool"];
    let domains = ["a.org", "b.a.org", "*.org", "d.*", "*"];
    let projects = ["ONE", "one*", "*t*", "three"];
    (some(&apps), some(&domains), some(&projects)).prop_filter_map(
        "names nothing",
        |(app, domain, project)| {
            let domain = domain.map(|name| Domain::new(name).unwrap());
            let project = project.map(|name| Project::new(name).unwrap());
            Rule::new(app.map(|name| AppName::new(name).unwrap()), domain, project).ok()
        },
    )
}

fn categories() -> impl Strategy<Value = Categories> {
    let names = ["A", "A > B", "A > B > C", "A > C", "B", "B > A", "C"];
    let rules = prop::collection::vec(prop::collection::vec(rules(), 0..4), names.len());
    rules.prop_map(move |rules| {
        let all = (1..).zip(names).zip(rules).map(|((id, name), rules)| Category {
            id: CategoryId::from_bits(id),
            name: CategoryName::new(name).unwrap(),
            colour: None,
            rules,
        });
        Categories::of(all).unwrap()
    })
}

fn labels() -> impl Strategy<Value = Labels> {
    let said = prop::collection::vec((select(APPS.to_vec()), select(vec!["Web", "Code", "x"])), 0..4);
    (said, categories()).prop_map(|(said, categories)| {
        let name = |text: &str| AppName::new(text).unwrap();
        let said = said.into_iter().map(|(app, shown)| Alias { app: name(app), shown: name(shown) });
        Labels { aliases: Aliases::of(said).unwrap(), categories }
    })
}

/// Whether a text is as a pattern says, in the plainest way.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| is_like(rest, &text[skipped..])),
        Some((first, rest)) => text.first() == Some(first) && is_like(rest, &text[1..]),
    }
}

/// A name that an alias gives is that name; any other is one of an app.
fn meant(labels: &Labels, name: &AppName) -> AppName {
    let is_it = |alias: &&Alias| alias.shown.as_str().to_lowercase() == name.as_str().to_lowercase();
    let given = labels.aliases.said().find(is_it).map(|alias| alias.shown.clone());
    given.unwrap_or_else(|| labels.aliases.shown(name).into_owned())
}

fn fits(labels: &Labels, rule: &Rule, activity: &Activity) -> bool {
    let like = |pattern: &str, text: &str| {
        is_like(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes())
    };
    let [app, domain, project] = rule.parts();
    let shown = labels.aliases.shown(&activity.app).into_owned();
    let app = app.is_none_or(|wanted| {
        let wanted = AppName::new(wanted).unwrap();
        let is_pattern = wanted.as_str().contains('*');
        let wanted = if is_pattern { wanted } else { meant(labels, &wanted) };
        like(wanted.as_str(), shown.as_str())
    });
    let domain = domain.is_none_or(|wanted| {
        let Some(host) = &activity.domain else { return false };
        let parts: Vec<&str> = host.as_str().split('.').collect();
        (0..parts.len()).any(|n| like(wanted, &parts[n..].join(".")))
    });
    let project = project
        .is_none_or(|wanted| activity.project.as_ref().is_some_and(|project| like(wanted, project.as_str())));
    app && domain && project
}

/// Which of two rules is asked first.
fn compare(
    labels: &Labels,
    (name, rule): (&CategoryName, &Rule),
    (other_name, other): (&CategoryName, &Rule),
) -> Ordering {
    let has = |rule: &Rule, part: usize| rule.parts()[part].is_some();
    for part in [2, 1, 0] {
        if has(rule, part) != has(other, part) {
            return if has(rule, part) { Ordering::Less } else { Ordering::Greater };
        }
    }
    let characters = |rule: &Rule| {
        let [app, domain, project] = rule.parts().map(|part| part.unwrap_or("").to_owned());
        let app = match AppName::new(&app) {
            Ok(name) if !app.contains('*') => meant(labels, &name).as_str().to_owned(),
            _ => app,
        };
        (app + &domain + &project).chars().filter(|c| *c != '*').count()
    };
    characters(other).cmp(&characters(rule)).then_with(|| name.cmp(other_name))
}

/// The first of the rules that fit, among the categories within one, and on from there.
fn oracle(labels: &Labels, activity: &Activity, within: Option<&CategoryName>) -> Option<CategoryName> {
    let mut fitting = Vec::new();
    for category in &labels.categories {
        if within.is_none_or(|around| category.name.is_within(around)) {
            let rules = category.rules.iter().filter(|rule| fits(labels, rule, activity));
            fitting.extend(rules.map(|rule| (&category.name, rule)));
        }
    }
    let first = fitting.into_iter().min_by(|a, b| compare(labels, *a, *b));
    match first {
        Some((name, _)) => oracle(labels, activity, Some(name)),
        None => within.cloned(),
    }
}

proptest! {
    #![proptest_config(support::cases(2_000))]

    #[test]
    fn time_belongs_where_asking_every_rule_says(labels in labels(), activity in activities()) {
        let Activity { app, domain, project, .. } = &activity;
        let found = Sorter::of(&labels).category(app, domain.as_ref(), project.as_ref()).cloned();
        prop_assert_eq!(found, oracle(&labels, &activity, None));
    }

    #[test]
    fn no_time_is_lost_or_counted_twice_when_it_is_rolled_up(
        own in prop::collection::btree_map(select(vec!["A", "A > B", "A > B > C", "B > C", "C > B > A"]), 1i64..1_000, 0..5),
        none in 0i64..1_000,
    ) {
        let named = own.iter().map(|(name, ms)| (CategoryName::new(name).ok(), *ms));
        let rows = roll_up(named.chain([(None, none)]));
        let all: i64 = own.values().sum::<i64>() + none;
        prop_assert_eq!(rows.iter().map(|row| row.own_ms).sum::<i64>(), all);
        let outermost = rows.iter().filter(|row| row.category.as_ref().is_none_or(|name| name.depth() == 1));
        prop_assert_eq!(outermost.map(|row| row.all_ms).sum::<i64>(), all);
        for row in &rows {
            let within = own.iter().filter(|(name, _)| match &row.category {
                Some(around) => CategoryName::new(name).is_ok_and(|name| name == *around || name.is_within(around)),
                None => false,
            });
            let expected = within.map(|(_, ms)| ms).sum::<i64>() + if row.category.is_none() { none } else { 0 };
            prop_assert_eq!(row.all_ms, expected);
        }
    }
}

#[test]
fn more_exact_rules_are_asked_first_and_deeper_categories_win() {
    let rule = |app: Option<&str>, domain: Option<&str>, project: Option<&str>| {
        let domain = domain.map(|name| Domain::new(name).unwrap());
        let project = project.map(|name| Project::new(name).unwrap());
        Rule::new(app.map(|name| AppName::new(name).unwrap()), domain, project).unwrap()
    };
    let rows = [
        ("Browsing", vec![rule(Some("firefox.exe"), None, None)]),
        ("News", vec![rule(None, Some("news.org"), None)]),
        ("News > Sport", vec![rule(None, Some("sport.news.org"), None)]),
        ("Work", vec![rule(None, None, Some("dayline"))]),
        ("Work > Code", vec![rule(Some("Code"), None, None)]),
    ];
    let category = |(id, (name, rules))| Category {
        id: CategoryId::from_bits(id),
        name: CategoryName::new(name).unwrap(),
        colour: None,
        rules,
    };
    let categories = Categories::of((1..).zip(rows).map(category)).unwrap();
    let labels = Labels { categories, ..Labels::default() };
    let sorter = Sorter::of(&labels);
    let found = |app: &str, domain: Option<&str>, project: Option<&str>| {
        let domain = domain.map(|name| Domain::new(name).unwrap());
        let project = project.map(|name| Project::new(name).unwrap());
        let found = sorter.category(&AppName::new(app).unwrap(), domain.as_ref(), project.as_ref());
        found.map(ToString::to_string)
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(found("Firefox", None, None), named("Browsing"));
    assert_eq!(found("org.mozilla.firefox", Some("news.org"), None), named("News"));
    assert_eq!(found("Firefox", Some("live.sport.news.org"), None), named("News > Sport"));
    assert_eq!(found("Vim", None, Some("Dayline")), named("Work"));
    // The project decides for work; within work the app is more exact still.
    assert_eq!(found("code.exe", None, Some("dayline")), named("Work > Code"));
    assert_eq!(found("Mail", None, None), None);
}
