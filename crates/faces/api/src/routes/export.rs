//! `/users/me/export`: everything about me, one JSON object a line, written while it is read.
//! Not here: what belongs to an export and in which order (the use case).

use axum::extract::State;
use axum::response::Response;
use dayline_app::AppError;
use dayline_app::reporting::export::{self, Export};
use dayline_http_kit::Problem;
use http::{HeaderValue, header};

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::stream::{CHUNK, LongAnswer, Writer};
use crate::views::export::{ExportItems, ExportLines, lines};

/// Everything about me, as NDJSON: one JSON object a line, of the schema `ExportLine`.
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
pub(crate) async fn export(State(api): State<Api>, request: LongAnswer) -> Result<Response, Problem> {
    let caller = request.caller();
    let export = export::open(&api.app, caller)?;
    let slot = api.exports.claim(caller.user)?;
    let written = ExportLines::new(caller.session());
    let writer = ExportWriter { export, lines: Box::new(std::iter::empty()), written };
    let mut response = Response::new(request.body(writer, slot).await?);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"dayline-export-{}.ndjson\"", api.app.clock.now().day());
    if let Ok(name) = name.parse() {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// An export being written. It holds one page, whatever there is.
struct ExportWriter {
    export: Export,
    lines: ExportItems,
    written: ExportLines,
}

impl Writer for ExportWriter {
    async fn write(&mut self, chunk: &mut Vec<u8>) -> Result<bool, AppError> {
        let end = chunk.len() + CHUNK;
        while chunk.len() < end {
            if let Some(item) = self.lines.next() {
                self.written.write(&item, chunk);
                continue;
            }
            let Some(page) = self.export.page().await? else {
                self.written.finish(chunk);
                return Ok(false);
            };
            self.lines = lines(page);
        }
        Ok(true)
    }
}
