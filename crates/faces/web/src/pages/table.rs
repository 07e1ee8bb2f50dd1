//! `/table/{what}`: what a page shows as a table, for spreadsheets.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::filters::resolve_filter;
use dayline_app::reporting::reports::report;
use dayline_app::reporting::{devices, timeline};
use dayline_domain::report::{Filter, Grouping, HourSlot, LocalDays, Report, WorkDay};
use dayline_domain::{Domain, Project, UtcMs};
use dayline_http_kit::csv::{self, Csv, seconds};
use dayline_http_kit::query::Query;
use dayline_http_kit::{Problem, instant};
use http::{HeaderValue, header};

use crate::pages::pieces::all;
use crate::pages::selected::Selected;
use crate::pages::work_hours;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::show::device_name;
use crate::state::{Web, WebState};

/// Most days of single intervals: such a table is in memory as a whole.
const MOST_DAYS: i32 = 31;

/// The table.
pub(crate) async fn table(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    Path(what): Path<String>,
    Query(asked): Query<Selected>,
) -> Result<Response, Refusal> {
    let days = asked.days.resolve(&web, &caller).await?;
    let filter = resolve_filter(&web.app, asked.filter)?;
    let text = match what.as_str() {
        "intervals" => intervals(&web, &caller, &days, &filter).await?,
        "work-hours" => sheet(&days, &work_hours::read(&web, &caller, &days, &filter).await?),
        what => {
            let grouping = grouping(what).ok_or_else(Problem::no_route)?;
            sums(report(&web.app, &caller, grouping, &days, &filter).await?.answer)
        }
    };
    let mut response = text.into_response();
    let name = format!("attachment; filename=\"dayline-{what}-{}-{}.csv\"", days.from, days.to);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(csv::MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = name.parse() {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn grouping(what: &str) -> Option<Grouping> {
    match what {
        "days" => Some(Grouping::Days),
        "hours" => Some(Grouping::Hours),
        "apps" => Some(Grouping::Apps),
        "domains" => Some(Grouping::Domains),
        "projects" => Some(Grouping::Projects),
        "categories" => Some(Grouping::Categories),
        _ => None,
    }
}

/// Work hours, a row for each day with any.
fn sheet(days: &LocalDays, sheet: &[WorkDay]) -> String {
    let mut csv = Csv::new("date,first,last,seconds");
    let at = |at: UtcMs| instant::with_offset(at, days.zone.offset_s_at(at));
    for (date, worked) in sheet.iter().filter_map(|day| Some((day.date, day.worked?))) {
        csv.plain(&date.to_string()).plain(&at(worked.first)).plain(&at(worked.last));
        csv.plain(&seconds(worked.ms)).end_row();
    }
    csv.finish()
}

/// The sums of a report. It has no line for what nothing is known of.
fn sums(report: Report) -> String {
    let named = |column: &str, rows: Vec<(Option<String>, i64)>| {
        let mut csv = Csv::new(&format!("{column},seconds"));
        for (name, ms) in rows {
            csv.optional(name.as_deref()).plain(&seconds(ms)).end_row();
        }
        csv.finish()
    };
    let dated = |column: &str, rows: Vec<(String, i64)>| {
        let mut csv = Csv::new(&format!("{column},seconds"));
        for (at, ms) in rows {
            csv.plain(&at).plain(&seconds(ms)).end_row();
        }
        csv.finish()
    };
    match report {
        Report::Apps(totals) => {
            let rows = totals.most_first().into_iter();
            named("app_name", rows.map(|(app, ms)| (Some(app.as_str().to_owned()), ms)).collect())
        }
        Report::Domains(totals) => {
            let rows = totals.most_first().into_iter();
            named("domain", rows.map(|(name, ms)| (name.map(|name| name.as_str().to_owned()), ms)).collect())
        }
        Report::Projects(totals) => {
            let rows = totals.most_first().into_iter();
            named("project", rows.map(|(name, ms)| (name.map(|name| name.as_str().to_owned()), ms)).collect())
        }
        Report::Categories(totals) => {
            let rows = totals.most_first().into_iter();
            named("category", rows.map(|(name, ms)| (name.map(|name| name.to_string()), ms)).collect())
        }
        Report::Hours(slots) => {
            let row = |slot: HourSlot| (instant::with_offset(slot.start, slot.offset_s), slot.ms);
            dated("start", slots.into_iter().map(row).collect())
        }
        Report::Days(days) => dated("date", days.iter().map(|(date, ms)| (date.to_string(), *ms)).collect()),
        _ => String::new(),
    }
}

/// The intervals that counted.
async fn intervals(
    web: &WebState,
    caller: &Caller,
    days: &LocalDays,
    filter: &Filter,
) -> Result<String, AppError> {
    if days.to.0 - days.from.0 >= MOST_DAYS {
        return Err(AppError::field("to", format!("must be at most {MOST_DAYS} days after from")));
    }
    let names = devices::names(&web.app, caller).await?;
    let read = timeline::timeline(&web.app, caller, days.interval(), timeline::Beside::default()).await?;
    let mut csv = Csv::new("start_time,end_time,seconds,app_name,domain,project,device");
    let filter = filter.meant(Some(read.answer.labels())).into_owned();
    for piece in all(read.answer.with_shown_names().counted).await? {
        if !filter.keeps(&piece.source, None) {
            continue;
        }
        let (activity, interval) = (&piece.source.activity, piece.interval);
        csv.plain(&instant::utc(interval.start())).plain(&instant::utc(interval.end()));
        csv.plain(&seconds(interval.ms()));
        csv.text(activity.app.as_str()).optional(activity.domain.as_ref().map(Domain::as_str));
        csv.optional(activity.project.as_ref().map(Project::as_str));
        csv.text(&device_name(&names, &piece.source.device)).end_row();
    }
    Ok(csv.finish())
}
