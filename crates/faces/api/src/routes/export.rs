//! `/users/me/export` and `export.json`: everything about me, one JSON object a line or in a list, written while it is read.
//! Not here: what belongs to an export and in which order (the use case).

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::reporting::export::{self, Export};
use dayline_http_kit::Problem;
use dayline_http_kit::packing::packed;
use http::{HeaderMap, HeaderValue, header};
use utoipa::ToSchema;

use crate::openapi::SignedInProblems;
use crate::state::{Api, ApiState};
use crate::stream::{CHUNK, LongAnswer, Writer};
use crate::views::export::{ExportItems, ExportLine, ExportLines, lines};

/// Everything about me, as NDJSON: one JSON object a line, of the schema `ExportLine`. As one JSON
/// object: `export.json`.
///
/// The last line has the type `end` and says how many lines of each type came before; an export
/// without it was cut off and should be asked for again. Pings that were accepted within the last
/// second or so may not be in it yet.
#[utoipa::path(
    get, path = "/api/v1/users/me/export", tag = "users", operation_id = "export",
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson", description = "The export",
            headers(("content-disposition" = String, description = "A file name with today's date (UTC)"))),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn export(
    State(api): State<Api>,
    request: LongAnswer,
    asked_by: HeaderMap,
) -> Result<Response, Problem> {
    answer(&api, request, &asked_by, false).await
}

/// An export as one object.
#[derive(ToSchema)]
#[schema(as = Export)]
#[expect(dead_code, reason = "describes what is written otherwise")]
struct ExportBody {
    /// The lines, in their order.
    lines: Vec<ExportLine<'static>>,
}

/// Everything about me, as one JSON object, for clients that are generated from this document: the
/// lines of the export, as a list.
#[utoipa::path(
    get, path = "/api/v1/users/me/export.json", tag = "users", operation_id = "export_json",
    responses(
        (status = 200, body = ExportBody, description = "The export",
            headers(("content-disposition" = String, description = "A file name with today's date (UTC)"))),
        SignedInProblems,
    ),
    security(("session" = [])),
)]
pub(crate) async fn export_json(
    State(api): State<Api>,
    request: LongAnswer,
    asked_by: HeaderMap,
) -> Result<Response, Problem> {
    answer(&api, request, &asked_by, true).await
}

async fn answer(
    api: &ApiState,
    request: LongAnswer,
    asked_by: &HeaderMap,
    as_json: bool,
) -> Result<Response, Problem> {
    let caller = request.caller();
    let export = export::open(&api.app, caller)?;
    let slot = api.exports.claim(caller.user)?;
    let written = ExportLines::new(caller.session());
    let form = if as_json { Form::Json { begun: false } } else { Form::Ndjson };
    let writer = ExportWriter { export, lines: Box::new(std::iter::empty()), written, form };
    let mut response = Response::new(request.body(b"", writer, slot).await?);
    let (media_type, end) =
        if as_json { ("application/json", "json") } else { ("application/x-ndjson", "ndjson") };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"dayline-export-{}.{end}\"", api.app.clock.now().day());
    if let Ok(name) = name.parse() {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    packed(asked_by, response).await
}

/// An export being written. It holds one page, whatever there is.
struct ExportWriter {
    export: Export,
    lines: ExportItems,
    written: ExportLines,
    form: Form,
}

/// What is around the lines, each of which ends with a line break.
enum Form {
    Ndjson,
    /// A list in an object; a comma comes before every line but the first.
    Json {
        begun: bool,
    },
}

impl Form {
    fn before_line(&mut self, chunk: &mut Vec<u8>) {
        match self {
            Self::Ndjson => {}
            Self::Json { begun: true } => chunk.push(b','),
            Self::Json { begun } => {
                *begun = true;
                chunk.extend_from_slice(b"{\"lines\":[");
            }
        }
    }

    fn end(&self, chunk: &mut Vec<u8>) {
        if matches!(self, Self::Json { .. }) {
            chunk.extend_from_slice(b"]}");
        }
    }
}

impl Writer for ExportWriter {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            if let Some(item) = self.lines.next() {
                self.form.before_line(chunk);
                self.written.write(&item, chunk);
                continue;
            }
            let Some(page) = self.export.page().await? else {
                self.form.before_line(chunk);
                self.written.finish(chunk);
                self.form.end(chunk);
                return Ok(false);
            };
            self.lines = lines(page);
        }
        Ok(true)
    }
}
