//! Where something is that was made, as people reach this server.

use axum::response::Response;
use dayline_http_kit::KitConfig;
use http::header;

/// Says that what was made is at this path.
pub(crate) fn set_location(response: &mut Response, config: &KitConfig, path: &str) {
    if let Ok(location) = format!("{}{path}", config.base_path()).parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
}
