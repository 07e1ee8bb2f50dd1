//! Takes a request's body in: bounded in bytes, time and total memory, unpacked if it is gzip,
//! UTF-8. Not here: JSON (see [`crate::fields`]).

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use dayline_app::AppError;
use dayline_domain::UserId;
use futures_util::poll;
use http::{HeaderMap, header, request};

use crate::budget::{Exhausted, Permit};
use crate::connections::Peer;
use crate::csv::BYTE_ORDER_MARK;
use crate::gzip::Failure;
use crate::problem::Problem;
use crate::state::KitState;
use crate::unpacker::unpack_small;

/// What stands for bytes that are not UTF-8, within a JSON string: a half that no neighbour makes a pair.
const BROKEN: &str = r"\ud800\ud800";

/// A body, complete; its memory stays accounted for while this lives.
pub struct TextBody<'a> {
    bytes: Bytes,
    _permit: Permit<'a>,
}

impl TextBody<'_> {
    /// The text, or the problem that it is none.
    pub fn text(&self) -> Result<&str, Problem> {
        std::str::from_utf8(self.content())
            .map_err(|_| Problem::malformed("invalid_utf8", "the body must be utf-8"))
    }

    /// The text of a body with many items, of which one that is not UTF-8 must not cost the others. What is
    /// not UTF-8 is half a surrogate pair in it: JSON by its grammar, but no text.
    pub fn text_of_items(&self) -> Cow<'_, str> {
        match std::str::from_utf8(self.content()) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(with_what_is_broken_marked(self.content())),
        }
    }

    /// The bytes without the byte order mark that some clients begin with.
    fn content(&self) -> &[u8] {
        self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes)
    }
}

fn with_what_is_broken_marked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + BROKEN.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() && !text.ends_with(BROKEN) {
            // A backslash that escapes what is broken must not escape the one of the mark.
            let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
            text.push_str(&BROKEN[backslashes % 2..]);
        }
    }
    text
}

/// How a route takes bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are. For what is small and may come from anybody: unpacking is work that strangers
    /// must not be able to make.
    Identity,
    /// Also as gzip, from this person.
    Gzip(UserId),
}

/// Receives the body, at most `limit` bytes on the wire and unpacked.
pub async fn receive<'a>(
    kit: &'a KitState,
    parts: &request::Parts,
    body: Body,
    limit: usize,
    takes: Coding,
) -> Result<TextBody<'a>, Problem> {
    let packed_by = packed_by(&parts.headers, takes)?;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let peer = parts.extensions.get::<Peer>();
    let mut permit = kit.body_memory.none();
    let collecting = collect(body, limit, &mut permit);
    let bytes = in_time(kit.config.body_timeout, peer, collecting).await??;
    let bytes = match packed_by {
        Some(user) => unpack(kit, user, bytes, limit, &mut permit).await?,
        None => bytes,
    };
    Ok(TextBody { bytes, _permit: permit })
}

/// A body that is read a piece at a time and is never in memory as a whole: bounded in bytes, and in the time between one
/// piece and the next.
pub struct StreamedBody<'a> {
    body: Body,
    limit: usize,
    left: usize,
    timeout: Duration,
    peer: Option<&'a Peer>,
}

impl<'a> StreamedBody<'a> {
    /// A body of at most `limit` bytes, which is not packed.
    ///
    /// # Errors
    /// If it says already that it is longer, or packed.
    pub fn of(kit: &KitState, parts: &'a request::Parts, body: Body, limit: usize) -> Result<Self, Problem> {
        packed_by(&parts.headers, Coding::Identity)?;
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large(limit));
        }
        let (timeout, peer) = (kit.config.body_timeout, parts.extensions.get::<Peer>());
        Ok(Self { body, limit, left: limit, timeout, peer })
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// If it is too long, does not come in time, or is cut off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(piece) = in_time(self.timeout, self.peer, next_chunk(&mut self.body)).await?? else {
            return Ok(None);
        };
        self.left = self.left.checked_sub(piece.len()).ok_or_else(|| too_large(self.limit))?;
        Ok(Some(piece))
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large("body_too_large", format!("the body must have at most {limit} bytes, also unpacked"))
}

fn no_memory(_: Exhausted) -> Problem {
    AppError::Unavailable("too many large bodies at once".into()).into()
}

