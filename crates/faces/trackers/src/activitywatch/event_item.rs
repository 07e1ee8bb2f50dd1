//! Events that are kept, as this wire tells them, and reading them page by page.

use std::sync::Arc;
use std::vec;

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::EventsAsked;
use dayline_app::tracking::raw_events;
use dayline_domain::bucket::BucketId;
use dayline_domain::raw_event::{EventRange, RawEvent, StoredRawEvent};
use dayline_http_kit::instant;
use serde::Serialize;
use serde_json::value::RawValue;

use super::state::ActivityWatch;

/// Events that are read at a time.
const PAGE: usize = 100;

/// An event.
#[derive(Serialize)]
pub(super) struct EventItem<'a> {
    /// Left out where it means nothing to who reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    timestamp: String,
    duration: f64,
    data: &'a RawValue,
}

impl<'a> EventItem<'a> {
    /// An event with its number.
    pub(super) fn numbered(StoredRawEvent { number, event }: &'a StoredRawEvent) -> Self {
        Self { id: Some(*number), ..Self::without_number(event) }
    }

    /// An event for another server.
    pub(super) fn without_number(event: &'a RawEvent) -> Self {
        Self {
            id: None,
            timestamp: instant::utc(event.start()),
            duration: event.end().since(event.start()) as f64 / 1_000.0,
            // No door lets in what is none.
            data: serde_json::from_str(event.data().as_str()).unwrap_or(RawValue::NULL),
        }
    }
}

/// Some of a bucket's events, one after another; no more are in memory than a page of them.
pub(super) struct Events {
    aw: Arc<ActivityWatch>,
    caller: Caller,
    asked: EventsAsked,
    page: vec::IntoIter<StoredRawEvent>,
    /// How many may still come.
    left: usize,
}

impl Events {
    /// Those of a bucket that touch a range, at most so many.
    pub(super) fn of(
        aw: &Arc<ActivityWatch>,
        caller: &Caller,
        bucket: BucketId,
        range: EventRange,
        at_most: usize,
    ) -> Self {
        let asked = EventsAsked { bucket, range, after: None, at_most: 0 };
        let (aw, caller) = (Arc::clone(aw), caller.clone());
        Self { aw, caller, asked, page: Vec::new().into_iter(), left: at_most }
    }

    /// The next one, of which what lies in the range; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<StoredRawEvent>, AppError> {
        loop {
            if let Some(StoredRawEvent { number, event }) = self.page.next() {
                self.asked.after = Some((event.start(), number));
                let Some(event) = event.clipped(self.asked.range) else { continue };
                return Ok(Some(StoredRawEvent { number, event }));
            }
            if self.left == 0 {
                return Ok(None);
            }
            self.asked.at_most = self.left.min(PAGE);
            let page = raw_events::list(&self.aw.app, &self.caller, self.asked.clone()).await?;
            // After the last page nothing is asked for.
            self.left = if page.len() < self.asked.at_most { 0 } else { self.left - page.len() };
            self.page = page.into_iter();
        }
    }
}

/// Writes the items of a list one by one.
#[derive(Default)]
pub(super) struct List {
    has_items: bool,
}

impl List {
    /// Writes the next item.
    pub(super) fn push(&mut self, item: &impl Serialize, chunk: &mut Vec<u8>) {
        if self.has_items {
            chunk.push(b',');
        }
        self.has_items = true;
        // Texts and numbers always serialise, and memory takes all bytes.
        let _ = serde_json::to_writer(chunk, item);
    }
}
