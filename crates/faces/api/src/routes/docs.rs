//! `/docs`: the API document for people, in pages that are part of the binary and load nothing from
//! elsewhere.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use bytes::Bytes;
use dayline_http_kit::Problem;
use dayline_http_kit::unread::shared;
use http::{HeaderValue, header};
use utoipa_swagger_ui::Config;

use crate::state::Api;

/// Scripts and styles from here only; Swagger UI writes style attributes and has images in its
/// style sheet.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const TITLE: &str = "<title>Dayline’s API</title>";

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("../openapi.json").try_it_out_enabled(true)));

/// The pages refer to each other by relative names, so that they need the slash.
#[utoipa::path(
    get, path = "/docs", tag = "operations",
    responses((status = 308, description = "The documentation is at `/docs/`")),
)]
pub(crate) async fn docs(State(api): State<Api>) -> Redirect {
    Redirect::permanent(&format!("{}/docs/", api.kit.config.base_path()))
}

/// The first page.
pub(crate) async fn index() -> Result<Response, Problem> {
    let (page, content_type, _) = find("index.html").ok_or_else(Problem::no_route)?;
    // It is no part of Swagger UI's configuration.
    let page = String::from_utf8_lossy(&page).replace("<title>Swagger UI</title>", TITLE);
    Ok(labelled(page.into(), &content_type, false))
}

/// A file that the first page needs.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    file(&name)
}

fn file(name: &str) -> Result<Response, Problem> {
    let (bytes, content_type, is_gzip) = find(name).ok_or_else(Problem::no_route)?;
    Ok(labelled(bytes, &content_type, is_gzip))
}

fn labelled(bytes: Bytes, content_type: &str, is_gzip: bool) -> Response {
    let mut response = shared(bytes);
    let headers = response.headers_mut();
    if let Ok(content_type) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// A file's bytes, its content type, and whether it is packed. All but one are part of the program; the
/// one that names our document is written each time, and is small.
fn find(name: &str) -> Option<(Bytes, String, bool)> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten()?;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Some((bytes, file.content_type, file.gzpipped))
}
