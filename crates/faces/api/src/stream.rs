//! Answers that are made while they are sent: a chunk at a time, as fast as the client reads, for as
//! long as its credential is not revoked.

use std::future::Future;
use std::io;

use axum::body::Body;
use axum::extract::FromRequestParts;
use bytes::Bytes;
use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_http_kit::Problem;
use dayline_http_kit::caller::StaysSignedIn;
use dayline_http_kit::connections::{Peer, Streams};
use dayline_http_kit::slots::SlotGuard;
use futures_util::stream;
use http::request;

use crate::state::Api;

/// About so many bytes are made at a time.
pub(crate) const CHUNK: usize = 32 * 1024;
/// An answer of no more bytes is sent at once and needs no slot.
const SHORT: usize = 2 * CHUNK;

/// What writes an answer. It should hold little of what it has not written yet.
pub(crate) trait Writer: Send + 'static {
    /// Writes about [`CHUNK`] bytes more; false if that was the end.
    fn write(&mut self, chunk: &mut Vec<u8>) -> impl Future<Output = Result<bool, AppError>> + Send;
}

/// The request of an answer that may be long.
pub(crate) struct LongAnswer {
    api: Api,
    credential: StaysSignedIn,
    peer: Option<Peer>,
}

impl FromRequestParts<Api> for LongAnswer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, api: &Api) -> Result<Self, Problem> {
        let credential = StaysSignedIn::from_request_parts(parts, api).await?;
        let peer = parts.extensions.get::<Peer>().cloned();
        Ok(Self { api: api.clone(), credential, peer })
    }
}

impl LongAnswer {
    /// Who asks.
    pub(crate) fn caller(&self) -> &Caller {
        &self.credential.caller
    }

    /// The answer's body. What goes wrong at once is still told by the status.
    pub(crate) async fn body(
        self,
        begins_with: &[u8],
        mut writer: impl Writer,
        slot: SlotGuard,
    ) -> Result<Body, Problem> {
        let mut first = begins_with.to_vec();
        let has_ended = !writer.write(&mut first).await?;
        Ok(self.stream(writer, first, has_ended, slot))
    }

    /// The answer's body, which takes a slot only if it is long.
    pub(crate) async fn body_of_any_length(
        self,
        begins_with: &[u8],
        mut writer: impl Writer,
    ) -> Result<Body, Problem> {
        let mut first = begins_with.to_vec();
        while writer.write(&mut first).await? {
            if first.len() > SHORT {
                let slot = self.api.long_answers.claim(self.caller().user)?;
                return Ok(self.stream(writer, first, false, slot));
            }
        }
        Ok(first.into())
    }

    fn stream<W: Writer>(self, writer: W, first: Vec<u8>, has_ended: bool, slot: SlotGuard) -> Body {
        let first = Some(first.into());
        let stream = Stream { request: self, writer, first, has_ended, streams: None, _slot: slot };
        Body::from_stream(stream::try_unfold(stream, Stream::next))
    }
}

/// An answer being sent.
struct Stream<W> {
    request: LongAnswer,
    writer: W,
    first: Option<Bytes>,
    has_ended: bool,
    streams: Option<Streams>,
    _slot: SlotGuard,
}

impl<W: Writer> Stream<W> {
    /// The next chunk. An error cuts the answer off, since its status is long gone.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.streams.is_none() {
            self.streams = self.request.peer.as_ref().map(Peer::streams);
        }
        if self.request.credential.was_revoked(&self.request.api.kit).await {
            tracing::info!("an answer was cut off: its credential was revoked");
            return Err(io::Error::other("the credential was revoked"));
        }
        if let Some(first) = self.first.take() {
            return Ok(Some((first, self)));
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.is_empty() && !self.has_ended {
            match self.writer.write(&mut chunk).await {
                Ok(goes_on) => self.has_ended = !goes_on,
                Err(error) => {
                    tracing::error!(%error, "an answer was cut off");
                    return Err(io::Error::other("the answer was cut off"));
                }
            }
        }
        Ok((!chunk.is_empty()).then(|| (chunk.into(), self)))
    }
}
