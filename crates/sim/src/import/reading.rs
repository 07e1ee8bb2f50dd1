//! Reads a file, in a thread of its own, while what it has is sent.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dayline_domain::Correction;
use dayline_foreign::file::{self, How};
use dayline_foreign::{Item, Stopped};
use tokio::sync::mpsc::Sender;

use super::batches::{Batch, Batches};
use super::contents::Contents;
use super::item::{Sent, Target};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 20;

/// Reads one file.
pub(super) struct Reading {
    /// Where full batches go. Once nobody is there, reading stops.
    out: Sender<(Target, Batch)>,
    batches: Batches,
    found: Found,
}

/// What a file has.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) contents: Contents,
    /// Kept until everything else is sent: they are few, since people write them.
    pub(super) entries: Vec<Correction>,
}

impl Reading {
    /// Reads a file for somebody.
    pub(super) fn to(out: Sender<(Target, Batch)>) -> Self {
        Self { out, batches: Batches::default(), found: Found::default() }
    }

    /// Reads the file from its start to its end, and counts its bytes meanwhile. Heartbeats that don't say their editor are
    /// of `editor`. What was read until something was wrong is found all the same.
    pub(super) fn read(
        mut self,
        path: &Path,
        editor: Option<&str>,
        bytes: &Arc<AtomicU64>,
    ) -> (Found, Result<(), String>) {
        let read = self.read_all(path, editor, bytes);
        let rest = self.batches.rest();
        let outcome = read.and_then(|()| {
            for batch in rest {
                self.out.blocking_send(batch).map_err(|_| Stopped.to_string())?;
            }
            Ok(())
        });
        (self.found, outcome)
    }

    fn read_all(&mut self, path: &Path, editor: Option<&str>, bytes: &Arc<AtomicU64>) -> Result<(), String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let file = BufReader::with_capacity(BUFFER, Counted { file, bytes: Arc::clone(bytes) });
        file::read(file, &How { editor, ..How::default() }, &mut |item| self.take(item))
    }

    fn take(&mut self, item: Item) -> Result<(), Stopped> {
        if let Some(sent) = Sent::of(&item) {
            self.found.contents.add(&sent);
            if let Some(batch) = self.batches.add(&sent.to, &sent.json) {
                self.out.blocking_send((sent.to, batch)).map_err(|_| Stopped)?;
            }
        }
        match item {
            Item::Entry(entry) => {
                self.found.contents.add_entry();
                self.found.entries.push(entry);
            }
            Item::LeftOut(what) => self.found.contents.leave_out(what),
            Item::Event(..) | Item::Heartbeat(..) | Item::Observation(_) => {}
        }
        if self.out.is_closed() { Err(Stopped) } else { Ok(()) }
    }
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
