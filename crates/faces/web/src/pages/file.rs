//! `/assets/{folder}/{file}`: the files that pages load.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_http_kit::Problem;
use dayline_http_kit::unread::shared;
use http::{HeaderMap, HeaderValue, header};

use crate::packing::takes_gzip;
use crate::refusal::Refusal;
use crate::state::Web;

/// A file. What another release's page asks for is answered by this one's, from its own address.
pub(crate) async fn file(
    State(web): State<Web>,
    Path((folder, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let own = web.assets.folder();
    let file = web.assets.find(&name).ok_or_else(Problem::no_route)?;
    if folder != own {
        let mut redirect = Redirect::temporary(&format!("{}/assets/{own}/{name}", web.base)).into_response();
        redirect.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Ok(redirect);
    }
    let packed = takes_gzip(&headers);
    let mut response = shared(if packed { file.gzip.clone() } else { file.plain.clone() });
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, file.media_type.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
