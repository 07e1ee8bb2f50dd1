//! Puts the faces' routes together and what every answer has around them.
//! Not here: the routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use http::{HeaderValue, Method, header};
use tower::ServiceExt;
use tower_http::cors::CorsLayer;

use crate::base_path::also_under;
use crate::edge::EdgeLayer;
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
    let routes = faces.into_iter().fold(Router::new(), Router::merge);
    let edge = EdgeLayer::new(Arc::clone(kit));
    let as_meant = routes.clone().fallback(async || Problem::no_route()).layer(edge.clone());
    // Only where no route has the path as it was written, so that nobody else pays for it.
    let respell = move |mut request: Request| {
        if let Some(meant) = spelling::meant(request.uri()) {
            *request.uri_mut() = meant;
        }
        as_meant.oneshot(request)
    };
    let routes = routes.layer(edge).fallback(respell);
    let origins = allowed_origins(&kit.config.allowed_origins);
    let routes = if origins.is_empty() { routes } else { routes.layer(cors(origins)) };
    also_under(kit.config.base_path(), routes)
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