/// Who packed it, if somebody did.
fn packed_by(headers: &HeaderMap, takes: Coding) -> Result<Option<UserId>, Problem> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(None) };
    let is_named = |name: &str| encoding.as_bytes().eq_ignore_ascii_case(name.as_bytes());
    if is_named("identity") {
        return Ok(None);
    }
    let refused = match takes {
        // Both are one (RFC 9110, section 8.4.1.3).
        Coding::Gzip(user) if is_named("gzip") || is_named("x-gzip") => return Ok(Some(user)),
        Coding::Gzip(_) => "content-encoding must be gzip or absent",
        Coding::Identity => "send this body as it is, without content-encoding",
    };
    Err(Problem::unsupported("unsupported_encoding", refused))
}

/// Waits for a body. Most are there already, and then no timer is set.
async fn in_time<T>(
    limit: Duration,
    peer: Option<&Peer>,
    collecting: impl Future<Output = T>,
) -> Result<T, Problem> {
    let mut collecting = pin!(collecting);
    if let Poll::Ready(ready) = poll!(collecting.as_mut()) {
        return Ok(ready);
    }
    let _waiting = peer.map(Peer::waits_for_body);
    tokio::time::timeout(limit, collecting).await.map_err(|_| Problem::body_timeout())
}

async fn collect(mut body: Body, limit: usize, permit: &mut Permit<'_>) -> Result<Bytes, Problem> {
    let Some(first) = next_chunk(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(too_large(limit));
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    permit.extend(first.len()).map_err(no_memory)?;
    let mut whole = BytesMut::from(first);
    while let Some(chunk) = next_chunk(&mut body).await? {
        if whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        permit.extend(chunk.len()).map_err(no_memory)?;
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// The next bytes of a body; trailers are skipped.
async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Problem::malformed("broken_body", "the body is cut off or broken")),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Unpacks gzip, at most `limit` bytes.
async fn unpack(
    kit: &KitState,
    user: UserId,
    packed: Bytes,
    limit: usize,
    permit: &mut Permit<'_>,
) -> Result<Bytes, Problem> {
    let unpacked = match unpack_small(&packed, limit) {
        Some(unpacked) => unpacked,
        None => unpack_large(kit, user, packed, limit, permit).await?,
    };
    unpacked.map(Bytes::from).map_err(|failure| match failure {
        Failure::Invalid => Problem::malformed("invalid_gzip", "the body is not the gzip it claims to be"),
        Failure::TooLarge => too_large(limit),
    })
}

async fn unpack_large(
    kit: &KitState,
    user: UserId,
    packed: Bytes,
    limit: usize,
    permit: &mut Permit<'_>,
) -> Result<Result<Vec<u8>, Failure>, Problem> {
    permit.extend(limit).map_err(no_memory)?;
    let unpacked = kit.unpacker.unpack(packed, limit, user).await?;
    permit.give_back(limit - unpacked.as_ref().map_or(0, |plain| plain.capacity().min(limit)));
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn is_text(json: &str) -> bool {
        serde_json::from_str::<String>(json).is_ok()
    }

    #[test]
    fn what_is_not_utf_8_is_no_text_but_still_json_whatever_stands_before_it() {
        for (before, after) in
            [("", ""), ("a", "b"), (r"\\", ""), (r"a\\\\", ""), ("é", "é"), (r"\ud83d", r"\udc00")]
        {
            let json = [&b"\""[..], before.as_bytes(), b"\xe9\xff", after.as_bytes(), b"\""].concat();
            let marked = with_what_is_broken_marked(&json);
            assert!(!is_text(&marked), "{marked}");
            assert!(serde_json::from_str::<IgnoredAny>(&marked).is_ok(), "{marked}");
        }
        let escaped = with_what_is_broken_marked(b"\"a\\\xe9\"");
        assert!(!is_text(&escaped), "{escaped}");
        assert_eq!(with_what_is_broken_marked("é€😀".as_bytes()), "é€😀");
    }

    proptest::proptest! {
        #[test]
        fn broken_bytes_never_become_a_text(bytes in proptest::collection::vec(0x20_u8.., 0..12)) {
            let json = [&b"\""[..], &bytes, b"\""].concat();
            let is_utf8 = std::str::from_utf8(&json).is_ok();
            proptest::prop_assert!(is_utf8 || !is_text(&with_what_is_broken_marked(&json)));
        }
    }
}
