//! The list of routes: the contract's table (design, section 5), in its order.
//! Not here: what a route does; that is at its handler, with its path and its documentation.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use dayline_http_kit::maintenance::refuse_changes;
use dayline_http_kit::router::with_state;
use utoipa::OpenApi as _;
use utoipa::openapi::Server;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dated_document::DatedDocument;
use crate::known_parameters::KnownParameters;
use crate::openapi::{Document, without_null_bodies};
use crate::routes::{
    aliases, api_keys, audit, auth, categories, connect, corrections, device_login, devices, docs, export,
    live, operations, preferences, report_job_results, report_jobs, reports, sessions, timeline, track,
    users, why,
};
use crate::state::{Api, ApiState};

fn table() -> OpenApiRouter<Api> {
    let for_operators =
        OpenApiRouter::new().routes(routes!(operations::readyz)).routes(routes!(operations::metrics));
    table_for_all().merge(for_operators)
}

/// What goes on in maintenance: pings, and sessions that send them.
const GO_ON: [&str; 2] = ["/api/v1/usage/track", "/api/v1/auth/refresh"];

/// The routes that anybody may know.
fn table_for_all() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        // /api/v1/users
        .routes(routes!(users::register))
        .routes(routes!(users::profile, users::update_profile, users::delete))
        .routes(routes!(preferences::show, preferences::set))
        .routes(routes!(users::change_password))
        .routes(routes!(export::export))
        .routes(routes!(export::export_json))
        .routes(routes!(audit::entries))
        // /api/v1/auth
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::logout_all))
        .routes(routes!(device_login::start, device_login::look_up))
        .routes(routes!(device_login::poll))
        .routes(routes!(device_login::approve))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        // /api/v1/api-keys
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::delete))
        // /api/v1/connect
        .routes(routes!(connect::show, connect::connect))
        // /api/v1/devices
        .routes(routes!(devices::list))
        .routes(routes!(devices::change))
        // /api/v1/usage
        .routes(routes!(track::track))
        .routes(routes!(timeline::timeline))
        .routes(routes!(why::why))
        .routes(routes!(corrections::list, corrections::make))
        .routes(routes!(corrections::change, corrections::delete))
        // /api/v1/report
        .merge(reports::routes())
        .routes(routes!(report_jobs::list, report_jobs::request))
        .routes(routes!(report_jobs::show, report_jobs::cancel))
        .routes(routes!(report_job_results::json))
        .routes(routes!(report_job_results::table))
        .routes(routes!(report_job_results::lines))
        // /api/v1/categories and /api/v1/aliases
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::change, categories::delete))
        .routes(routes!(aliases::show, aliases::set))
        // /api/v1/live
        .routes(routes!(live::live))
        // Operations
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::openapi))
        .routes(routes!(docs::docs))
        .route("/docs/", get(docs::index))
        .route("/docs/{file}", get(docs::asset))
}

/// The API document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = table().into_openapi();
    without_null_bodies(&mut document);
    document
}

/// The patterns of all routes, to be counted one by one.
pub fn route_patterns() -> Vec<String> {
    document().paths.paths.into_keys().collect()
}

/// All routes.
pub fn router(state: ApiState) -> Router {
    serve(table(), state)
}

/// All routes but those that [`operations_router`] has for operators, where it has a listener of its own.
pub fn router_for_all(state: ApiState) -> Router {
    serve(table_for_all(), state)
}

fn serve(table: OpenApiRouter<Api>, mut state: ApiState) -> Router {
    let mut document = document();
    let base = state.kit.config.base_path();
    if !base.is_empty() {
        document.servers = Some(vec![Server::new(base)]);
    }
    let routes = Router::from(table).route_layer(KnownParameters::of(&document));
    // Texts, numbers and maps with texts for keys always serialise.
    state.document = DatedDocument::new(document.to_json().unwrap_or_default());
    let api = Arc::new(state);
    with_state(refuse_changes(routes, &api, &GO_ON), api)
}

/// Whether a process lives, and nothing else: what a process that only works in the background shows to
/// all, where [`operations_router`] has a listener of its own.
pub fn health_router(state: ApiState) -> Router {
    with_state(OpenApiRouter::new().routes(routes!(operations::healthz)).into(), Arc::new(state))
}

/// What operators and their tools ask for; all that a process has which only works in the background.
pub fn operations_router(state: ApiState) -> Router {
    let table = OpenApiRouter::new()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics));
    with_state(table.into(), Arc::new(state))
}
