//! `/week`, `/month`, `/year` and `/range`: what counted in a stretch of days.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::labels;
use dayline_app::reporting::reports::{self, DaysAsked, resolve_days};
use dayline_domain::report::{Filter, Grouping, HourSlot, LocalDays, Report};
use dayline_domain::{AppName, CategoryName, DeviceId, Domain, LocalDate, Project};
use dayline_http_kit::Problem;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::chart::Hue;
use crate::page::Page;
use crate::pages::category_ranks::{category_ranks, stand_below_apps};
use crate::pages::coloured::hues;
use crate::pages::live::Live;
use crate::pages::other_days::OtherDays;
use crate::pages::period::{DAYS_OF_A_SHEET, Kind, Period};
use crate::pages::range_charts::{Bars, Hours, Year, change};
use crate::pages::sample;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{Rank, duration, escaped, long_date, named, ranks, short_date};
use crate::state::{Web, WebState};

/// How many of the busiest days are listed.
const BUSIEST: usize = 5;
/// How many days `/range` shows if nobody says.
const USUAL_DAYS: i32 = 30;

/// The days of `/range`.
pub(crate) struct Asked {
    pub(crate) from: Option<LocalDate>,
    pub(crate) to: Option<LocalDate>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        Self { from: params.optional("from", str::parse), to: params.optional("to", str::parse) }
    }
}

impl Asked {
    /// The days that are asked for, the last month's worth if none are.
    pub(crate) async fn resolve(self, web: &WebState, caller: &Caller) -> Result<LocalDays, AppError> {
        let asked = DaysAsked { from: self.from, to: self.to, ..DaysAsked::default() };
        let is_none = self.from.is_none() && self.to.is_none();
        let days = resolve_days(&web.app, caller, asked).await?;
        Ok(if is_none { LocalDays { from: days.to.plus_days(1 - USUAL_DAYS), ..days } } else { days })
    }
}

#[derive(Template)]
#[template(path = "range.html")]
struct RangePage {
    shell: Shell,
    title: String,
    aside: Option<String>,
    previous: String,
    next: Option<String>,
    now: Option<(&'static str, &'static str)>,
    total: String,
    /// How much more or less than before, and than when.
    change: Option<(String, String)>,
    /// Per day with anything on it, in the mean.
    mean: Option<String>,
    zone: String,
    live: Option<Live>,
    other_days: OtherDays,
    /// Which tables have the same, as a query.
    within: String,
    /// Whether some of it is made up.
    has_sample: bool,
    /// Whether there is a sheet of work hours of it.
    has_sheet: bool,
    nothing: Option<Nothing>,
    bars: Bars,
    year: Option<Year>,
    hours: Hours,
    apps: Vec<Rank>,
    domains: Vec<Rank>,
    /// Empty for who has no projects.
    projects: Vec<Rank>,
    /// Empty for who has no categories.
    categories: Vec<Rank>,
    categories_below_apps: bool,
    busiest: Vec<Rank>,
    rows: Vec<Row>,
}

/// That there is nothing, and the nearest day on which there is, with its page.
struct Nothing {
    nearest: Option<(String, String)>,
}

/// A day in words.
struct Row {
    href: String,
    date: String,
    time: String,
}

/// The week, month or year of a name, or that of today.
async fn found(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    find: impl FnOnce(&LocalDays) -> Option<Period>,
) -> Result<Response, Refusal> {
    let today = resolve_days(&web.app, caller, DaysAsked::default()).await?;
    let period = find(&today).ok_or_else(Problem::no_route)?;
    show(web, caller, headers, today, period).await
}

/// This week.
pub(crate) async fn this_week(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |today| Some(Period::week_of(today.from, today.week_start))).await
}

/// A week by its name.
pub(crate) async fn week(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |today| Period::from_week_name(&name, today.week_start)).await
}

/// This month.
pub(crate) async fn this_month(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |today| Some(Period::month_of(today.from))).await
}

