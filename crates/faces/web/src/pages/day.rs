//! `/day` and `/day/{date}`: one day of the person, on all devices or on one.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::filters::resolve_filter;
use dayline_app::reporting::reports;
use dayline_domain::LocalDate;
use dayline_domain::report::Filter;
use dayline_http_kit::Problem;
use dayline_http_kit::query::Query;
use http::HeaderMap;

use crate::chart::Clock;
use crate::forms::Form;
use crate::page::Page;
use crate::pages::category_ranks::stand_below_apps;
use crate::pages::connect::usual_form;
use crate::pages::day_asked::{Asked, View, query};
use crate::pages::day_filter::{Select, selects};
use crate::pages::day_list::{Line, lines};
use crate::pages::day_plot::{Drawn, Plot};
use crate::pages::day_ranks::DayRanks;
use crate::pages::day_read::ReadDay;
use crate::pages::filtered::{query_of, words};
use crate::pages::live::Live;
use crate::pages::sample;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{duration, long_date, short_date};
use crate::state::{Web, WebState};

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage {
    shell: Shell,
    long: String,
    short: String,
    is_today: bool,
    saved: Option<&'static str>,
    /// Whether some of it is made up.
    has_sample: bool,
    /// Where some of the day is corrected.
    correct: String,
    previous: String,
    next: Option<String>,
    /// The same day as timeline and as list.
    views: [String; 2],
    /// What alone is shown, in words, the rest being dimmed; empty if it is everything.
    only: Vec<(&'static str, String)>,
    path: String,
    /// The same day with nothing dimmed.
    everything: String,
    selects: Vec<Select>,
    view: View,
    total: String,
    /// Of how much, where only some is shown.
    of: Option<String>,
    zone: String,
    live: Option<Live>,
    content: Content,
    /// Which tables have the same, as a query.
    within: String,
    ranks: DayRanks,
    categories_below_apps: bool,
    /// The same day with the other names of apps.
    other_names: String,
}

enum Content {
    Timeline(Plot),
    List(Vec<Line>),
    /// Nothing was tracked; the nearest day on which something was, and where it is.
    Nothing {
        date: String,
        href: String,
    },
    /// Nothing was ever tracked; how to begin.
    Begin(Form),
    /// The zone skips the day.
    NoSuchDay,
}

/// Today, or on to the day that is asked for.
pub(crate) async fn today(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    if let Some(date) = asked.date {
        let filter = resolve_filter(&web.app, asked.filter)?;
        let path = format!("{}/day/{date}{}", web.base, query(&filter, asked.view));
        return Ok(Redirect::to(&path).into_response());
    }
    show(&web, &caller, &headers, None, asked).await
}

/// A day by its date.
pub(crate) async fn of_date(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(date): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let date = date.parse::<LocalDate>().map_err(|_| Problem::no_route())?;
    show(&web, &caller, &headers, Some(date), asked).await
}

async fn show(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    date: Option<LocalDate>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let Asked { filter, view, saved, .. } = asked;
    let day = ReadDay::read(web, caller, date, filter, view.told).await?;
    let (date, window, filter) = (day.date(), day.days.interval(), &day.seen.filter);
    let ranks = window.map(|window| DayRanks::of(date, window, &day.seen, &day.hues)).unwrap_or_default();
    let path = format!("/day/{date}");
    let is_today = date == day.today;
    let beside = |days: i32| format!("/day/{}{}", date.plus_days(days), query(filter, view));
    let page = DayPage {
        shell: Shell::at(web, headers, Place::Day),
        long: long_date(date),
        short: short_date(date),
        is_today,
        saved,
        has_sample: sample::is_among(web, caller, day.seen.devices()).await?,
        correct: format!("/corrections/new?date={date}"),
        previous: beside(-1),
        next: (date < day.today).then(|| beside(1)),
        views: [false, true].map(|list| format!("{path}{}", query(filter, View { list, ..view }))),
        only: words(filter, &day.names),
        everything: format!("{path}{}", query(&Filter::ALL, View { list: false, ..view })),
        other_names: other_names(&path, filter, view),
        selects: window
            .map(|window| selects(&day.seen.counted, window, filter, &day.names))
            .unwrap_or_default(),
        view,
        total: duration(ranks.total_ms),
        of: (!filter.keeps_all()).then(|| duration(day.counted_ms())),
        zone: day.days.zone.name().to_owned(),
        live: Live::of(window, is_today),
        content: content(web, caller, &day, view).await?,
        within: format!("from={date}&to={date}{}", query_of(filter)),
        categories_below_apps: stand_below_apps(&ranks.apps, &ranks.domains, &ranks.projects),
        ranks,
        path,
    };
    Ok(Page::of(&page)?.answer(headers))
}

/// What is in the middle of the page.
async fn content(web: &WebState, caller: &Caller, day: &ReadDay, view: View) -> Result<Content, AppError> {
    let Some(window) = day.days.interval() else { return Ok(Content::NoSuchDay) };
    if day.seen.is_nothing() {
        return Ok(match reports::nearest_day(&web.app, caller, &day.days).await? {
            Some(date) => Content::Nothing { date: long_date(date), href: format!("/day/{date}") },
            None => Content::Begin(usual_form()),
        });
    }
    let clock = Clock::new(&*day.days.zone, window);
    if view.list {
        return Ok(Content::List(lines(&clock, &day.seen.lit, &day.names, &day.hues)));
    }
    let path = format!("/day/{}", day.date());
    let names_told = if view.told { "names=told&" } else { "" };
    let drawn = Drawn {
        counted: &day.seen.counted,
        outranked: &day.seen.outranked,
        filter: &day.seen.filter,
        names: &day.names,
        hues: &day.hues,
        only: &format!("{}{path}?{names_told}device=", web.base),
        intervals: &format!("{path}/intervals{}", query(&day.seen.filter, View { list: false, ..view })),
        now: day.now_on_it(),
    };
    Ok(Content::Timeline(Plot::of(&clock, window, &drawn)))
}

/// The same day with the other names of apps.
fn other_names(path: &str, filter: &Filter, view: View) -> String {
    // What people know by one name, trackers may have told by several.
    let filter = if view.told { filter.clone() } else { Filter { app: None, ..filter.clone() } };
    format!("{path}{}", query(&filter, View { told: !view.told, ..view }))
}
