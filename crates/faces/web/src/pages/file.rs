//! `/assets/{folder}/{file}`: the files that pages load.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use dayline_http_kit::Problem;
use http::{HeaderMap, HeaderValue, header};

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
    let mut response = file.content.answer(&headers, file.media_type.clone());
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, for_good);
    Ok(response)
}
