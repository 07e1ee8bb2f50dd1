//! `/zone`: takes the time zone of a browser for the profile, where a page has offered that.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use dayline_app::AppError;
use dayline_app::identity::accounts::{self, ProfileEdit};

use crate::forms::Form;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::state::Web;

/// Saves the zone, and leads to today in it.
pub(crate) async fn save(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    form: Form,
) -> Result<Response, Refusal> {
    let zone = accounts::find_zone(&web.app, form.text("timezone"));
    let zone = zone.map_err(|error| AppError::field("timezone", error.to_string()))?;
    let edit = ProfileEdit { timezone: Some(zone), ..ProfileEdit::default() };
    accounts::update_profile(&web.app, &caller, edit).await?;
    Ok(Redirect::to(&format!("{}/day?saved=zone", web.base)).into_response())
}
