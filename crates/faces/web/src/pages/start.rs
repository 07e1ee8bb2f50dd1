//! `/`: leads on.

use axum::extract::State;
use axum::response::Redirect;

use crate::state::Web;

/// To the day; who is not signed in is led on from there.
pub(crate) async fn to_day(State(web): State<Web>) -> Redirect {
    Redirect::to(&format!("{}/day", web.base))
}

/// To the documentation, where there are no pages.
pub(crate) async fn to_docs(State(web): State<Web>) -> Redirect {
    Redirect::to(&format!("{}/docs", web.base))
}
