//! `/day` and `/day/{date}`: one day of the person, on all devices or on one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::devices;
use dayline_app::reporting::reports::{self, DaysAsked};
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_domain::report::by_app;
use dayline_domain::{DeviceId, Interval, LocalDate, Piece};
use dayline_http_kit::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::chart::Clock;
use crate::forms::Form;
use crate::page::Page;
use crate::pages::coloured::hues;
use crate::pages::connect::usual_form;
use crate::pages::day_list::{Line, lines};
use crate::pages::day_plot::{Drawn, Plot};
use crate::pages::day_ranks::DayRanks;
use crate::pages::live::Live;
use crate::pages::pieces::all;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{device_name, duration, escaped, long_date, short_date};
use crate::state::{Web, WebState};

/// How the day is to be shown.
#[derive(Default)]
pub(crate) struct Asked {
    /// Of this device alone.
    pub(super) device: Option<DeviceId>,
    /// As a list.
    list: bool,
    /// The day that somebody wants to go to.
    date: Option<LocalDate>,
    /// What was saved just now.
    saved: Option<&'static str>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        let device = params.optional("device", DeviceId::new);
        let list = params.optional("view", list).unwrap_or(false);
        let date = params.optional("date", str::parse);
        Self { device, list, date, saved: params.optional("saved", saved) }
    }
}

fn saved(what: &str) -> Result<&'static str, &'static str> {
    match what {
        "entry" => Ok("What you did is saved, and shown here within a moment."),
        "erased" => Ok("The time is erased, and gone from here within a moment."),
        "deleted" => Ok("The entry is deleted. What was seen counts again within a moment."),
        _ => Err("must be entry, erased or deleted"),
    }
}

fn list(text: &str) -> Result<bool, &'static str> {
    match text {
        "list" => Ok(true),
        "timeline" => Ok(false),
        _ => Err("must be list or timeline"),
    }
}

impl Asked {
    /// The query that asks for the same, of another view if that is given.
    fn query(&self, list: bool) -> String {
        let device = self.device.as_ref().map(|device| format!("device={}", escaped(device.as_str())));
        let parts: Vec<_> = device.into_iter().chain(list.then(|| "view=list".to_owned())).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage {
    shell: Shell,
    long: String,
    short: String,
    is_today: bool,
    saved: Option<&'static str>,
    /// Where some of the day is corrected.
    correct: String,
    previous: String,
    next: Option<String>,
    /// The same day as timeline and as list.
    views: [String; 2],
    /// The device that alone is shown, and the day with all.
    only: Option<(String, String)>,
    total: String,
    zone: String,
    live: Option<Live>,
    content: Content,
    /// Which tables have the same, as a query.
    within: String,
    ranks: DayRanks,
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
        let path = format!("{}/day/{date}{}", web.base, asked.query(asked.list));
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
    let names = devices::names(&web.app, caller).await?;
    let seen = Seen::read(web, caller, days.interval(), asked.device.as_ref()).await?;
    let by_size = days.interval().map(|window| by_app(&seen.counted, window)).unwrap_or_default();
    let hues = hues(web, caller, &days, by_size.iter().map(|(app, _)| *app)).await?;
    let ranks = days.interval().map(|window| DayRanks::of(date, window, &seen.counted, &hues));
    let ranks = ranks.unwrap_or_default();
    let path = format!("/day/{date}");
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
            if asked.list {
                Content::List(lines(&clock, &seen.counted, &names, &hues))
            } else {
                let now = (date == today).then_some(now);
                let (counted, outranked) = (&seen.counted[..], &seen.outranked[..]);
                let intervals = format!("{path}/intervals{}", asked.query(false));
                let (names, hues, path) = (&names, &hues, format!("{}{path}", web.base));
                Content::Timeline(Plot::of(
                    &clock,
                    window,
                    &Drawn { counted, outranked, names, hues, path: &path, intervals: &intervals, now },
                ))
            }
        }
    };
    let beside = |days: i32| format!("/day/{}{}", date.plus_days(days), asked.query(asked.list));
    let page = DayPage {
        shell: Shell::at(web, headers, Place::Day),
        long: long_date(date),
        short: short_date(date),
        is_today: date == today,
        saved: asked.saved,
        correct: format!("/corrections/new?date={date}"),
        previous: beside(-1),
        next: (date < today).then(|| beside(1)),
        views: [false, true].map(|list| format!("{path}{}", asked.query(list))),
        only: asked.device.as_ref().map(|device| only(device, &names, &path)),
        total: duration(ranks.total_ms),
        zone: days.zone.name().to_owned(),
        live: Live::of(days.interval(), date == today),
        content,
        within: within(date, asked.device.as_ref()),
        ranks,
    };
    Ok(Page::of(&page)?.answer(headers))
}

/// What is to be seen of a day.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) counted: Vec<Piece>,
    pub(super) outranked: Vec<Piece>,
}

impl Seen {
    pub(super) async fn read(
        web: &WebState,
        caller: &Caller,
        window: Option<Interval>,
        device: Option<&DeviceId>,
    ) -> Result<Self, AppError> {
        let beside = Beside { outranked: true, away: false };
        let read = timeline(&web.app, caller, window, beside).await?.answer;
        let keeps = |piece: &Piece| device.is_none_or(|device| piece.source.device == *device);
        let mut seen = Self { counted: all(read.counted).await?, ..Self::default() };
        if let Some(outranked) = read.outranked {
            seen.outranked = all(outranked).await?;
        }
        seen.counted.retain(keeps);
        seen.outranked.retain(keeps);
        Ok(seen)
    }

    fn is_nothing(&self) -> bool {
        self.counted.is_empty() && self.outranked.is_empty()
    }
}

/// The query of tables of a day, on one device or on all.
fn within(date: LocalDate, device: Option<&DeviceId>) -> String {
    let device = device.map(|device| format!("&device={}", escaped(device.as_str()))).unwrap_or_default();
    format!("from={date}&to={date}{device}")
}

fn only(device: &DeviceId, names: &BTreeMap<DeviceId, Box<str>>, path: &str) -> (String, String) {
    (device_name(names, device), path.to_owned())
}
