//! One file of the spool. A segment is written by one process alone: whoever opens the spool begins a new one, so that a
//! torn end stays an end.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::line;
use crate::paths::private_file;

/// A segment that is in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its name; greater than those of all segments before it.
    pub(super) number: u64,
    pub(super) bytes: u64,
}

impl Segment {
    pub(super) fn file(folder: &Path, number: u64) -> PathBuf {
        folder.join(format!("{number:020}.spool"))
    }

    /// All that are there, the oldest first.
    pub(super) fn list(folder: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".spool")?.parse().ok());
            if let Some(number) = number {
                found.push(Self { number, bytes: entry.metadata()?.len() });
            }
        }
        found.sort_unstable_by_key(|segment| segment.number);
        Ok(found)
    }
}

/// The records of a segment from a place on.
pub(super) struct Reader {
    file: BufReader<File>,
    offset: u64,
    line: Vec<u8>,
}

impl Reader {
    pub(super) fn open(folder: &Path, number: u64, offset: u64) -> io::Result<Self> {
        let mut file = File::open(Segment::file(folder, number))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file: BufReader::new(file), offset, line: Vec::new() })
    }

    /// Where the next record begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record that is whole; what is damaged is passed over. `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            self.line.clear();
            let read = self.file.read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            self.offset += read as u64;
            let whole = self.line.strip_suffix(b"\n").and_then(line::read);
            if let Some(text) = whole {
                return Ok(Some(text.to_owned()));
            }
        }
    }
}

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) segment: Segment,
    file: Arc<File>,
    torn: bool,
}

impl Writer {
    pub(super) fn create(folder: &Path, number: u64) -> io::Result<Self> {
        let file = private_file().create_new(true).open(Segment::file(folder, number))?;
        Ok(Self { segment: Segment { number, bytes: 0 }, file: Arc::new(file), torn: false })
    }

    /// Adds lines, all or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut file = &*self.file;
        if let Err(error) = file.write_all(lines) {
            let end = self.segment.bytes;
            self.torn = file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).is_err();
            return Err(error);
        }
        self.segment.bytes += lines.len() as u64;
        Ok(())
    }

    /// Whether a part of something may be at its end, so that nothing must follow it.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// The file, to be synced while others write on.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}