/// A month by its name.
pub(crate) async fn month(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |_| Period::from_month_name(&name)).await
}

/// This year.
pub(crate) async fn this_year(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |today| Some(Period::year_of(today.from))).await
}

/// A year by its name.
pub(crate) async fn year(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    found(&web, &caller, &headers, |_| Period::from_year_name(&name)).await
}

/// Any days.
pub(crate) async fn range(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let days = asked.resolve(&web, &caller).await?;
    let period = Period::days(days.from, days.to);
    show(&web, &caller, &headers, days, period).await
}

/// What counted in a period.
struct Sums {
    days: Vec<(LocalDate, i64)>,
    months: Vec<(LocalDate, i64)>,
    hours: Vec<HourSlot>,
    apps: Vec<(AppName, i64)>,
    domains: Vec<(Option<Domain>, i64)>,
    projects: Vec<(Option<Project>, i64)>,
    categories: Vec<(Option<CategoryName>, i64)>,
    devices: Vec<(DeviceId, i64)>,
}

impl Sums {
    async fn read(web: &WebState, caller: &Caller, days: &LocalDays) -> Result<Self, AppError> {
        let groupings = [
            Grouping::Days,
            Grouping::Months,
            Grouping::Hours,
            Grouping::Apps,
            Grouping::Domains,
            Grouping::Projects,
            Grouping::Categories,
            Grouping::Devices,
        ];
        let read = reports::reports(&web.app, caller, groupings, days, &Filter::ALL).await?.answer;
        let [
            Report::Days(days),
            Report::Months(months),
            Report::Hours(hours),
            Report::Apps(apps),
            Report::Domains(domains),
            Report::Projects(projects),
            Report::Categories(categories),
            Report::Devices(devices),
        ] = read
        else {
            return Err(AppError::Internal("reports are not those that were asked for".into()));
        };
        let (apps, domains, projects) = (apps.most_first(), domains.most_first(), projects.most_first());
        let (categories, devices) = (categories.most_first(), devices.most_first());
        Ok(Self { days, months, hours, apps, domains, projects, categories, devices })
    }
}

/// How much counted in some days, of everything.
pub(super) async fn total(web: &WebState, caller: &Caller, days: &LocalDays) -> Result<i64, AppError> {
    let report = reports::report(&web.app, caller, Grouping::Days, days, &Filter::ALL).await?.answer;
    if let Report::Days(rows) = report { Ok(rows.iter().map(|(_, ms)| ms).sum()) } else { Ok(0) }
}

