//! Pages as answers: rendered whole, packed if the browser takes that, kept by nobody without asking
//! again. Not here: the headers that all answers of this face have (see `dress`).

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::response::Response;
use bytes::Bytes;
use dayline_app::AppError;
use dayline_http_kit::entity_tag::is_held;
use dayline_http_kit::packing::packed_text;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::refusal::Refusal;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// A page, or what a script of one asks for.
pub(crate) struct Page {
    status: StatusCode,
    media_type: &'static str,
    text: String,
}

impl Page {
    /// Renders a page.
    ///
    /// # Errors
    /// If the template does, which is a bug.
    pub(crate) fn of(template: &impl Template) -> Result<Self, Refusal> {
        let text = template.render().map_err(|error| AppError::Internal(error.to_string()))?;
        Ok(Self { status: StatusCode::OK, media_type: HTML, text })
    }

    /// Data for a page's script.
    ///
    /// # Errors
    /// If it can't be written, which is a bug.
    pub(crate) fn of_data(data: &impl Serialize) -> Result<Self, Refusal> {
        let text = serde_json::to_string(data).map_err(|error| AppError::Internal(error.to_string()))?;
        Ok(Self { status: StatusCode::OK, media_type: JSON, text })
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The answer, packed if that is worth it: no page has a secret in it that never changes. A browser
    /// that has the same page already is told so: all that a page depends on shows in it.
    pub(crate) fn answer(self, request: &HeaderMap) -> Response {
        if self.status != StatusCode::OK {
            return self.whole(request);
        }
        let tag = self.tag();
        let mut response = if is_held(request, &tag) {
            response(StatusCode::NOT_MODIFIED, self.media_type, Bytes::new())
        } else {
            self.whole(request)
        };
        // Weak: packed and not packed, it is the same page.
        if let Ok(tag) = format!("W/{tag}").parse() {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }

    /// Names what the page says.
    fn tag(&self) -> String {
        let mut hash = DefaultHasher::new();
        self.text.hash(&mut hash);
        format!("\"{:016x}\"", hash.finish())
    }

    fn whole(self, request: &HeaderMap) -> Response {
        let Some(packed) = packed_text(request, &self.text) else {
            return response(self.status, self.media_type, self.text.into());
        };
        let mut response = response(self.status, self.media_type, packed);
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    }

    /// The answer, which nobody keeps and which is not packed, since it has a secret in it.
    pub(crate) fn secret_answer(self) -> Response {
        let mut response = response(self.status, self.media_type, self.text.into());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn response(status: StatusCode, media_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("cookie, accept-encoding"));
    response
}
