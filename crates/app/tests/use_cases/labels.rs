//! Aliases and categories: how they are said, and that all that is shown follows at once.

use std::sync::Arc;

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{LabelBook, MarkedLabels, Partition};
use dayline_app::reporting::export::{Page, open};
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::labels::{
    CategoryDraft, RuleAsked, add_category, add_rule, change_category, delete_category, labels, remove_alias,
    remove_rule, rename_category, resolve_rule, set_alias, set_aliases, take_starter,
};
use dayline_app::reporting::reports::{DaysAsked, read_version, report, resolve_days, unsorted};
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_app::{AppError, FieldError};
use dayline_contract::fakes::FakeApp;
use dayline_domain::labels::{Alias, Aliases, Categories, CategoryName, Colour, Rule, starter};
use dayline_domain::report::{Filter, Grouping, LocalDays, Report, Unsorted};
use dayline_domain::{AppName, CategoryId, DAY_MS, Domain, Interval, LocalDate, Scope, Scopes};

use super::{caller, login, register, send, used, with_ada};

fn name(text: &str) -> CategoryName {
    CategoryName::new(text).unwrap()
}

fn app(text: &str) -> AppName {
    AppName::new(text).unwrap()
}

fn of_app(text: &str) -> Rule {
    Rule::new(Some(app(text)), None, None).unwrap()
}

fn draft(text: &str, rules: &[Rule]) -> CategoryDraft {
    CategoryDraft { name: name(text), colour: None, rules: rules.to_vec() }
}

fn alias(text: &str, shown: &str) -> Alias {
    Alias { app: app(text), shown: app(shown) }
}

async fn names(world: &FakeApp, ada: &Caller) -> Vec<String> {
    let all = labels(&world.app, ada).await.unwrap().categories;
    all.iter().map(|category| category.name.to_string()).collect()
}

