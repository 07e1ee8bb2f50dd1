//! What waits to be sent, in files: checksummed lines in segments, oldest first. What was appended survives the end of the
//! process at once, and the end of the machine from the next [`Spool::sync`] on. What was sent is deleted.

mod line;
mod segment;

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::paths::{private_file, private_folder, remove, replace, sync_folder};
use segment::{Reader, Segment, Writer};

/// Most bytes that wait unless a test says otherwise.
pub const LIMIT: u64 = 64 << 20;
/// A segment with more bytes is followed by another.
const SEGMENT: u64 = 1 << 20;

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// So much waits already that the newest is refused.
    #[error("the spool has its {limit} bytes; what is newer is lost until some were sent")]
    Full {
        /// Most bytes that wait.
        limit: u64,
    },
    /// The disk does not take it.
    #[error("the spool can't be written: {0}")]
    Disk(#[from] io::Error),
}

/// A place between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    segment: u64,
    offset: u64,
}

/// Some records, oldest first, and where they end.
#[derive(Debug)]
pub struct Batch {
    /// Their texts.
    pub texts: Vec<String>,
    /// To be given to [`Spool::forget`] once they are safe elsewhere.
    pub end: Position,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Records.
    pub records: u64,
    /// Bytes of the files that they are in.
    pub bytes: u64,
}

/// The spool of one tracker. No other process has it meanwhile.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    state: Mutex<State>,
    _lock: File,
}

#[derive(Debug)]
struct State {
    /// Those that are there, the one that is being written last.
    segments: VecDeque<Segment>,
    writer: Option<Writer>,
    /// No segment had a greater number yet, and a new one has at least this.
    next_number: u64,
    /// Before it all was sent.
    position: Position,
    records: u64,
    /// Whether something was appended that is not synced.
    unsynced: bool,
}

