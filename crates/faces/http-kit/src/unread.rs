//! A bound on answers that wait for their clients to read them, in all and for one person: each is kept
//! whole until the last byte of it is with the system. Not here: answers that are made while they are
//! sent, which are few and small at any time; and answers that all clients share.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use dayline_domain::UserId;
use http_body::{Frame, SizeHint};

use crate::problem::Problem;

/// Answers of no more bytes are not counted: a connection costs more than that.
const SMALL: usize = 4 * 1024;
/// One person may have this part of all.
const SHARES: usize = 4;

/// Says of an answer that its bytes are kept once for all clients.
#[derive(Clone)]
struct Shared;

/// An answer whose bytes are kept once for all clients.
pub fn shared(bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(bytes.into()));
    response.extensions_mut().insert(Shared);
    response
}

/// The answers that wait to be read.
pub(crate) struct Unread {
    /// Most bytes in all.
    most: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    all: usize,
    /// By person; all who are nobody are one.
    by_person: HashMap<Option<UserId>, usize>,
}

/// Bytes that wait to be read, no longer counted when dropped.
struct Counted {
    unread: Arc<Unread>,
    user: Option<UserId>,
    bytes: usize,
}

impl Unread {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, waiting: Mutex::default() })
    }

    /// The answer, counted until its client has read it. Nobody's first answer is too large.
    ///
    /// # Errors
    /// 429 if the person leaves too much unread, 503 if all together do.
    pub(crate) fn admit(
        self: &Arc<Self>,
        user: Option<UserId>,
        response: Response,
    ) -> Result<Response, Problem> {
        let Some(bytes) = response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok())
        else {
            return Ok(response);
        };
        if bytes <= SMALL || response.extensions().get::<Shared>().is_some() {
            return Ok(response);
        }
        let counted = Arc::new(self.count(user, bytes)?);
        Ok(response.map(|body| Body::new(CountedBody { body, counted })))
    }

    fn count(self: &Arc<Self>, user: Option<UserId>, bytes: usize) -> Result<Counted, Problem> {
        let mut waiting = self.waiting();
        let all = waiting.all;
        let theirs = waiting.by_person.get(&user).copied().unwrap_or_default();
        if theirs > 0 && theirs + bytes > self.most / SHARES {
            return Err(Problem::too_much_unread());
        }
        if all > 0 && all + bytes > self.most {
            return Err(Problem::all_too_much_unread());
        }
        waiting.all = all + bytes;
        waiting.by_person.insert(user, theirs + bytes);
        drop(waiting);
        Ok(Counted { unread: Arc::clone(self), user, bytes })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can leave it half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut waiting = self.unread.waiting();
        waiting.all -= self.bytes;
        if let Some(theirs) = waiting.by_person.get_mut(&self.user) {
            *theirs -= self.bytes;
            if *theirs == 0 {
                waiting.by_person.remove(&self.user);
            }
        }
    }
}

/// A body whose bytes are counted for as long as anybody holds them. The server drops a body when it has
/// taken its last bytes, which is long before they are written.
struct CountedBody {
    body: Body,
    counted: Arc<Counted>,
}

/// Bytes of such a body.
struct CountedBytes {
    bytes: Bytes,
    _counted: Arc<Counted>,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let counted = &self.counted;
        let counted = Arc::clone(counted);
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_ok(|frame| {
            frame.map_data(|bytes| Bytes::from_owner(CountedBytes { bytes, _counted: counted }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const KIB: usize = 1 << 10;

    fn answer(bytes: usize) -> Response {
        Response::new(Body::from(vec![b'x'; bytes]))
    }

    fn status(result: Result<Response, Problem>) -> u16 {
        result.map_or_else(|problem| problem.status().as_u16(), |response| response.status().as_u16())
    }

    #[tokio::test]
    async fn an_answer_counts_until_its_last_byte_is_gone() {
        let unread = Unread::new(100 * KIB);
        let body = unread.admit(None, answer(20 * KIB)).unwrap().into_body();
        assert_eq!(body.size_hint().exact(), Some(20 * KIB as u64));
        let bytes = body.collect().await.unwrap().to_bytes();
        assert_eq!((bytes.len(), unread.waiting().all), (20 * KIB, 20 * KIB));
        let rest = bytes.slice(20 * KIB - 1..);
        drop(bytes);
        assert_eq!(unread.waiting().all, 20 * KIB);
        drop(rest);
        assert_eq!(unread.waiting().all, 0);
        assert!(unread.waiting().by_person.is_empty());
    }

    #[test]
    fn one_person_may_leave_a_part_unread_and_all_together_the_whole() {
        let unread = Unread::new(100 * KIB);
        let people: Vec<_> = (1..=5).map(|bits| Some(UserId::from_bits(bits))).collect();
        let mut held = Vec::new();
        for &user in &people[..4] {
            held.push(unread.admit(user, answer(20 * KIB)).unwrap());
            assert_eq!(status(unread.admit(user, answer(6 * KIB))), 429);
        }
        held.push(unread.admit(people[0], answer(5 * KIB)).unwrap());
        assert_eq!(status(unread.admit(people[4], answer(16 * KIB))), 503);
        assert_eq!(status(unread.admit(people[4], answer(4 * KIB))), 200, "small ones are not counted");
        let for_all = shared(vec![0; 90 * KIB]);
        assert_eq!(status(unread.admit(people[4], for_all)), 200, "nor are those that all share");
        held.clear();
        assert_eq!(
            status(unread.admit(people[4], answer(300 * KIB))),
            200,
            "what comes alone is let through"
        );
    }
}