fn wrong_field<T: std::fmt::Debug>(outcome: Result<T, AppError>) -> String {
    match outcome {
        Err(AppError::Invalid(errors)) => errors[0].field.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Ada, with an hour of Firefox on each of 41 days, told by two names, and one of Code today.
async fn with_history() -> (Arc<FakeApp>, Caller, LocalDays) {
    let (world, ada) = with_ada().await;
    let hour = |days_ago: i64, hour: i64| {
        let start = world.app.clock.now().plus(-days_ago * DAY_MS - hour * 3_600_000);
        Interval::new(start, start.plus(3_600_000)).unwrap()
    };
    let browser = |n: i64| if n % 2 == 0 { "firefox.exe" } else { "Firefox" };
    let mut seen: Vec<_> = (0..41).map(|n| used(browser(n), Some("a.org"), hour(n, 3))).collect();
    seen.push(used("Code", None, hour(0, 1)));
    send(&world, ada.user, &seen).await;
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default()).step().await.unwrap();
    let date = |text: &str| text.parse::<LocalDate>().ok();
    let asked = DaysAsked { from: date("2026-10-01"), to: date("2026-11-30"), ..DaysAsked::default() };
    let days = resolve_days(&world.app, &ada, asked).await.unwrap();
    (world, ada, days)
}

/// Hours by category.
async fn by_category(world: &FakeApp, ada: &Caller, days: &LocalDays) -> Vec<(String, i64)> {
    let answer = report(&world.app, ada, Grouping::Categories, days, &Filter::ALL).await.unwrap().answer;
    let Report::Categories(totals) = answer else { panic!("{answer:?}") };
    let shown = |name: Option<CategoryName>| name.map_or_else(String::new, |name| name.to_string());
    totals.most_first().into_iter().map(|(name, ms)| (shown(name), ms / 3_600_000)).collect()
}

#[tokio::test]
async fn all_of_history_follows_categories_at_once_also_where_it_is_made_of_sums() {
    let (world, ada, days) = with_history().await;
    let rows =
        |rows: &[(&str, i64)]| rows.iter().map(|(name, h)| ((*name).to_owned(), *h)).collect::<Vec<_>>();
    let week = LocalDays { from: days.to.plus_days(-13), to: days.to.plus_days(-8), ..days.clone() };
    assert_eq!(by_category(&world, &ada, &days).await, rows(&[("", 42)]));
    let web = add_category(&world.app, &ada, draft("Web", &[of_app("firefox")])).await.unwrap();
    assert_eq!(by_category(&world, &ada, &days).await, rows(&[("Web", 41), ("", 1)]));
    assert_eq!(by_category(&world, &ada, &week).await, rows(&[("Web", 4), ("", 1)]));
    let page = resolve_rule(&world.app, RuleAsked { domain: Some("A.org".into()), ..RuleAsked::default() });
    add_category(&world.app, &ada, draft("Web > Reading", &[page.unwrap()])).await.unwrap();
    assert_eq!(by_category(&world, &ada, &days).await, rows(&[("Web > Reading", 41), ("", 1)]));
    delete_category(&world.app, &ada, web.id).await.unwrap();
    assert_eq!(names(&world, &ada).await, ["Web > Reading"]);
    assert_eq!(by_category(&world, &ada, &days).await, rows(&[("Web > Reading", 41), ("", 1)]));
}

#[tokio::test]
async fn reports_and_their_filters_know_apps_by_the_names_they_are_shown_by() {
    let (world, ada, days) = with_history().await;
    let by_app = async |filter: &Filter| {
        let answer = report(&world.app, &ada, Grouping::Apps, &days, filter).await.unwrap().answer;
        let Report::Apps(totals) = answer else { panic!("{answer:?}") };
        let rows = totals.most_first().into_iter();
        rows.map(|(app, ms)| (app.as_str().to_owned(), ms / 3_600_000)).collect::<Vec<_>>()
    };
    let of = |app: &str| {
        resolve_filter(&world.app, FilterAsked { app: Some(app.into()), ..FilterAsked::default() }).unwrap()
    };
    let row = |app: &str, hours: i64| (app.to_owned(), hours);
    assert_eq!(by_app(&Filter::ALL).await, [row("Firefox", 41), row("Code", 1)]);
    set_alias(&world.app, &ada, alias("FIREFOX", "The web")).await.unwrap();
    assert_eq!(by_app(&Filter::ALL).await, [row("The web", 41), row("Code", 1)]);
    assert_eq!(by_app(&of("The web")).await, [row("The web", 41)]);
    assert_eq!(by_app(&of("firefox.exe")).await, [row("The web", 41)]);
    assert_eq!(by_app(&of("Mail")).await, []);
    remove_alias(&world.app, &ada, &app("firefox.exe")).await.unwrap();
    assert_eq!(by_app(&of("Firefox")).await, [row("Firefox", 41)]);
}

#[tokio::test]
async fn the_timeline_has_the_names_that_trackers_told_unless_others_are_wanted() {
    let (world, ada, days) = with_history().await;
    let read = async |shown: bool| {
        let beside = Beside { outranked: true, away: false };
        let mut timeline = timeline(&world.app, &ada, days.interval(), beside).await.unwrap().answer;
        if shown {
            timeline = timeline.with_shown_names();
        }
        let mut apps = std::collections::BTreeSet::new();
        for mut pieces in [timeline.counted, timeline.outranked.unwrap()] {
            while let Some(more) = pieces.next().await.unwrap() {
                apps.extend(more.iter().map(|piece| piece.source.activity.app.as_str().to_owned()));
            }
        }
        apps.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(read(false).await, ["Code", "Firefox", "firefox.exe"]);
    assert_eq!(read(true).await, ["Code", "Firefox"]);
}

#[tokio::test]
async fn every_report_has_another_version_when_labels_change_and_none_when_they_do_not() {
    let (world, ada, days) = with_history().await;
    let version = async || read_version(&world.app, &ada, days.interval()).await.unwrap();
    let mut before = version().await;
    let mut differs = async |changes: bool| {
        let now = version().await;
        for grouping in Grouping::ALL {
            let read = report(&world.app, &ada, grouping, &days, &Filter::ALL).await.unwrap();
            assert_eq!(read.version, now, "{grouping:?}");
        }
        let read = timeline(&world.app, &ada, days.interval(), Beside::default()).await.unwrap();
        assert_eq!((read.version, now != before), (now.clone(), changes));
        before = now;
    };
    let work = add_category(&world.app, &ada, draft("Work", &[])).await.unwrap();
    differs(true).await;
    change_category(&world.app, &ada, work.id, draft("Work", &[])).await.unwrap();
    differs(false).await;
    rename_category(&world.app, &ada, work.id, name("Work"), Some(Colour::Teal)).await.unwrap();
    differs(true).await;
    set_aliases(&world.app, &ada, vec![alias("a", "b")]).await.unwrap();
    differs(true).await;
    set_aliases(&world.app, &ada, vec![alias("a", "b")]).await.unwrap();
    differs(false).await;
    delete_category(&world.app, &ada, work.id).await.unwrap();
    differs(true).await;
}

#[tokio::test]
async fn what_has_no_category_is_listed_until_it_is_put_into_one() {
    let (world, ada, days) = with_history().await;
    let listed = async || unsorted(&world.app, &ada, &days).await.unwrap();
    let hours = |hours: i64| hours * 3_600_000;
    let page = Unsorted::Domain(Domain::new("a.org").unwrap());
    let editor = Unsorted::App(app("Code"));
    assert_eq!(listed().await, [(page, hours(41)), (editor.clone(), hours(1))]);
    let web = add_category(&world.app, &ada, draft("Web", &[])).await.unwrap();
    add_rule(&world.app, &ada, web.id, of_app("Firefox")).await.unwrap();
    assert_eq!(listed().await, [(editor, hours(1))]);
}

#[tokio::test]
async fn rules_come_and_go_one_by_one_and_names_take_those_within_along() {
    let (world, ada) = with_ada().await;
    let work = add_category(&world.app, &ada, draft("Work", &[of_app("Code")])).await.unwrap();
    add_category(&world.app, &ada, draft("Work > Code", &[])).await.unwrap();
    let rules =
        async || labels(&world.app, &ada).await.unwrap().categories.find(work.id).unwrap().rules.clone();
    add_rule(&world.app, &ada, work.id, of_app("Vim")).await.unwrap();
    add_rule(&world.app, &ada, work.id, of_app("Vim")).await.unwrap();
    assert_eq!(rules().await, [of_app("Code"), of_app("Vim")]);
    remove_rule(&world.app, &ada, work.id, &of_app("Code")).await.unwrap();
    remove_rule(&world.app, &ada, work.id, &of_app("Code")).await.unwrap();
    assert_eq!(rules().await, [of_app("Vim")]);
    rename_category(&world.app, &ada, work.id, name("Job"), None).await.unwrap();
    assert_eq!(names(&world, &ada).await, ["Job", "Job > Code"]);
    assert_eq!(rules().await, [of_app("Vim")]);
    let gone = CategoryId::from_bits(7);
    assert_eq!(add_rule(&world.app, &ada, gone, of_app("a")).await, Err(AppError::NotFound));
    assert_eq!(delete_category(&world.app, &ada, gone).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn what_is_wrong_names_the_field() {
    let (world, ada) = with_ada().await;
    add_category(&world.app, &ada, draft("Work", &[])).await.unwrap();
    assert_eq!(wrong_field(add_category(&world.app, &ada, draft("Work", &[])).await), "name");
    let many: Vec<Rule> = (0..=Categories::MAX_RULES).map(|n| of_app(&n.to_string())).collect();
    assert_eq!(wrong_field(add_category(&world.app, &ada, draft("x", &many)).await), "rules");
    let long: Vec<Rule> = (100..400).map(|n| of_app(&format!("{n}{}", "x".repeat(250)))).collect();
    assert_eq!(wrong_field(add_category(&world.app, &ada, draft("x", &long)).await), "rules");
    let many = (0..=Aliases::MAX).map(|n| alias(&n.to_string(), "x")).collect();
    assert_eq!(wrong_field(set_aliases(&world.app, &ada, many).await), "aliases");
    assert_eq!(names(&world, &ada).await, ["Work"]);
    let asked = |app: &str, domain: &str, project: &str| RuleAsked {
        app: Some(app.into()),
        domain: Some(domain.into()),
        project: Some(project.into()),
    };
    let fields = |asked| {
        resolve_rule(&world.app, asked).map_err(|errors: Vec<FieldError>| {
            errors.into_iter().map(|error| error.field.into_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(fields(asked(" ", "", "")), Err(vec!["app".to_owned()]));
    assert_eq!(
        fields(asked("a\0", "a b", "p\0")),
        Err(["app", "domain", "project"].map(String::from).to_vec())
    );
    let rule = fields(asked(" Code ", "WWW.Rust-Lang.org", "")).unwrap();
    assert_eq!(rule.parts(), [Some("Code"), Some("rust-lang.org"), None]);
    assert_eq!(fields(asked("", " *.Rust-Lang.org ", "")).unwrap().parts()[1], Some("*.rust-lang.org"));
}

#[tokio::test]
async fn the_categories_to_begin_with_leave_alone_what_there_is() {
    let (world, ada) = with_ada().await;
    add_category(&world.app, &ada, draft("Work > Code", &[of_app("mine")])).await.unwrap();
    for _ in 0..2 {
        take_starter(&world.app, &ada).await.unwrap();
        assert_eq!(names(&world, &ada).await.len(), starter().count());
    }
    let all = labels(&world.app, &ada).await.unwrap().categories;
    let code = all.iter().find(|category| category.name == name("Work > Code")).unwrap();
    assert_eq!(code.rules, [of_app("mine")]);
}

#[tokio::test]
async fn changes_at_once_all_take_effect() {
    let (world, ada) = with_ada().await;
    let adding = (0..5).map(|n| {
        let (world, ada) = (Arc::clone(&world), ada.clone());
        tokio::spawn(async move { add_category(&world.app, &ada, draft(&n.to_string(), &[])).await.unwrap() })
    });
    for added in adding.collect::<Vec<_>>() {
        added.await.unwrap();
    }
    assert_eq!(names(&world, &ada).await, ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn labels_are_ones_own_and_keys_may_read_but_not_say_them() {
    let (world, ada) = with_ada().await;
    register(&world, "bob@example.org").await;
    let bob = caller(&world, &login(&world, "bob@example.org", "pc").await).await.unwrap();
    let work = add_category(&world.app, &ada, draft("Work", &[])).await.unwrap();
    assert_eq!(labels(&world.app, &bob).await.unwrap().categories, Categories::default());
    assert_eq!(delete_category(&world.app, &bob, work.id).await, Err(AppError::NotFound));
    let reader = Caller { scopes: Scopes::NONE.with(Scope::Read), ..ada.clone() };
    assert!(labels(&world.app, &reader).await.is_ok());
    let refused = add_category(&world.app, &reader, draft("x", &[])).await;
    assert_eq!(refused, Err(AppError::MissingScope(Scope::Account)));
}

#[tokio::test]
async fn an_export_has_labels_and_an_account_takes_them_along() {
    let (world, ada) = with_ada().await;
    add_category(&world.app, &ada, draft("Work", &[of_app("Code")])).await.unwrap();
    set_alias(&world.app, &ada, alias("a", "b")).await.unwrap();
    let expected = labels(&world.app, &ada).await.unwrap();
    let mut export = open(&world.app, &ada).unwrap();
    let mut found = Vec::new();
    while let Some(page) = export.page().await.unwrap() {
        found.extend(if let Page::Labels(labels) = page { Some(labels) } else { None });
    }
    assert_eq!(found, [expected]);
    dayline_app::identity::accounts::delete(&world.app, &ada, super::PASSWORD.to_owned()).await.unwrap();
    assert_eq!(world.store.labels(ada.user).await, Ok(MarkedLabels::default()));
}
