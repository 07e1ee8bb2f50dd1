//! `/users/me/export`: everything about me, one JSON object a line, written while it is read.
//! Not here: what belongs to an export and in which order (the use case).

use std::io;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use dayline_app::reporting::export::{self, Export};
use dayline_http_kit::Problem;
use dayline_http_kit::caller::SignedIn;
use dayline_http_kit::server::{Peer, Streams};
use dayline_http_kit::slots::SlotGuard;
use futures_util::stream;
use http::{HeaderValue, header};

use crate::openapi::SignedInProblems;
use crate::state::Api;
use crate::views::export::{ExportLines, Records, lines};

/// About so many bytes are made at a time.
const CHUNK: usize = 32 * 1024;

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
pub(crate) async fn export(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    peer: Option<Extension<Peer>>,
) -> Result<Response, Problem> {
    let mut export = export::open(&api.app, &caller)?;
    let slot = api.exports.take(caller.user)?;
    // What goes wrong at once is still told by the status.
    let page = export.page().await?;
    let writer = Writer {
        written: ExportLines::new(caller.session()),
        lines: page.map_or_else(|| Box::new(std::iter::empty()), lines),
        export,
        has_ended: false,
        peer: peer.map(|Extension(peer)| peer),
        streams: None,
        _slot: slot,
    };
    let mut response = Response::new(Body::from_stream(stream::try_unfold(writer, Writer::next)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = format!("attachment; filename=\"dayline-export-{}.ndjson\"", api.app.clock.now().day());
    if let Ok(name) = name.parse() {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// An export being written. It holds one page and one chunk, whatever there is.
struct Writer {
    export: Export,
    lines: Records,
    written: ExportLines,
    has_ended: bool,
    peer: Option<Peer>,
    streams: Option<Streams>,
    _slot: SlotGuard,
}

impl Writer {
    /// The next chunk. An error cuts the answer off, since its status is long gone.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.streams.is_none() {
            self.streams = self.peer.as_ref().map(Peer::streams);
        }
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK && !self.has_ended {
            if let Some(record) = self.lines.next() {
                self.written.write(&record, &mut chunk);
                continue;
            }
            match self.export.page().await {
                Ok(Some(page)) => self.lines = lines(page),
                Ok(None) => {
                    self.written.finish(&mut chunk);
                    self.has_ended = true;
                }
                Err(error) => {
                    tracing::error!(%error, "an export was cut off");
                    return Err(io::Error::other("the export was cut off"));
                }
            }
        }
        Ok((!chunk.is_empty()).then(|| (chunk.into(), self)))
    }
}
