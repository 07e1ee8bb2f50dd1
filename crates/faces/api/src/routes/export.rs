//! `/users/me/export`: everything about me, one JSON object a line, written while it is read.
//! Deliberately absent: what belongs to an export and in which order (the use case).

use std::io;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use dayline_app::ports::{ApiKey, StoredAuditEvent, User};
use dayline_app::reporting::export::{self, DeadLetterPings, Export, Page};
use dayline_domain::timeline::Piece;
use dayline_domain::{Session, SessionId};
use futures_util::stream;
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::api_keys::KeyItem;
use super::audit::AuditEntry;
use super::sessions::SessionItem;
use super::timeline::IntervalItem;
use super::users::Profile;
use crate::openapi::SignedInProblems;
use crate::problem::Problem;
use crate::request::Api;
use crate::request::caller::SignedIn;
use crate::request::places::Place;
use crate::server::{Peer, Streams};
use crate::wire::instant;

/// About so many bytes are made at a time.
const CHUNK: usize = 32 * 1024;

/// One line of an export.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ExportLine<'a> {
    /// My profile; the first line.
    Profile(Profile),
    /// A device that is signed in.
    Session(SessionItem),
    /// A key.
    ApiKey(KeyItem),
    /// Something that happened to my account, the newest first.
    Audit(AuditEntry<'a>),
    /// Pings that could not be processed and were put aside.
    PutAside(PutAsideItem<'a>),
    /// What counted, in the order of time, cut at midnight UTC.
    Interval(IntervalItem<'a>),
    /// What was observed but did not count, likewise; a day's after what counted on that day.
    Outranked(IntervalItem<'a>),
    /// The last line. An export without it was cut off.
    End {
        /// How many lines of each type came before.
        counts: Counts,
    },
}

/// Pings that were accepted but could not be processed; the operator may try again.
#[derive(Serialize, ToSchema)]
pub(crate) struct PutAsideItem<'a> {
    /// When they were put aside.
    #[schema(format = DateTime, example = "2026-11-20T10:00:01.000Z")]
    put_aside_at: String,
    /// The pings, if they can be read.
    pings: Vec<IntervalItem<'a>>,
    /// What was stored, if not: bytes as hexadecimal digits.
    #[schema(required, example = json!(null))]
    unreadable: Option<String>,
}

impl<'a> From<&'a DeadLetterPings> for PutAsideItem<'a> {
    fn from(DeadLetterPings { at, pings, unreadable }: &'a DeadLetterPings) -> Self {
        Self {
            put_aside_at: instant::utc(*at),
            pings: pings.iter().map(IntervalItem::from).collect(),
            unreadable: unreadable.as_deref().map(hexadecimal),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// How many lines of each type there are.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = ExportCounts)]
pub(crate) struct Counts {
    profile: u64,
    session: u64,
    api_key: u64,
    audit: u64,
    put_aside: u64,
    interval: u64,
    outranked: u64,
}

/// Everything about me, as NDJSON: one JSON object a line, of the schema `ExportLine`.
///
/// The last line has the type `end` and says how many lines of each type came before; an export without it was cut
/// off and should be asked for again. Pings that were accepted within the last second or so may not be in it yet.
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
    let place = api.exports.take(caller.user)?;
    // What goes wrong at once is still told by the status.
    let page = export.page().await?;
    let writer = Writer {
        written: ExportLines::new(caller.session()),
        lines: page.map_or_else(|| Box::new(std::iter::empty()), lines),
        export,
        has_ended: false,
        peer: peer.map(|Extension(peer)| peer),
        streams: None,
        _place: place,
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

/// What becomes a line.
pub(crate) enum Record {
    Profile(User),
    Session(Session),
    Key(ApiKey),
    Audit(StoredAuditEvent),
    PutAside(DeadLetterPings),
    Interval(Piece),
    Outranked(Piece),
}

pub(crate) type Records = Box<dyn Iterator<Item = Record> + Send>;

/// What becomes of a page.
pub(crate) fn lines(page: Page) -> Records {
    match page {
        Page::Profile(user) => Box::new(std::iter::once(Record::Profile(user))),
        Page::Sessions(sessions) => Box::new(sessions.into_iter().map(Record::Session)),
        Page::Keys(keys) => Box::new(keys.into_iter().map(Record::Key)),
        Page::Audit(entries) => Box::new(entries.into_iter().map(Record::Audit)),
        Page::DeadLetter(letter) => Box::new(std::iter::once(Record::PutAside(letter))),
        Page::Ledger { counted, outranked } => {
            let outranked = outranked.into_iter().map(Record::Outranked);
            Box::new(counted.into_iter().map(Record::Interval).chain(outranked))
        }
    }
}

/// An export being written. It holds one page and one chunk, whatever there is.
struct Writer {
    export: Export,
    lines: Records,
    written: ExportLines,
    has_ended: bool,
    peer: Option<Peer>,
    streams: Option<Streams>,
    _place: Place,
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

/// The lines of an export, counted while they are written.
pub(crate) struct ExportLines {
    current: Option<SessionId>,
    counts: Counts,
}

impl ExportLines {
    /// No lines yet. `current` is the session that asks.
    pub(crate) fn new(current: Option<SessionId>) -> Self {
        Self { current, counts: Counts::default() }
    }

    /// Writes a line.
    pub(crate) fn write(&mut self, record: &Record, chunk: &mut Vec<u8>) {
        let counts = &mut self.counts;
        let (line, count) = match record {
            Record::Profile(user) => (ExportLine::Profile(user.clone().into()), &mut counts.profile),
            Record::Session(session) => {
                (ExportLine::Session(SessionItem::new(session.clone(), self.current)), &mut counts.session)
            }
            Record::Key(key) => (ExportLine::ApiKey(key.into()), &mut counts.api_key),
            Record::Audit(entry) => (ExportLine::Audit(entry.into()), &mut counts.audit),
            Record::PutAside(letter) => (ExportLine::PutAside(letter.into()), &mut counts.put_aside),
            Record::Interval(piece) => (ExportLine::Interval(piece.into()), &mut counts.interval),
            Record::Outranked(piece) => (ExportLine::Outranked(piece.into()), &mut counts.outranked),
        };
        *count += 1;
        write_line(&line, chunk);
    }

    /// Writes the last line.
    pub(crate) fn finish(&self, chunk: &mut Vec<u8>) {
        write_line(&ExportLine::End { counts: self.counts }, chunk);
    }
}

fn write_line(line: &ExportLine<'_>, chunk: &mut Vec<u8>) {
    // Structs of texts and numbers always serialise, and memory takes all bytes.
    let _ = serde_json::to_writer(&mut *chunk, line);
    chunk.push(b'\n');
}
