//! The form of a correction, and the steps from it over what it would do to what is done.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::devices;
use dayline_app::reporting::reports::report;
use dayline_app::tracking::corrections::{self, Change, Draft};
use dayline_domain::report::{Filter, Grouping, LocalDays, Report};
use dayline_domain::{CorrectionId, Interval, UtcMs};
use http::{HeaderMap, StatusCode};

use crate::forms::Form;
use crate::forms::local_time::TimeField;
use crate::page::Page;
use crate::pages::corrections::draft::{change, erases, refuse, times};
use crate::pages::corrections::row::{Done, Names, Row, when};
use crate::pages::corrections::sure::{Asked, ask_again};
use crate::refusal::Refusal;
use crate::shell::{Place, Shell};
use crate::show::{Choice, device_name};
use crate::state::WebState;

/// Of how many days, and how many, apps are proposed.
const DAYS_OF_APPS: i32 = 30;
const APPS: usize = 40;

/// A form, and of which entry it is.
pub(super) struct Written<'a> {
    pub(super) today: &'a LocalDays,
    pub(super) form: Form,
    /// Nothing for a new correction.
    pub(super) id: Option<CorrectionId>,
}

impl Written<'_> {
    /// Where the form is sent to, below `/corrections`.
    fn action(&self) -> String {
        self.id.map_or_else(|| "new".to_owned(), |id| id.to_string())
    }
}

#[derive(Template)]
#[template(path = "correction.html")]
struct FormPage {
    shell: Shell,
    action: String,
    is_new: bool,
    erases: bool,
    form: Form,
    times: [TimeField; 2],
    devices: Vec<Choice>,
    apps: Vec<String>,
    zone: String,
}

/// The form as it is.
pub(super) async fn blank(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    written: Written<'_>,
) -> Result<Page, Refusal> {
    let page = FormPage {
        shell: Shell::at(web, headers, Place::Day),
        action: written.action(),
        is_new: written.id.is_none(),
        erases: erases(&written.form),
        times: times(&*written.today.zone, &written.form),
        devices: choices(web, caller, written.form.text("device")).await?,
        apps: apps(web, caller, written.today).await?,
        zone: written.today.zone.name().to_owned(),
        form: written.form,
    };
    Page::of(&page)
}

/// The person's devices and this browser, of which one is chosen: that of the form, or the one that was used
/// last.
async fn choices(web: &WebState, caller: &Caller, chosen: &str) -> Result<Vec<Choice>, AppError> {
    let names = devices::names(&web.app, caller).await?;
    let known = devices::list(&web.app, caller).await?;
    let mut ids: Vec<_> = known.iter().map(|device| device.id.as_str()).collect();
    for id in [caller.device.as_str(), chosen] {
        if !id.is_empty() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let chosen = if chosen.is_empty() { ids.first().copied().unwrap_or_default() } else { chosen };
    let choice = |id: &str| {
        let name = known.iter().find(|device| device.id.as_str() == id);
        let name = name.map(|device| device_name(&names, &device.id));
        let own = || if id == caller.device.as_str() { "This browser" } else { id }.to_owned();
        Choice::of(id, name.unwrap_or_else(own), chosen)
    };
    Ok(ids.iter().map(|id| choice(id)).collect())
}

/// The apps that are used most these days.
async fn apps(web: &WebState, caller: &Caller, today: &LocalDays) -> Result<Vec<String>, AppError> {
    let days = LocalDays { from: today.from.plus_days(1 - DAYS_OF_APPS), ..today.clone() };
    let report = report(&web.app, caller, Grouping::Apps, &days, &Filter::ALL).await?.answer;
    let Report::Apps(totals) = report else { return Ok(Vec::new()) };
    Ok(totals.most_first().into_iter().take(APPS).map(|(app, _)| app.as_str().to_owned()).collect())
}

/// One step further: what the form would do, or, where that was seen, it is done.
pub(super) async fn step(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    mut written: Written<'_>,
) -> Result<Response, Refusal> {
    let step = written.form.text("step").to_owned();
    if step == "edit" {
        return Ok(blank(web, caller, headers, written).await?.answer(headers));
    }
    let zone = &*written.today.zone;
    let Some(change) = change(zone, &mut written.form, written.id) else {
        return again(web, caller, headers, written).await;
    };
    let changes = match corrections::preview(&web.app, caller, change.clone()).await {
        Ok(changes) => changes,
        Err(error) => {
            refuse(&mut written.form, error)?;
            return again(web, caller, headers, written).await;
        }
    };
    let (Change::New(draft) | Change::Replace(_, draft)) = &change else {
        return Err(AppError::NotFound.into());
    };
    let (start, is_final) = (draft.start, draft.entry.is_none());
    if step == "confirm" && (!is_final || written.form.ticked("final")) {
        corrections::apply(&web.app, caller, change).await?;
        return Ok(to_day(web, written.today, start, if is_final { "erased" } else { "entry" }));
    }
    let names = devices::names(&web.app, caller).await?;
    let row = row(draft, &written, caller, &names).ok_or(AppError::NotFound)?;
    let mut asked = Asked::writing(written.action(), row, &written.form);
    asked.forgot_to_tick = step == "confirm";
    ask_again(web, headers, asked, &changes)
}

async fn again(
    web: &WebState,
    caller: &Caller,
    headers: &HeaderMap,
    written: Written<'_>,
) -> Result<Response, Refusal> {
    let page = blank(web, caller, headers, written).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).answer(headers))
}

/// What the form says, as a line of the list.
fn row(draft: &Draft, written: &Written<'_>, caller: &Caller, names: &Names) -> Option<Row> {
    let zone = &*written.today.zone;
    let done = draft.entry.as_ref().map(|entry| Done {
        app: entry.app.as_str().to_owned(),
        domain: entry.domain.clone(),
        project: entry.project.as_ref().map(|project| project.as_str().to_owned()),
        device: device_name(names, entry.device.as_ref().unwrap_or(&caller.device)),
    });
    Some(Row {
        id: written.id.map(|id| id.to_string()).unwrap_or_default(),
        when: when(zone, Interval::new(draft.start, draft.end)?),
        href: format!("/day/{}", zone.date_at(draft.start)),
        done,
    })
}

/// Back to the day that was corrected.
pub(super) fn to_day(web: &WebState, today: &LocalDays, at: UtcMs, saved: &str) -> Response {
    let date = today.zone.date_at(at);
    Redirect::to(&format!("{}/day/{date}?saved={saved}", web.base)).into_response()
}
