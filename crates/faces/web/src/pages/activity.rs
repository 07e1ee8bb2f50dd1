//! `/app/{name}`, `/domain/{name}` and `/project/{name}`: one of them over some days.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::filters::{FilterAsked, resolve_filter};
use dayline_app::reporting::reports::reports;
use dayline_app::reporting::{devices, labels, timeline};
use dayline_domain::report::{Filter, Grouping, LocalDays, Report, local_day};
use dayline_domain::{AppName, DeviceId, Domain, LocalDate, Project};
use dayline_http_kit::query::Query;
use http::HeaderMap;

use crate::chart::{Clock, Hue, Hues};
use crate::page::Page;
use crate::pages::coloured::hues;
use crate::pages::day_list::{Line, lines};
use crate::pages::live::Live;
use crate::pages::other_days::OtherDays;
use crate::pages::period::{DAYS_OF_A_SHEET, Period};
use crate::pages::pieces::all;
use crate::pages::range::{Asked, total};
use crate::pages::range_charts::Bars;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{Rank, device_name, duration, escaped, long_date, named, ranks, share, short_date};
use crate::state::{Web, WebState};

/// Over at most so many days the intervals themselves are shown.
const DAYS_OF_INTERVALS: i32 = 7;
/// So many of them at most.
const MOST_INTERVALS: usize = 300;
/// Over how many days one can choose to look.
const LENGTHS: [(i32, &str); 4] = [(1, "1 day"), (7, "7 days"), (30, "30 days"), (365, "A year")];

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    shell: Shell,
    kind: &'static str,
    name: String,
    class: &'static str,
    when: String,
    lengths: Vec<(String, &'static str, bool)>,
    total: String,
    /// Which part of all that counted it is.
    share: String,
    other_days: OtherDays,
    /// The first and the last day on which there was any.
    seen: Option<(String, String)>,
    bars: Bars,
    lists: Vec<List>,
    /// Which tables have the same, as a query.
    within: String,
    /// Whether there is a sheet of work hours of it.
    has_sheet: bool,
    days: Vec<(String, Vec<Line>)>,
    /// How many intervals there are before those that are listed.
    more: usize,
    zone: String,
    live: Option<Live>,
}

/// An app.
pub(crate) async fn app(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let filter = resolve_filter(&web.app, FilterAsked { app: Some(name), ..FilterAsked::default() })?;
    // The page is that of the name by which the app is shown, whichever of its names led here.
    let labels = labels::labels(&web.app, &caller).await?;
    let filter = filter.meant(Some(&labels)).into_owned();
    show(&web, &caller, &headers, asked, filter).await
}

/// A domain.
pub(crate) async fn domain(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let filter = resolve_filter(&web.app, FilterAsked { domain: Some(name), ..FilterAsked::default() })?;
    show(&web, &caller, &headers, asked, filter).await
}

/// A project.
pub(crate) async fn project(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let filter = resolve_filter(&web.app, FilterAsked { project: Some(name), ..FilterAsked::default() })?;
    show(&web, &caller, &headers, asked, filter).await
}

/// What counted of what the page is about.
struct Sums {
    days: Vec<(LocalDate, i64)>,
    months: Vec<(LocalDate, i64)>,
    apps: Vec<(AppName, i64)>,
    domains: Vec<(Option<Domain>, i64)>,
    projects: Vec<(Option<Project>, i64)>,
    devices: Vec<(DeviceId, i64)>,
}

impl Sums {
    async fn read(
        web: &WebState,
        caller: &Caller,
        days: &LocalDays,
        filter: &Filter,
    ) -> Result<Self, AppError> {
        let groupings = [
            Grouping::Days,
            Grouping::Months,
            Grouping::Apps,
            Grouping::Domains,
            Grouping::Projects,
            Grouping::Devices,
        ];
        let read = reports(&web.app, caller, groupings, days, filter).await?.answer;
        let [
            Report::Days(days),
            Report::Months(months),
            Report::Apps(apps),
            Report::Domains(domains),
            Report::Projects(projects),
            Report::Devices(devices),
        ] = read
        else {
            return Err(AppError::Internal("reports are not those that were asked for".into()));
        };
        let (apps, domains) = (apps.most_first(), domains.most_first());
        let (projects, devices) = (projects.most_first(), devices.most_first());
        Ok(Self { days, months, apps, domains, projects, devices })
    }
}

async fn show(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    asked: Asked,
    filter: Filter,
) -> Result<Response, Refusal> {
    let days = asked.resolve(web, caller).await?;
    let names = devices::names(&web.app, caller).await?;
    let sums = Sums::read(web, caller, &days, &filter).await?;
    let hues = hues(web, caller, &days, sums.apps.iter().map(|(app, _)| app)).await?;
    let total_ms: i64 = sums.days.iter().map(|(_, ms)| ms).sum();
    let period = Period::days(days.from, days.to);
    let with_any = || sums.days.iter().filter(|(_, ms)| *ms > 0).map(|(date, _)| *date);
    let subject = Subject::of(&filter, &hues, &sums);
    let path = format!("{}/{}", subject.path, escaped(&subject.name));
    let within = format!("?from={}&to={}", days.from, days.to);
    let (listed, more) = intervals(web, caller, &days, (&filter, &names, &hues)).await?;
    let page = ActivityPage {
        shell: Shell::at(web, headers, Place::Elsewhere),
        kind: subject.kind,
        class: subject.hue.class(),
        when: period.title(),
        lengths: LENGTHS
            .map(|(length, name)| {
                let from = days.to.plus_days(1 - length);
                (format!("{path}?from={from}&to={}", days.to), name, length == period.length())
            })
            .into(),
        total: duration(total_ms),
        share: share(total_ms, total(web, caller, &days).await?),
        other_days: OtherDays::of(format!("{}{path}", web.base), days.from, days.to),
        seen: with_any()
            .next()
            .zip(with_any().next_back())
            .map(|(first, last)| (short_date(first), short_date(last))),
        bars: Bars::of(&sums.days, &sums.months),
        has_sheet: period.length() <= DAYS_OF_A_SHEET,
        lists: lists(&subject, &sums, &hues, &names, &within),
        within: format!("{}&{}={}", &within[1..], &subject.path[1..], escaped(&subject.name)),
        days: listed,
        more,
        zone: days.zone.name().to_owned(),
        live: Live::of(days.interval(), false),
        name: subject.name,
    };
    Ok(Page::of(&page)?.answer(headers))
}

