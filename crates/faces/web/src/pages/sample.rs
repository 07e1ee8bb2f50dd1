//! `/sample`: a made-up day, added and removed by one click each.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_app::tracking::sample;
use dayline_domain::DeviceId;

use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::state::{Web, WebState};

/// Adds a made-up yesterday, unless there is one, and leads there.
pub(crate) async fn add(State(web): State<Web>, Visitor(caller): Visitor) -> Result<Response, Refusal> {
    let today = resolve_days(&web.app, &caller, DaysAsked::default()).await?;
    let date = today.from.plus_days(-1);
    if !sample::is_there(&web.app, &caller).await? {
        sample::add(&web.app, &caller, &*today.zone, date).await?;
    }
    Ok(Redirect::to(&format!("{}/day/{date}?saved=sample", web.base)).into_response())
}

/// Removes all that is made up, and leads to where it was.
pub(crate) async fn remove(State(web): State<Web>, Visitor(caller): Visitor) -> Result<Response, Refusal> {
    let days = resolve_days(&web.app, &caller, DaysAsked::default()).await?;
    let was = sample::remove(&web.app, &caller).await?;
    let date = was.map_or(days.from, |at| days.zone.date_at(at));
    Ok(Redirect::to(&format!("{}/day/{date}?saved=no-sample", web.base)).into_response())
}

/// Whether anything on these devices is made up.
pub(super) async fn is_among<'a>(
    web: &WebState,
    caller: &Caller,
    mut devices: impl Iterator<Item = &'a DeviceId>,
) -> Result<bool, AppError> {
    // Somebody may call a device of their own so.
    let is_shown = devices.any(|device| device.as_str() == sample::DEVICE);
    Ok(is_shown && sample::is_there(&web.app, caller).await?)
}