impl Spool {
    /// Opens the spool, or makes one, with at most so many bytes. `now_ms`, the time in milliseconds, keeps the names of
    /// segments from being used twice.
    ///
    /// # Errors
    /// Another tracker has it, or the file system's.
    pub fn open(folder: &Path, limit: u64, now_ms: u64) -> Result<Self, String> {
        let wrong = |error| format!("cannot open the spool {}: {error}", folder.display());
        private_folder(folder).map_err(wrong)?;
        let lock = private_file().open(folder.join("lock")).map_err(wrong)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(format!("another tracker runs with the spool {}", folder.display()));
            }
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
            Ok(()) => {}
        }
        let state = State::read(folder, now_ms).map_err(wrong)?;
        Ok(Self { folder: folder.to_owned(), limit, state: Mutex::new(state), _lock: lock })
    }

    /// Whether a tracker has the spool of this folder open.
    pub fn is_in_use(folder: &Path) -> bool {
        let lock = File::open(folder.join("lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Keeps records, all or none. Each is one line of at most 16 KiB; an empty list is nothing.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn append(&self, texts: &[String]) -> Result<(), Refused> {
        let mut lines = Vec::new();
        for text in texts {
            if text.len() > line::MAX_TEXT || text.contains('\n') {
                return Err(Refused::Disk(io::ErrorKind::InvalidInput.into()));
            }
            line::write(text, &mut lines);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut state = self.state();
        if state.bytes() + lines.len() as u64 > self.limit {
            return Err(Refused::Full { limit: self.limit });
        }
        state.append(&self.folder, &lines)?;
        state.records += texts.len() as u64;
        Ok(())
    }

    /// The oldest records that are there, at most so many and, but for the first, with at most so many bytes of text.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn batch(&self, records: usize, bytes: usize) -> io::Result<Batch> {
        let state = self.state();
        let mut batch = Batch { texts: Vec::new(), end: state.position };
        let mut total = 0;
        for segment in state.segments.iter().filter(|segment| segment.number >= state.position.segment) {
            let begun = segment.number == state.position.segment;
            let offset = if begun { state.position.offset } else { 0 };
            let mut reader = Reader::open(&self.folder, segment.number, offset)?;
            while let Some(text) = reader.next()? {
                total += text.len();
                if batch.texts.len() == records || (total > bytes && !batch.texts.is_empty()) {
                    return Ok(batch);
                }
                batch.texts.push(text);
                batch.end = Position { segment: segment.number, offset: reader.offset() };
            }
            // What is damaged at its end is never read again.
            batch.end = Position { segment: segment.number, offset: reader.offset() };
        }
        Ok(batch)
    }

    /// Deletes what lies before this place, which a batch has given; `records` is how many they are.
    ///
    /// # Errors
    /// Those of the file system. What was not deleted is given again, which does no harm.
    pub fn forget(&self, end: Position, records: u64) -> io::Result<()> {
        let mut state = self.state();
        state.position = state.position.max(end);
        state.records = state.records.saturating_sub(records);
        state.delete_sent(&self.folder)
    }

    /// How much waits.
    pub fn waiting(&self) -> Waiting {
        let state = self.state();
        Waiting { records: state.records, bytes: state.bytes() }
    }

    /// Makes durable what was appended until now. Others may append meanwhile.
    ///
    /// # Errors
    /// Those of the file system; then it is to be tried again.
    pub fn sync(&self) -> io::Result<()> {
        let file = {
            let mut state = self.state();
            let file = state.writer.as_ref().filter(|_| state.unsynced).map(Writer::file);
            state.unsynced = false;
            file
        };
        let Some(file) = file else { return Ok(()) };
        let synced = file.sync_data().and_then(|()| sync_folder(&self.folder));
        if synced.is_err() {
            self.state().unsynced = true;
        }
        synced
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(folder: &Path, now_ms: u64) -> io::Result<Self> {
        let segments: VecDeque<_> = Segment::list(folder)?.into();
        let position = stored_position(folder, &segments)?;
        let last = segments.back().map_or(0, |segment| segment.number);
        if last > 0 {
            // Whoever wrote it may have been killed before it was synced.
            File::open(Segment::file(folder, last))?.sync_data()?;
        }
        let mut records = 0;
        for segment in &segments {
            let begun = segment.number == position.segment;
            let mut reader = Reader::open(folder, segment.number, if begun { position.offset } else { 0 })?;
            while reader.next()?.is_some() {
                records += 1;
            }
        }
        let next_number = now_ms.max(last + 1);
        let mut state = Self { segments, writer: None, next_number, position, records, unsynced: false };
        state.delete_sent(folder)?;
        Ok(state)
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn append(&mut self, folder: &Path, lines: &[u8]) -> io::Result<()> {
        if self.writer.as_ref().is_some_and(|writer| writer.segment.bytes >= SEGMENT) {
            self.end_segment()?;
        }
        let writer = if let Some(writer) = &mut self.writer {
            writer
        } else {
            let writer = Writer::create(folder, self.next_number)?;
            self.next_number += 1;
            self.segments.push_back(writer.segment);
            self.writer.insert(writer)
        };
        if let Err(error) = writer.append(lines) {
            self.writer.take_if(|writer| writer.is_torn());
            return Err(error);
        }
        if let Some(last) = self.segments.back_mut() {
            last.bytes = writer.segment.bytes;
        }
        self.unsynced = true;
        Ok(())
    }

    /// Ends the segment that is being written. What it has must be durable before: the next sync knows the next one only.
    fn end_segment(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.as_ref().filter(|_| self.unsynced) {
            writer.file().sync_data()?;
        }
        self.writer = None;
        Ok(())
    }

    fn delete_sent(&mut self, folder: &Path) -> io::Result<()> {
        let position = self.position;
        let is_sent = |segment: &Segment| {
            let within = segment.number == position.segment && position.offset >= segment.bytes;
            segment.number < position.segment || within
        };
        let sent = self.segments.iter().take_while(|segment| is_sent(segment)).count();
        // The place is written down first: what is left of a deletion that broke off must not be sent as if it were new.
        if sent < self.segments.len() && self.segments[sent].number == position.segment {
            replace(&position_file(folder), &serde_json::to_vec(&position)?)?;
        }
        for _ in 0..sent {
            let Some(segment) = self.segments.front() else { break };
            let number = segment.number;
            remove(&Segment::file(folder, number))?;
            self.segments.pop_front();
            self.writer.take_if(|writer| writer.segment.number == number);
        }
        if self.segments.is_empty() {
            self.unsynced = false;
            remove(&position_file(folder))?;
        }
        Ok(())
    }
}

fn position_file(folder: &Path) -> PathBuf {
    folder.join("position.json")
}

/// The place that was written down, if it is one in these segments, else their beginning: records may be sent again, but
/// none may be passed over.
fn stored_position(folder: &Path, segments: &VecDeque<Segment>) -> io::Result<Position> {
    let stored = match std::fs::read(position_file(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => serde_json::from_slice::<Position>(&read?).ok(),
    };
    let is_there = |position: &Position| {
        segments.iter().any(|segment| segment.number == position.segment && position.offset <= segment.bytes)
    };
    let beginning = Position { segment: segments.front().map_or(0, |segment| segment.number), offset: 0 };
    Ok(stored.filter(is_there).unwrap_or(beginning))
}

#[cfg(test)]
mod tests;
