//! The list of routes: the contract's table (design, section 5), in its order.
//! Deliberately absent: what a route does; that is at its handler, with its path and its documentation.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::{HeaderValue, Method, header};
use tower_http::cors::CorsLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::edge::EdgeLayer;
use crate::openapi::Document;
use crate::problem::Problem;
use crate::request::Api;
use crate::routes::{
    api_keys, audit, auth, device_login, device_page, docs, export, live, operations, report_jobs, reports,
    sessions, timeline, track, users,
};
use crate::state::ApiState;

fn table() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Document::openapi())
        // /api/v1/users
        .routes(routes!(users::register))
        .routes(routes!(users::profile, users::update_profile, users::delete))
        .routes(routes!(users::change_password))
        .routes(routes!(export::export))
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
        // /api/v1/usage
        .routes(routes!(track::track))
        .routes(routes!(timeline::timeline))
        // /api/v1/report
        .routes(routes!(reports::apps))
        .routes(routes!(reports::domains))
        .routes(routes!(reports::urls))
        .routes(routes!(reports::hours))
        .routes(routes!(reports::days))
        .routes(routes!(report_jobs::list, report_jobs::request))
        .routes(routes!(report_jobs::show, report_jobs::cancel))
        .routes(routes!(report_jobs::result))
        // /api/v1/live
        .routes(routes!(live::live))
        // Pages
        .routes(routes!(device_page::page))
        .route("/device/page.css", get(device_page::style))
        .route("/device/page.js", get(device_page::script))
        // Operations
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::openapi))
        .routes(routes!(docs::docs))
        .route("/docs/", get(docs::index))
        .route("/docs/{file}", get(docs::asset))
}

/// The API document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    table().into_openapi()
}

/// All routes. A clone shares everything with the original, so that each runtime may have one.
pub fn router(state: ApiState) -> Router {
    serve_table(table(), state)
}

/// The routes of a process that only works in the background.
pub fn operations_router(state: ApiState) -> Router {
    let table = OpenApiRouter::new()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics));
    serve_table(table, state)
}

fn serve_table(table: OpenApiRouter<Api>, state: ApiState) -> Router {
    let api: Api = Arc::new(state);
    let (routes, _) = table.split_for_parts();
    let routes = routes
        .fallback(async || Problem::no_route())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(EdgeLayer::new(Arc::clone(&api)));
    let origins = allowed_origins(&api.config.allowed_origins);
    let routes = if origins.is_empty() { routes } else { routes.layer(cors(origins)) };
    routes.with_state(api)
}

fn allowed_origins(origins: &[String]) -> Vec<HeaderValue> {
    origins.iter().filter_map(|origin| origin.parse().ok()).collect()
}

/// Lets pages of other sites call the API with an access token; never with the cookie.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::CONTENT_ENCODING])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER])
        .max_age(Duration::from_hours(1))
}
