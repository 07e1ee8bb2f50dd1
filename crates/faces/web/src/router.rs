//! The list of pages. Not here: what a page shows; that is at its handler.

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use dayline_http_kit::maintenance::refuse_changes;
use dayline_http_kit::router::with_state;
use dayline_http_kit::{Problem, Router};
use http::{HeaderMap, Uri, header};

use crate::dress;
use crate::pages::{
    activity, aliases, categories, connect, corrections, data, day, day_intervals, device, devices, file,
    history, range, register, reset_password, sample, settings, sign_in, start, table, why, work_hours, zone,
};
use crate::refusal::Refusal;
use crate::session::{let_in, refuse_foreign_writes};
use crate::state::{Web, WebState};

type Route = (&'static str, MethodRouter<Web>);

/// Pages for everybody.
fn open() -> Vec<Route> {
    vec![("/", get(start::to_day)), ("/register", get(register::page).post(register::register))]
}

/// Pages for those who are signed in.
fn signed_in() -> Vec<Route> {
    vec![
        ("/day", get(day::today)),
        ("/day/{date}", get(day::of_date)),
        ("/day/{date}/intervals", get(day_intervals::intervals)),
        ("/week", get(range::this_week)),
        ("/week/{name}", get(range::week)),
        ("/month", get(range::this_month)),
        ("/month/{name}", get(range::month)),
        ("/year", get(range::this_year)),
        ("/year/{name}", get(range::year)),
        ("/range", get(range::range)),
        ("/app/{name}", get(activity::app)),
        ("/domain/{name}", get(activity::domain)),
        ("/project/{name}", get(activity::project)),
        ("/work-hours", get(work_hours::sheet)),
        ("/why", get(why::page)),
        ("/sample/add", post(sample::add)),
        ("/sample/remove", post(sample::remove)),
        ("/corrections", get(corrections::list)),
        ("/corrections/new", get(corrections::new).post(corrections::make)),
        ("/corrections/{id}", get(corrections::edit).post(corrections::change)),
        ("/corrections/{id}/delete", post(corrections::delete)),
        ("/table/{what}", get(table::table)),
        ("/devices", get(devices::page)),
        ("/devices/name", post(devices::rename_device)),
        ("/devices/merge", post(devices::merge_devices)),
        ("/devices/sessions/{id}/end", post(devices::end_session)),
        ("/devices/end-others", post(devices::end_others)),
        ("/devices/keys/{id}/delete", post(devices::delete_key)),
        ("/connect", get(connect::page)),
        ("/connect/key", post(connect::make_key)),
        ("/connect/waiting", get(connect::wait)),
        ("/connect/heard", get(connect::heard)),
        ("/zone", post(zone::save)),
        ("/settings", get(settings::page)),
        ("/settings/profile", post(settings::save_profile)),
        ("/settings/email", post(settings::save_email)),
        ("/settings/time", post(settings::save_time)),
        ("/settings/theme", post(settings::save_theme)),
        ("/settings/password", post(settings::change_password)),
        ("/settings/data", get(data::page)),
        ("/settings/data/export", get(data::export)),
        ("/settings/data/jobs", post(data::make)),
        ("/settings/data/jobs/{id}", get(data::result)),
        ("/settings/data/jobs/{id}/cancel", post(data::cancel)),
        ("/settings/data/history", get(history::page).post(history::bring_in)),
        ("/settings/data/history/look", post(history::look)),
        ("/settings/data/delete", post(data::delete)),
        ("/settings/categories", get(categories::page).post(categories::add)),
        ("/settings/categories/change", post(categories::change)),
        ("/settings/categories/delete", post(categories::delete)),
        ("/settings/categories/rules", post(categories::add_rule)),
        ("/settings/categories/rules/remove", post(categories::remove_rule)),
        ("/settings/categories/starter", post(categories::take_starter)),
        ("/settings/aliases", get(aliases::page).post(aliases::set)),
        ("/settings/aliases/remove", post(aliases::remove)),
    ]
}

/// What there is for everybody also where an operator wants no pages.
fn always_open() -> Vec<Route> {
    vec![
        ("/assets/{folder}/{file}", get(file::file)),
        ("/sign-in", get(sign_in::page).post(sign_in::sign_in)),
        ("/session/renew", post(sign_in::renew)),
        ("/reset-password/{secret}", get(reset_password::page).post(reset_password::reset)),
    ]
}

/// Likewise for those who are signed in: the page on which a device is approved, whose address trackers
/// show.
fn always_signed_in() -> Vec<Route> {
    vec![("/sign-out", post(sign_in::sign_out)), ("/device", get(device::page).post(device::decide))]
}

/// What goes on in maintenance: sessions of those who look at pages.
const GO_ON: [&str; 1] = ["/session/renew"];

/// The patterns of all routes, to be counted one by one.
pub fn route_patterns() -> Vec<String> {
    let all = [open(), signed_in(), always_open(), always_signed_in()];
    all.into_iter().flatten().map(|(pattern, _)| pattern.to_owned()).collect()
}

/// What the face has to answer.
pub struct Pages {
    /// Its own routes.
    pub routes: Router,
    /// What nobody has a route for: a page for those who look at pages, a problem for programs.
    pub unknown: Router,
}

/// All pages.
pub fn pages(state: WebState) -> Pages {
    let open = open().into_iter().chain(always_open());
    serve(open, signed_in().into_iter().chain(always_signed_in()), state)
}

/// The page on which a device is approved, and what it needs; the start leads to the documentation.
pub fn device_pages(state: WebState) -> Pages {
    let open = always_open().into_iter().chain([("/", get(start::to_docs))]);
    serve(open, always_signed_in().into_iter(), WebState { only_device: true, ..state })
}

fn serve(
    open: impl Iterator<Item = Route>,
    signed_in: impl Iterator<Item = Route>,
    state: WebState,
) -> Pages {
    let web = Arc::new(state);
    let state = || Arc::clone(&web);
    let routes = collect(signed_in).layer(from_fn_with_state(state(), let_in)).merge(collect(open));
    let routes = refuse_changes(routes, &web, &GO_ON);
    let refuse = async || Refusal::from(Problem::method_not_allowed());
    let routes = routes.method_not_allowed_fallback(refuse);
    // The guard is asked first, whatever the route; and refuses as a page.
    let guarded = routes.layer(from_fn_with_state(state(), refuse_foreign_writes));
    let dressed = |routes: axum::Router<Web>| {
        with_state(routes.layer(from_fn_with_state(state(), dress::dress)), state())
    };
    Pages { routes: dressed(guarded), unknown: dressed(axum::Router::new().fallback(unknown)) }
}

/// Where the API is, which speaks to programs alone.
const API: &str = "/api/";

async fn unknown(uri: Uri, headers: HeaderMap) -> Response {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    if !uri.path().starts_with(API) && accepted.any(|line| line.contains("text/html")) {
        return Refusal::from(Problem::no_route()).into_response();
    }
    Problem::no_route().into_response()
}

fn collect(routes: impl Iterator<Item = Route>) -> axum::Router<Web> {
    routes.fold(axum::Router::new(), |router, (pattern, route)| router.route(pattern, route))
}
