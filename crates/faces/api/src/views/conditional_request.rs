//! Answers that a client may keep: entity tags, `304 Not Modified`, JSON or CSV.

use dayline_http_kit::csv::{self, BYTE_ORDER_MARK};
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Body;
use axum::response::Response;
use dayline_app::App;
use dayline_app::identity::caller::Caller;
use dayline_app::reporting::reports::{self, ReadVersion};
use dayline_domain::Interval;
use dayline_http_kit::Problem;
use dayline_http_kit::entity_tag::is_held;
use dayline_http_kit::packing::packed;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::accept::Format;

/// How a client wants an answer, and which one it has already.
pub(crate) struct ConditionalRequest<'a> {
    /// The form that the client prefers.
    pub(crate) format: Format,
    /// What comes before the answer itself.
    pub(crate) begins_with: &'static [u8],
    headers: &'a HeaderMap,
    /// Everything but the data that the answer depends on.
    basis: DefaultHasher,
}

impl<'a> ConditionalRequest<'a> {
    /// `question` is everything that was asked: which report, which days, which zone. With `bom` a table
    /// begins with a byte order mark.
    pub(crate) fn new(headers: &'a HeaderMap, bom: bool, caller: &Caller, question: &impl Hash) -> Self {
        let format = Format::preferred(headers);
        let begins_with = if bom && format == Format::Csv { BYTE_ORDER_MARK } else { b"" };
        let mut basis = DefaultHasher::new();
        // A release may show the same data in another way.
        (env!("CARGO_PKG_VERSION"), caller.user, format, begins_with, question).hash(&mut basis);
        Self { format, begins_with, headers, basis }
    }

    /// `304` if the client's copy is what the answer would be. Cheap: it reads versions only.
    pub(crate) async fn unchanged(
        &self,
        app: &App,
        caller: &Caller,
        interval: Option<Interval>,
    ) -> Result<Option<Response>, Problem> {
        if !self.headers.contains_key(header::IF_NONE_MATCH) {
            return Ok(None);
        }
        let tag = self.tag(&reports::read_version(app, caller, interval).await?);
        if !is_held(self.headers, &tag) {
            return Ok(None);
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        label(&mut response, &tag);
        packed(self.headers, response).await.map(Some)
    }

    /// The answer in the wanted form, of what was read at this version.
    pub(crate) async fn answer(&self, version: &ReadVersion, body: Body) -> Result<Response, Problem> {
        let media_type = match self.format {
            Format::Json => "application/json",
            Format::Csv => csv::MEDIA_TYPE,
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        label(&mut response, &self.tag(version));
        packed(self.headers, response).await
    }

    fn tag(&self, version: &ReadVersion) -> String {
        let mut hasher = self.basis.clone();
        version.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

fn label(response: &mut Response, tag: &str) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    if let Ok(tag) = tag.parse() {
        headers.insert(header::ETAG, tag);
    }
}