/// What the page is about.
struct Subject {
    kind: &'static str,
    path: &'static str,
    name: String,
    hue: Hue,
}

impl Subject {
    fn of(filter: &Filter, hues: &Hues, sums: &Sums) -> Self {
        let main_hue = || sums.apps.first().map_or(Hue::Neutral, |(app, _)| hues.of(app));
        if let Some(app) = &filter.app {
            return Self { kind: "App", path: "/app", name: app.as_str().to_owned(), hue: hues.of(app) };
        }
        if let Some(project) = &filter.project {
            let name = project.iter().map(Project::as_str).collect();
            return Self { kind: "Project", path: "/project", name, hue: main_hue() };
        }
        let name = filter.domain.iter().flatten().map(Domain::as_str).collect();
        Self { kind: "Domain", path: "/domain", name, hue: main_hue() }
    }
}

/// A list of what was seen together with it.
struct List {
    title: &'static str,
    /// Which table has the same; empty if none.
    table: &'static str,
    ranks: Vec<Rank>,
}

/// What was seen together with the subject: of the kinds that it is not, those of which there is any.
fn lists(
    subject: &Subject,
    sums: &Sums,
    hues: &Hues,
    names: &BTreeMap<DeviceId, Box<str>>,
    within: &str,
) -> Vec<List> {
    let total_ms: i64 = sums.days.iter().map(|(_, ms)| ms).sum();
    let list = |title, table, path: &'static str, named: Vec<(String, i64, Hue)>| {
        let ranks = ranks(named, total_ms, |name| format!("{path}/{}{within}", escaped(name)));
        (path != subject.path && !ranks.is_empty()).then_some(List { title, table, ranks })
    };
    let domains = named(&sums.domains, |name| Some(name.as_ref()?.as_str()), |_| subject.hue);
    let projects = named(&sums.projects, |name| Some(name.as_ref()?.as_str()), |_| subject.hue);
    let devices =
        List { title: "On devices", table: "", ranks: device_ranks(&sums.devices, names, total_ms) };
    let lists = [
        list("Seen in", "apps", "/app", named(&sums.apps, |app| Some(app.as_str()), |app| hues.of(app))),
        list("Domains in it", "domains", "/domain", domains),
        list("For projects", "projects", "/project", projects),
        Some(devices),
    ];
    lists.into_iter().flatten().collect()
}

fn device_ranks(sums: &[(DeviceId, i64)], names: &BTreeMap<DeviceId, Box<str>>, total_ms: i64) -> Vec<Rank> {
    let mut ranks = ranks(
        sums.iter().map(|(device, ms)| (device.as_str().to_owned(), *ms, Hue::Neutral)),
        total_ms,
        |device| format!("/day?device={}", escaped(device)),
    );
    for (rank, (device, _)) in ranks.iter_mut().zip(sums) {
        rank.name = device_name(names, device);
    }
    ranks
}

/// The last intervals, day by day, the last day first, where the days are few; and how many come before.
async fn intervals(
    web: &WebState,
    caller: &Caller,
    days: &LocalDays,
    (filter, names, hues): (&Filter, &BTreeMap<DeviceId, Box<str>>, &Hues),
) -> Result<(Vec<(String, Vec<Line>)>, usize), AppError> {
    if days.to.0 - days.from.0 >= DAYS_OF_INTERVALS {
        return Ok((Vec::new(), 0));
    }
    let read = timeline::timeline(&web.app, caller, days.interval(), timeline::Beside::default()).await?;
    let mut pieces = all(read.answer.with_shown_names().counted).await?;
    pieces.retain(|piece| filter.keeps(&piece.source, None));
    let more = pieces.len().saturating_sub(MOST_INTERVALS);
    let last = &pieces[more..];
    let of_day = |date: LocalDate| {
        let window = local_day(&*days.zone, date)?;
        let clock = Clock::new(&*days.zone, window);
        let begins_at = |at| last.partition_point(|piece| piece.interval.start() < at);
        let inside = &last[begins_at(window.start())..begins_at(window.end())];
        let lines = lines(&clock, inside, names, hues).into_iter();
        let lines: Vec<_> = lines.filter(|line| matches!(line, Line::Activity(_))).collect();
        (!lines.is_empty()).then(|| (long_date(date), lines))
    };
    Ok(((days.from.0..=days.to.0).rev().map(LocalDate).filter_map(of_day).collect(), more))
}