async fn show(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    days: LocalDays,
    period: Period,
) -> Result<Response, Refusal> {
    let today = days.zone.date_at(web.app.clock.now());
    let (from, to) = (period.from, period.to);
    let days = LocalDays { from, to, ..days };
    let sums = Sums::read(web, caller, &days).await?;
    let labels = labels::labels(&web.app, caller).await?;
    let hues = hues(web, caller, &days, sums.apps.iter().map(|(app, _)| app)).await?;
    let total_ms = sums.days.iter().map(|(_, ms)| ms).sum();
    let with_any = sums.days.iter().filter(|(_, ms)| *ms > 0).count() as i64;
    let within = format!("?from={from}&to={to}");
    let ranks = |kind: &'static str, named: Vec<(String, i64, Hue)>| {
        ranks(named, total_ms, |name| format!("/{kind}/{}{within}", escaped(name)))
    };
    let apps = ranks("app", named(&sums.apps, |app| Some(app.as_str()), |app| hues.of(app)));
    let domains =
        ranks("domain", named(&sums.domains, |name| Some(name.as_ref()?.as_str()), |_| Hue::Neutral));
    let projects =
        ranks("project", named(&sums.projects, |name| Some(name.as_ref()?.as_str()), |_| Hue::Neutral));
    let page = RangePage {
        within: within[1..].to_owned(),
        has_sample: sample::is_among(web, caller, sums.devices.iter().map(|(device, _)| device)).await?,
        has_sheet: period.length() <= DAYS_OF_A_SHEET,
        other_days: OtherDays::of(format!("{}/range", web.base), from, to),
        shell: Shell::at(web, headers, place(period.kind)),
        title: period.title(),
        aside: period.aside(),
        previous: period.before().path(),
        next: (to < today).then(|| period.after().path()),
        now: (!(from..=to).contains(&today)).then(|| present(period.kind)).flatten(),
        total: duration(total_ms),
        change: change_from_before(web, caller, &days, period, total_ms).await?,
        mean: total_ms.checked_div(with_any).filter(|_| with_any > 1).map(duration),
        zone: days.zone.name().to_owned(),
        live: Live::of(days.interval(), false),
        nothing: if total_ms == 0 { Some(Nothing::read(web, caller, &days).await?) } else { None },
        bars: Bars::of(&sums.days, &sums.months),
        year: Bars::are_months(&sums.days).then(|| Year::of(&sums.days, days.week_start)),
        hours: Hours::of(&sums.hours, days.week_start),
        categories_below_apps: stand_below_apps(&apps, &domains, &projects),
        apps,
        domains,
        projects,
        categories: category_ranks(&labels.categories, sums.categories, total_ms),
        busiest: busiest(&sums.days, total_ms),
        rows: sums.days.iter().filter(|(date, _)| *date <= today).map(row).collect(),
    };
    Ok(Page::of(&page)?.answer(headers))
}

impl Nothing {
    async fn read(web: &WebState, caller: &Caller, days: &LocalDays) -> Result<Self, AppError> {
        let nearest = reports::nearest_day(&web.app, caller, days).await?;
        Ok(Self { nearest: nearest.map(|date| (long_date(date), format!("/day/{date}"))) })
    }
}

/// How much more or less it is than before, and than when.
async fn change_from_before(
    web: &WebState,
    caller: &Caller,
    days: &LocalDays,
    period: Period,
    total_ms: i64,
) -> Result<Option<(String, String)>, AppError> {
    // What is not over yet is compared with as many days.
    let length = period.until(days.zone.date_at(web.app.clock.now())).length();
    let before = period.before();
    let compared = Period { to: before.from.plus_days(length - 1).min(before.to), ..before };
    let earlier = LocalDays { from: compared.from, to: compared.to, ..days.clone() };
    let change = change(total_ms, total(web, caller, &earlier).await?);
    let when =
        if compared == before { before.title() } else { format!("the same days of {}", before.title()) };
    Ok(change.map(|change| (change, when)))
}

fn busiest(days: &[(LocalDate, i64)], total_ms: i64) -> Vec<Rank> {
    let mut days = days.to_vec();
    days.sort_by_key(|&(date, ms)| (std::cmp::Reverse(ms), date));
    let busiest = days.into_iter().take(BUSIEST);
    let mut ranks = ranks(busiest.map(|(date, ms)| (date.to_string(), ms, Hue::Neutral)), total_ms, |date| {
        format!("/day/{date}")
    });
    for rank in &mut ranks {
        if let Ok(date) = rank.name.parse() {
            rank.name = short_date(date);
        }
    }
    ranks
}

fn row(&(date, ms): &(LocalDate, i64)) -> Row {
    Row { href: format!("/day/{date}"), date: long_date(date), time: duration(ms) }
}

fn place(kind: Kind) -> Place {
    match kind {
        Kind::Week => Place::Week,
        Kind::Month => Place::Month,
        Kind::Year => Place::Year,
        Kind::Days => Place::Elsewhere,
    }
}

/// Where the present week, month or year is.
fn present(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Week => Some(("/week", "This week")),
        Kind::Month => Some(("/month", "This month")),
        Kind::Year => Some(("/year", "This year")),
        Kind::Days => None,
    }
}
