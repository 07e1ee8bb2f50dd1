//! Answers that are made while they are sent: a chunk at a time, as fast as the client reads, for as
//! long as its credential is not revoked.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use dayline_app::AppError;
use dayline_domain::UserId;
use futures_util::stream;
use http::request;

use crate::caller::StaysSignedIn;
use crate::connections::{Peer, Streams};
use crate::problem::Problem;
use crate::slots::{SlotGuard, Slots};
use crate::state::Kit;

/// About so many bytes are made at a time.
pub const CHUNK: usize = 32 * 1024;
/// An answer of no more bytes is sent at once and needs no slot.
const SHORT: usize = 2 * CHUNK;

/// What writes an answer. It should hold little of what it has not written yet.
pub trait Writer: Send + 'static {
    /// Writes about [`CHUNK`] bytes more; false if that was the end.
    fn write(&mut self, chunk: &mut Vec<u8>) -> impl Future<Output = Result<bool, AppError>> + Send;
}

/// What is known of a request whose answer may be long.
pub struct LongRequest {
    kit: Kit,
    /// None where nobody sends one.
    credential: Option<StaysSignedIn>,
    peer: Option<Peer>,
}

impl LongRequest {
    /// A request with this credential.
    pub fn new(kit: Kit, credential: Option<StaysSignedIn>, parts: &request::Parts) -> Self {
        Self { kit, credential, peer: parts.extensions.get::<Peer>().cloned() }
    }

    /// The answer's body. What goes wrong at once is still told by the status.
    ///
    /// # Errors
    /// The writer's first.
    pub async fn body(
        self,
        begins_with: &[u8],
        mut writer: impl Writer,
        slot: SlotGuard,
    ) -> Result<Body, Problem> {
        let mut first = begins_with.to_vec();
        let has_ended = !writer.write(&mut first).await?;
        Ok(self.stream(writer, first, has_ended, slot))
    }

    /// The answer's body, which takes one of a person's slots only if it is long.
    ///
    /// # Errors
    /// The writer's first; or that there is no slot.
    pub async fn body_of_any_length(
        self,
        begins_with: &[u8],
        mut writer: impl Writer,
        slots: &Arc<Slots>,
        user: UserId,
    ) -> Result<Body, Problem> {
        let mut first = begins_with.to_vec();
        while writer.write(&mut first).await? {
            if first.len() > SHORT {
                let slot = slots.claim(user)?;
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
    request: LongRequest,
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
        if let Some(credential) = &self.request.credential
            && credential.was_revoked(&self.request.kit).await
        {
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
