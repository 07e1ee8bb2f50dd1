//! `/device`: the page on which a person approves a device that shows a code. Part of the binary;
//! it loads nothing from elsewhere and talks to the API like any other client. Not here: what
//! approving means (the API).

use axum::response::Response;
use dayline_http_kit::unread::shared;
use http::{HeaderName, HeaderValue, header};

const PAGE: &str = include_str!("device_page/page.html");
const STYLE: &str = include_str!("device_page/page.css");
const SCRIPT: &str = include_str!("device_page/page.js");

/// Script and style from their own addresses, requests to this server, and nothing else. No form is
/// ever sent by the browser itself: without its script, the page must not put a password anywhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page on which a person signs in a device that shows a code.
///
/// With `?user_code=` the code is filled in. Nothing is approved without a click.
#[utoipa::path(
    get, path = "/device", tag = "operations", operation_id = "device_page",
    responses((status = 200, body = String, content_type = "text/html", description = "The page")),
)]
pub(crate) async fn page() -> Response {
    file("text/html; charset=utf-8", PAGE)
}

/// Its style.
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

/// Its script.
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = shared(text);
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The address has the code in it.
        (header::REFERRER_POLICY, "no-referrer"),
        // For browsers that don't know frame-ancestors.
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
