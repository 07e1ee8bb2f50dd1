//! Reads a file, in a thread of its own, while what it has is sent.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::Sender;

use super::batches::{Batch, Batches};
use super::contents::Contents;
use super::format::{self, Format};
use super::item::{Item, Target};
use super::stream::Stopped;
use super::{activitywatch, own, wakatime};
use crate::client::wire::NewCorrection;

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
    pub(super) entries: Vec<(u64, NewCorrection)>,
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
        let format = format::of(opened(path, &Arc::default())?)?;
        let file = opened(path, bytes)?;
        let mut sink = |item| self.take(item);
        match format {
            Format::ActivityWatch(buckets) => activitywatch::read(file, buckets, &mut sink),
            Format::Wakatime => wakatime::read(file, editor, &mut sink),
            Format::Own => return own::read(file, &mut sink),
        }
        .map_err(|error| error.to_string())
    }

    fn take(&mut self, item: Item) -> Result<(), Stopped> {
        self.found.contents.add(&item);
        match item {
            Item::Sent { to, json, .. } => {
                if let Some(batch) = self.batches.add(&to, &json) {
                    self.out.blocking_send((to, batch)).map_err(|_| Stopped)?;
                }
            }
            Item::Entry(version, entry) => self.found.entries.push((version, entry)),
            Item::LeftOut(_) => {}
        }
        if self.out.is_closed() { Err(Stopped) } else { Ok(()) }
    }
}

fn opened(path: &Path, bytes: &Arc<AtomicU64>) -> Result<BufReader<Counted>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    Ok(BufReader::with_capacity(1 << 20, Counted { file, bytes: Arc::clone(bytes) }))
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
