//! `/day` and `/day/{date}`: one day of the person, on all devices or on one.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::devices;
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::reports::{self, DaysAsked};
use dayline_domain::LocalDate;
use dayline_domain::report::{Filter, by_app};
use dayline_http_kit::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::chart::Clock;
use crate::forms::Form;
use crate::page::Page;
use crate::pages::coloured::hues;
use crate::pages::connect::usual_form;
use crate::pages::day_filter::{Select, selects};
use crate::pages::day_list::{Line, lines};
use crate::pages::day_plot::{Drawn, Plot};
use crate::pages::day_ranks::DayRanks;
use crate::pages::day_seen::Seen;
use crate::pages::live::Live;
use crate::pages::sample;
use crate::pages::selected::{self, query_of, words};
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{duration, long_date, short_date};
use crate::state::{Web, WebState};

/// How the day is to be shown.
#[derive(Default)]
pub(crate) struct Asked {
    /// Of what alone, while the rest is dimmed.
    pub(super) filter: FilterAsked,
    pub(super) view: View,
    /// The day that somebody wants to go to.
    date: Option<LocalDate>,
    /// What was saved just now.
    saved: Option<&'static str>,
}

/// In which way a day is shown.
#[derive(Clone, Copy, Default)]
pub(super) struct View {
    /// As a list.
    list: bool,
    /// With the names of apps that trackers told.
    pub(super) told: bool,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        // The form asks for everything by an empty text.
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let FilterAsked { app, domain, project, device } = selected::filter(params);
        let filter = FilterAsked {
            app: given(app),
            domain: given(domain),
            project: given(project),
            device: given(device),
        };
        let view = View {
            list: params.optional("view", list).unwrap_or(false),
            told: params.optional("names", told).unwrap_or(false),
        };
        let date = params.optional("date", str::parse);
        Self { filter, view, date, saved: params.optional("saved", saved) }
    }
}

fn saved(what: &str) -> Result<&'static str, &'static str> {
    match what {
        "entry" => Ok("What you did is saved, and shown here within a moment."),
        "erased" => Ok("The time is erased, and gone from here within a moment."),
        "deleted" => Ok("The entry is deleted. What was seen counts again within a moment."),
        "sample" => Ok("The sample day is made, and shown here within a moment."),
        "no-sample" => Ok("The sample day is removed, and gone within a moment."),
        "zone" => Ok("Your days are in the time zone of this browser now."),
        _ => Err("must be entry, erased, deleted, sample, no-sample or zone"),
    }
}

fn list(text: &str) -> Result<bool, &'static str> {
    match text {
        "list" => Ok(true),
        "timeline" => Ok(false),
        _ => Err("must be list or timeline"),
    }
}

fn told(text: &str) -> Result<bool, &'static str> {
    match text {
        "told" => Ok(true),
        "shown" => Ok(false),
        _ => Err("must be told or shown"),
    }
}

/// The query that asks for the same in this way.
fn query(filter: &Filter, view: View) -> String {
    let list = if view.list { "&view=list" } else { "" };
    let told = if view.told { "&names=told" } else { "" };
    let all = format!("{}{list}{told}", query_of(filter));
    if all.is_empty() { all } else { format!("?{}", &all[1..]) }
}

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
    let days = reports::resolve_days(&web.app, caller, DaysAsked { date, ..DaysAsked::default() }).await?;
    let (date, now) = (days.from, web.app.clock.now());
    let today = days.zone.date_at(now);
    let filter = resolve_filter(&web.app, asked.filter)?;
    let names = devices::names(&web.app, caller).await?;
    let view = asked.view;
    let seen = Seen::read(web, caller, days.interval(), &filter, view.told).await?;
    let filter = &seen.filter;
    let by_size = days.interval().map(|window| by_app(&seen.counted, window)).unwrap_or_default();
    let all_ms = by_size.iter().map(|(_, ms)| ms).sum();
    let hues = hues(web, caller, &days, by_size.iter().map(|(app, _)| *app)).await?;
    let ranks = days.interval().map(|window| DayRanks::of(date, window, &seen, &hues)).unwrap_or_default();
    let path = format!("/day/{date}");
    let selects = days.interval().map(|window| selects(&seen.counted, window, filter, &names));
    let content = match days.interval() {
        None => Content::NoSuchDay,
        Some(_) if seen.is_nothing() => {
            let nearest = reports::nearest_day(&web.app, caller, &days).await?;
            match nearest {
                Some(day) => Content::Nothing { date: long_date(day), href: format!("/day/{day}") },
                None => Content::Begin(usual_form()),
            }
        }
        Some(window) => {
            let clock = Clock::new(&*days.zone, window);
            if view.list {
                Content::List(lines(&clock, &seen.lit, &names, &hues))
            } else {
                let now = (date == today).then_some(now);
                let (counted, outranked) = (&seen.counted[..], &seen.outranked[..]);
                let intervals = format!("{path}/intervals{}", query(filter, View { list: false, ..view }));
                let names_told = if view.told { "names=told&" } else { "" };
                let only = format!("{}{path}?{names_told}device=", web.base);
                let (names, hues) = (&names, &hues);
                let drawn = Drawn {
                    counted,
                    outranked,
                    filter,
                    names,
                    hues,
                    only: &only,
                    intervals: &intervals,
                    now,
                };
                Content::Timeline(Plot::of(&clock, window, &drawn))
            }
        }
    };
    let beside = |days: i32| format!("/day/{}{}", date.plus_days(days), query(filter, view));
    let page = DayPage {
        shell: Shell::at(web, headers, Place::Day),
        long: long_date(date),
        short: short_date(date),
        is_today: date == today,
        saved: asked.saved,
        has_sample: sample::is_among(web, caller, seen.devices()).await?,
        correct: format!("/corrections/new?date={date}"),
        previous: beside(-1),
        next: (date < today).then(|| beside(1)),
        views: [false, true].map(|list| format!("{path}{}", query(filter, View { list, ..view }))),
        only: words(filter, &names),
        everything: format!("{path}{}", query(&Filter::ALL, View { list: false, ..view })),
        other_names: other_names(&path, filter, view),
        path,
        selects: selects.unwrap_or_default(),
        view,
        total: duration(ranks.total_ms),
        of: (!filter.keeps_all()).then(|| duration(all_ms)),
        zone: days.zone.name().to_owned(),
        live: Live::of(days.interval(), date == today),
        content,
        within: format!("from={date}&to={date}{}", query_of(filter)),
        ranks,
    };
    Ok(Page::of(&page)?.answer(headers))
}

/// The same day with the other names of apps.
fn other_names(path: &str, filter: &Filter, view: View) -> String {
    // What people know by one name, trackers may have told by several.
    let filter = if view.told { filter.clone() } else { Filter { app: None, ..filter.clone() } };
    format!("{path}{}", query(&filter, View { told: !view.told, ..view }))
}
