//! By what an answer that went wrong is found in the log: the id that a client or proxy gave the request, or one that
//! is made where it is told. Others need none.

use std::sync::atomic::{AtomicU32, Ordering};

use dayline_app::ports::Randomness;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id that an answer tells already, with the answer; the edge takes it over.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

/// Makes ids for requests that have none.
pub(crate) struct RequestIds {
    prefix: u32,
    next: AtomicU32,
}

impl RequestIds {
    pub(crate) fn new(randomness: &dyn Randomness) -> Self {
        let mut prefix = [0; 4];
        randomness.fill(&mut prefix);
        Self { prefix: u32::from_be_bytes(prefix), next: AtomicU32::new(1) }
    }

    pub(crate) fn next(&self) -> Option<HeaderValue> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{n:x}", self.prefix).parse().ok()
    }
}

/// The id that a client or proxy gave the request, if it is one that may go into a log.
pub(crate) fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (id.len() <= 64 && id.as_bytes().iter().all(is_plain)).then(|| id.clone())
}
