//! Puts the faces' routes together and what every answer has around them.
//! Not here: the routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use http::{HeaderName, HeaderValue, Method, header, request};
use tower::ServiceExt;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::base_path::also_under;
use crate::edge::EdgeLayer;
use crate::origin::AllowedOrigin;
use crate::problem::Problem;
use crate::spelling;
use crate::state::{Face, Kit};

/// A face's routes with its state. A method that a route does not have is refused in the face's own
/// way.
pub fn with_state<F: Face + Clone>(routes: Router<F>, face: F) -> Router {
    let refuse = async || F::Refusal::from(Problem::method_not_allowed()).into_response();
    routes.method_not_allowed_fallback(refuse).with_state(face)
}

/// All faces as one router. A clone shares everything with the original, so that each runtime may
/// have one.
pub fn assemble(kit: &Kit, faces: impl IntoIterator<Item = Router>) -> Router {
    assemble_with(kit, faces, Router::new().fallback(async || Problem::no_route()))
}

/// The same with somebody else to answer what no face has a route for.
pub fn assemble_with(kit: &Kit, faces: impl IntoIterator<Item = Router>, unknown: Router) -> Router {
    let routes = faces.into_iter().fold(Router::new(), Router::merge);
    let edge = EdgeLayer::new(Arc::clone(kit));
    let as_meant = routes.clone().fallback_service(unknown).layer(edge.clone());
    // Only where no route has the path as it was written, so that nobody else pays for it.
    let respell = move |mut request: Request| {
        if let Some(meant) = spelling::meant(request.uri()) {
            *request.uri_mut() = meant;
        }
        as_meant.oneshot(request)
    };
    let routes = routes.layer(edge).fallback(respell);
    let origins = &kit.config.allowed_origins;
    let routes = if origins.is_empty() { routes } else { routes.layer(cors(origins.clone())) };
    also_under(kit.config.base_path(), routes)
}

/// Lets pages of other sites call the API with an access token; never with the cookie.
fn cors(origins: Vec<AllowedOrigin>) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed.admits(origin)))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(Duration::from_hours(1))
}

/// What clients send that a browser asks about first. Some libraries add the last ones of themselves; a
/// request is not to fail by that.
const SENT: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::IF_NONE_MATCH,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("x-request-id"),
    header::CACHE_CONTROL,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-requested-with"),
];

/// What clients read of an answer that a browser keeps from pages otherwise.
const READ: [HeaderName; 10] = [
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::ALLOW,
    header::CONTENT_DISPOSITION,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("api-keys-deleted"),
];
