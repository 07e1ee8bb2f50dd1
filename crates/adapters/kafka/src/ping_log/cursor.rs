//! One partition that is being read: what has arrived of it and was not given yet, and where its
//! reader stands.
//! Not here: finding out where to start.

use std::collections::VecDeque;
use std::time::Duration;

use dayline_app::ports::{LogEntry, LogRead, Lost, PortError, Position};
use rdkafka::error::RDKafkaErrorCode as Code;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::entry;
use super::heard::Heard;
use super::positions::{self, How, Start};
use crate::cluster::Cluster;
use crate::config::ANSWER;
use crate::error::{is_away, to_port};
use crate::native::{Fetch, Fetched, TopicId};

/// When nothing arrives for so long although there should be something, the end is looked up.
const DOUBT: Duration = Duration::from_millis(250);

pub(super) struct Cursor {
    fetch: Fetch,
    topic: TopicId,
    major: u64,
    /// After which position its reader is given the next entry.
    stands: Position,
    /// What is gone between there and that entry.
    lost: Option<Lost>,
    /// The offset of that entry, unless there are gaps.
    next: i64,
    /// The partition's end when this was opened.
    end: i64,
    arrived: VecDeque<Fetched>,
    used: Instant,
}

/// What a read gave.
pub(super) enum Filled {
    /// Entries; none: the end is reached.
    Read(LogRead),
    /// What was to be read is not there any more: look again where to start.
    Moved {
        /// Known to be replaced by something else.
        rewritten: bool,
    },
}

impl Cursor {
    pub(super) fn new(fetch: Fetch, topic: TopicId, start: &Start, stands: Position, end: i64) -> Self {
        let &Start { major, offset: next, ref how } = start;
        let lost = match *how {
            How::Lost(entries) => Some(Lost { up_to: Position { major, minor: next as u64 }, entries }),
            How::GoesOn | How::Fresh | How::WasBeyond => None,
        };
        let (arrived, used) = (VecDeque::new(), Instant::now());
        Self { fetch, topic, major, stands, lost, next, end, arrived, used }
    }

    pub(super) fn topic(&self) -> TopicId {
        self.topic
    }

    pub(super) fn used(&self) -> Instant {
        self.used
    }

    pub(super) fn stands_at(&self, position: Position) -> bool {
        self.stands == position
    }

    /// Whether a read would give something, as far as is known.
    pub(super) fn has_more(&mut self, heard: &Heard) -> bool {
        self.take_arrived();
        heard.end() > self.next || self.arrived.iter().any(|fetched| !matches!(fetched, Fetched::End(_)))
    }

    /// Reads on, up to `max_bytes` but at least one entry, or to the end. The end is what is there
    /// now: what this process has appended, what fetching has told of, and, if that gives nothing,
    /// what the leader says.
    pub(super) async fn fill(
        &mut self,
        cluster: &Cluster,
        heard: &Heard,
        max_bytes: usize,
    ) -> Result<Filled, PortError> {
        self.used = Instant::now();
        let deadline = self.used + ANSWER;
        let mut grown = heard.listen();
        let mut end = self.end.max(heard.end()).max(self.fetch.known_end(cluster.topic()));
        let (mut asked, mut given) = (false, Given::new(max_bytes));
        loop {
            self.take_arrived();
            if let Some(trouble) = self.give(&mut given) {
                return trouble;
            }
            if given.is_full || (self.next >= end && (asked || !given.entries.is_empty())) {
                break;
            }
            let is_late = Instant::now() >= deadline;
            if self.next < end && !is_late && arrived_in_time(&mut grown).await {
                continue;
            }
            if is_late {
                if given.entries.is_empty() {
                    return Err(PortError::Unavailable("kafka does not send what it has".to_owned()));
                }
                break;
            }
            let believed = heard.end();
            let bounds = cluster.bounds(self.partition()).await.map_err(to_port)?;
            heard.correct(believed, bounds.end);
            if bounds.end < self.next {
                return Ok(Filled::Moved { rewritten: false });
            }
            (end, asked) = (bounds.end, true);
        }
        self.end = end;
        let (lost, entries) = (self.lost, given.entries);
        if let Some(last) = entries.last() {
            (self.stands, self.lost) = (last.position, None);
        }
        Ok(Filled::Read(LogRead { lost, entries }))
    }

    fn partition(&self) -> i32 {
        self.fetch.partition()
    }

    fn take_arrived(&mut self) {
        loop {
            let more = self.fetch.take();
            if more.is_empty() {
                return;
            }
            self.arrived.extend(more);
        }
    }

    /// Gives what has arrived, as much as fits. Gives an answer to the whole read if there is
    /// something else in the way.
    fn give(&mut self, given: &mut Given) -> Option<Result<Filled, PortError>> {
        while let Some(first) = self.arrived.pop_front() {
            match first {
                Fetched::Record { offset, bytes } => {
                    if !given.takes(entry::records_len(&bytes)) {
                        self.arrived.push_front(Fetched::Record { offset, bytes });
                        return None;
                    }
                    self.next = offset + 1;
                    given.entries.push(entry::open(bytes, positions::position(self.major, offset)));
                }
                Fetched::End(offset) => self.next = self.next.max(offset),
                // What was given stays given; the trouble comes again.
                Fetched::Trouble(_) if !given.entries.is_empty() => {
                    self.arrived.push_front(first);
                    given.is_full = true;
                    return None;
                }
                Fetched::Trouble(Code::LogTruncation) => return Some(Ok(Filled::Moved { rewritten: true })),
                Fetched::Trouble(Code::OffsetOutOfRange | Code::AutoOffsetReset | Code::NoOffset) => {
                    return Some(Ok(Filled::Moved { rewritten: false }));
                }
                // The client tries again by itself.
                Fetched::Trouble(code) if is_away(code) => {}
                Fetched::Trouble(code) => return Some(Err(to_port(code))),
            }
        }
        None
    }
}

async fn arrived_in_time(grown: &mut watch::Receiver<()>) -> bool {
    timeout(DOUBT, grown.changed()).await.is_ok()
}

/// What a read has so far.
struct Given {
    entries: Vec<LogEntry>,
    room: usize,
    is_full: bool,
}

impl Given {
    fn new(room: usize) -> Self {
        Self { entries: Vec::new(), room, is_full: false }
    }

    /// Takes an entry of so many bytes if it fits, and the first one always.
    fn takes(&mut self, bytes: usize) -> bool {
        if !self.entries.is_empty() && bytes > self.room {
            self.is_full = true;
            return false;
        }
        self.room = self.room.saturating_sub(bytes);
        true
    }
}
