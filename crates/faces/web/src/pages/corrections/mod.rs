//! `/corrections`: the person's own word about their timeline, what they did and what is to be forgotten.
//! Whatever is to be changed is shown first as what it would do.

mod draft;
mod row;
mod sure;
mod write;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::devices;
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_app::tracking::corrections::{self, Change};
use dayline_domain::correction::CorrectionKind;
use dayline_domain::report::{LocalDays, local_day};
use dayline_domain::{Correction, CorrectionId, Interval, LocalDate, Says, UtcMs};
use dayline_http_kit::instant;
use dayline_http_kit::path::PathId;
use dayline_http_kit::query::{FromParams, Params, Query};
use http::HeaderMap;

use crate::forms::Form;
use crate::page::Page;
use crate::pages::corrections::draft::form_of;
use crate::pages::corrections::row::Row;
use crate::pages::corrections::sure::ask_again;
use crate::pages::corrections::write::{Written, blank};
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::shell::{Place, Shell};
use crate::state::{Web, WebState};

/// How long a stretch is that nobody has chosen, in milliseconds.
const USUAL_MS: i64 = 3_600_000;
/// How far into a day it begins, unless the day is today.
const NOON_MS: i64 = 12 * 3_600_000;
const MINUTE_MS: i64 = 60_000;

#[derive(Template)]
#[template(path = "corrections.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    zone: String,
}

/// All corrections, the latest first.
pub(crate) async fn list(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    let names = devices::names(&web.app, &caller).await?;
    let corrections = corrections::list(&web.app, &caller, None).await?;
    let page = ListPage {
        shell: Shell::at(&web, &headers, Place::Day),
        rows: corrections.iter().filter_map(|correction| Row::of(correction, &*today.zone, &names)).collect(),
        zone: today.zone.name().to_owned(),
    };
    Ok(Page::of(&page)?.answer(&headers))
}

/// Which stretch of time is to be corrected.
pub(crate) struct Asked {
    from: Option<UtcMs>,
    to: Option<UtcMs>,
    /// Some of this day, if no stretch is given.
    date: Option<LocalDate>,
}

impl FromParams for Asked {
    fn from_params(params: &mut Params<'_>) -> Self {
        let mut at = |name| params.optional(name, instant::parse);
        Self { from: at("from"), to: at("to"), date: params.optional("date", str::parse) }
    }
}

impl Asked {
    fn stretch(&self, today: &LocalDays, now: UtcMs) -> Result<Interval, AppError> {
        match (self.from, self.to) {
            (Some(from), Some(to)) => {
                Interval::new(from, to).ok_or_else(|| AppError::field("to", "must be after from"))
            }
            (None, None) => Ok(usual(today, self.date.unwrap_or(today.from), now)),
            (None, _) => Err(AppError::field("from", "is missing: give from and to together")),
            (_, None) => Err(AppError::field("to", "is missing: give from and to together")),
        }
    }
}

/// The last hour, or the one after noon of a day that is not today.
fn usual(today: &LocalDays, date: LocalDate, now: UtcMs) -> Interval {
    let minute = now.plus(-(now.0.rem_euclid(MINUTE_MS)));
    let noon = local_day(&*today.zone, date).filter(|_| date != today.from);
    let start = noon.map_or(minute.plus(-USUAL_MS), |day| day.start().plus(NOON_MS));
    Interval::new(start, start.plus(USUAL_MS)).unwrap_or_else(|| minute.day().interval())
}

/// The form of a new correction.
pub(crate) async fn new(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    let stretch = asked.stretch(&today, web.app.clock.now())?;
    let form = form_of(&*today.zone, stretch, None);
    Ok(blank(&web, &caller, &headers, Written { today: &today, form, id: None }).await?.answer(&headers))
}

/// Says what a new correction would do, and makes it.
pub(crate) async fn make(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    write::step(&web, &caller, &headers, Written { today: &today, form, id: None }).await
}

/// The form of an entry that is there.
pub(crate) async fn edit(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    PathId(id): PathId<CorrectionKind>,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    let form = match find(&web, &caller, id).await?.says {
        Says::Entry { interval, source } => form_of(&*today.zone, interval, Some(&source)),
        Says::Erasure { .. } => return Err(AppError::ErasureIsFinal.into()),
        Says::Nothing => return Err(AppError::NotFound.into()),
    };
    Ok(blank(&web, &caller, &headers, Written { today: &today, form, id: Some(id) }).await?.answer(&headers))
}

/// Says what another version of an entry would do, and makes it.
pub(crate) async fn change(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    PathId(id): PathId<CorrectionKind>,
    form: Form,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    write::step(&web, &caller, &headers, Written { today: &today, form, id: Some(id) }).await
}

/// Says what would count again without an entry, and deletes it.
pub(crate) async fn delete(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    PathId(id): PathId<CorrectionKind>,
    form: Form,
) -> Result<Response, Refusal> {
    let today = today(&web, &caller).await?;
    let correction = find(&web, &caller, id).await?;
    if form.text("step") == "confirm" {
        let start = correction.says.interval().map_or(UtcMs(0), Interval::start);
        corrections::apply(&web.app, &caller, Change::Delete(id)).await?;
        return Ok(write::to_day(&web, &today, start, "deleted"));
    }
    let changes = corrections::preview(&web.app, &caller, Change::Delete(id)).await?;
    let names = devices::names(&web.app, &caller).await?;
    let row = Row::of(&correction, &*today.zone, &names).ok_or(AppError::NotFound)?;
    ask_again(&web, &headers, sure::Asked::deletion(row, id), &changes)
}

async fn today(web: &WebState, caller: &Caller) -> Result<LocalDays, AppError> {
    resolve_days(&web.app, caller, DaysAsked::default()).await
}

/// A correction of the caller's; somebody else's is not found.
async fn find(web: &WebState, caller: &Caller, id: CorrectionId) -> Result<Correction, AppError> {
    let all = corrections::list(&web.app, caller, None).await?;
    all.into_iter().find(|correction| correction.id == id).ok_or(AppError::NotFound)
}
