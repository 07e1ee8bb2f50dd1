//! `/work-hours`: a sheet to hand over, of each day when something counted first and last, and how much.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::accounts;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::filters::resolve_filter;
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_app::reporting::{devices, labels};
use dayline_domain::UtcMs;
use dayline_domain::report::{Filter, LocalDays, WorkDay, WorkDays, local_day};
use dayline_http_kit::query::Query;
use http::HeaderMap;

use crate::chart::Clock;
use crate::page::Page;
use crate::pages::filtered::{query_of, words};
use crate::pages::other_days::OtherDays;
use crate::pages::period::{DAYS_OF_A_SHEET, Period};
use crate::pages::selected::Selected;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::show::{day_and_month, duration, long_date, weekday};
use crate::state::{Web, WebState};

#[derive(Template)]
#[template(path = "work_hours.html")]
struct SheetPage {
    shell: Shell,
    who: String,
    when: String,
    other_days: OtherDays,
    previous: String,
    next: Option<String>,
    /// What alone is on the sheet, in words; nothing if it is everything.
    of: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    days: usize,
    total: String,
    /// Which table has the same, as a query.
    within: String,
    zone: String,
}

/// A day.
struct Row {
    date: String,
    short: String,
    href: String,
    /// First, last and how much.
    worked: Option<[String; 3]>,
}

/// The sheet.
pub(crate) async fn sheet(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Selected>,
) -> Result<Response, Refusal> {
    let days = asked.days.resolve(&web, &caller).await?;
    let filter = resolve_filter(&web.app, asked.filter)?;
    let labels = labels::labels(&web.app, &caller).await?;
    let filter = filter.meant(Some(&labels));
    let today = days.zone.date_at(web.app.clock.now());
    let mut sheet = read(&web, &caller, &days, &filter).await?;
    sheet.retain(|day| day.date <= today);
    let worked = || sheet.iter().filter_map(|day| day.worked);
    let period = Period::days(days.from, days.to);
    let of = query_of(&filter);
    let address = |period: Period| format!("/work-hours?from={}&to={}{of}", period.from, period.to);
    let page = SheetPage {
        shell: Shell::at(&web, &headers, Place::Elsewhere),
        who: accounts::profile(&web.app, &caller).await?.full_name.as_str().to_owned(),
        when: period.title(),
        other_days: OtherDays::of(format!("{}/work-hours", web.base), days.from, days.to).filtered(&filter),
        previous: address(period.before()),
        next: (days.to < today).then(|| address(period.after())),
        of: words(&filter, &devices::names(&web.app, &caller).await?),
        days: worked().count(),
        total: duration(worked().map(|worked| worked.ms).sum()),
        rows: sheet.iter().map(|day| row(&days, day)).collect(),
        within: format!("from={}&to={}{of}", days.from, days.to),
        zone: days.zone.name().to_owned(),
    };
    Ok(Page::of(&page)?.answer(&headers))
}

/// The work hours of days. An app of the filter is the one that is meant by its name.
///
/// # Errors
/// If they are too many; when the ledger can't be read.
pub(super) async fn read(
    web: &WebState,
    caller: &Caller,
    days: &LocalDays,
    filter: &Filter,
) -> Result<Vec<WorkDay>, AppError> {
    if days.to.0 - days.from.0 >= DAYS_OF_A_SHEET {
        return Err(AppError::field("to", format!("must be less than {DAYS_OF_A_SHEET} days after from")));
    }
    let mut sheet = WorkDays::of(days);
    let read = timeline(&web.app, caller, days.interval(), Beside::default()).await?.answer;
    let filter = filter.meant(Some(read.labels())).into_owned();
    let mut counted = read.with_shown_names().counted;
    while let Some(pieces) = counted.next().await? {
        for piece in pieces.iter().filter(|piece| filter.keeps(&piece.source, None)) {
            sheet.add(piece.interval);
        }
    }
    Ok(sheet.days())
}

fn row(days: &LocalDays, day: &WorkDay) -> Row {
    let clock = |at: UtcMs| {
        local_day(&*days.zone, day.date).map_or_else(String::new, |day| Clock::new(&*days.zone, day).text(at))
    };
    let worked = day.worked.map(|worked| [clock(worked.first), clock(worked.last), duration(worked.ms)]);
    Row {
        date: long_date(day.date),
        short: format!("{} {}", &weekday(day.date)[..3], day_and_month(day.date)),
        href: format!("/day/{}", day.date),
        worked,
    }
}
