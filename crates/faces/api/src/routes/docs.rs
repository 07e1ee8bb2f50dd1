//! `/docs`: the API document for people, in pages that are part of the binary and load nothing from
//! elsewhere.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use dayline_http_kit::Problem;
use http::{HeaderValue, header};
use utoipa_swagger_ui::Config;

/// Scripts and styles from here only; Swagger UI writes style attributes and has images in its
/// style sheet.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").try_it_out_enabled(true)));

/// The pages refer to each other by relative names, so that they need the slash.
#[utoipa::path(
    get, path = "/docs", tag = "operations",
    responses((status = 308, description = "The documentation is at `/docs/`")),
)]
pub(crate) async fn docs() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The first page.
pub(crate) async fn index() -> Result<Response, Problem> {
    file("index.html")
}

/// A file that the first page needs.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    file(&name)
}

fn file(name: &str) -> Result<Response, Problem> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten();
    let file = file.ok_or_else(Problem::no_route)?;
    let mut response = Body::from(Bytes::from(file.bytes.into_owned())).into_response();
    let headers = response.headers_mut();
    if let Ok(content_type) = file.content_type.parse() {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if let Some(encoding) = file.gzpipped.then(|| HeaderValue::from_static("gzip")) {
        headers.insert(header::CONTENT_ENCODING, encoding);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}
