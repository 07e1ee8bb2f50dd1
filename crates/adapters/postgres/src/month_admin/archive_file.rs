//! The archive's format: gzip over lines of JSON. The first line says what it is, the last how much
//! there must be, so that a file that was cut off is not taken for a whole one.
//!
//! ```text
//! {"dayline_archive":1,"month":"2026-03"}
//! {"days":{"user":"…","day":"2026-03-01","version":12}}
//! {"counted":{"user":"…","start_time":"…","end_time":"…","device_id":"…","app_name":"…","domain":null}}
//! {"outranked":{…}}
//! {"end":{"days":1,"counted":1,"outranked":1}}
//! ```

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::months::Month;

/// How much an archive holds, or how much of it was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArchiveSummary {
    /// Ledger days, each with its version.
    pub days: u64,
    /// Pieces on timelines.
    pub counted: u64,
    /// Pieces of device use that something else outranked.
    pub outranked: u64,
}

/// What a line is about; also the order of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Days,
    Counted,
    Outranked,
}

impl Section {
    pub(super) const ALL: [Self; 3] = [Self::Days, Self::Counted, Self::Outranked];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Counted => "counted",
            Self::Outranked => "outranked",
        }
    }

    pub(super) fn parent(self) -> &'static str {
        match self {
            Self::Days => "ledger_days",
            Self::Counted => "app_usage",
            Self::Outranked => "outranked_usage",
        }
    }
}

impl ArchiveSummary {
    pub(super) fn of(&mut self, section: Section) -> &mut u64 {
        match section {
            Section::Days => &mut self.days,
            Section::Counted => &mut self.counted,
            Section::Outranked => &mut self.outranked,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    dayline_archive: u32,
    month: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    #[serde(borrow)]
    Days(&'a RawValue),
    #[serde(borrow)]
    Counted(&'a RawValue),
    #[serde(borrow)]
    Outranked(&'a RawValue),
    End(ArchiveSummary),
}

const VERSION: u32 = 1;

/// Writes an archive.
pub(super) struct ArchiveWriter {
    out: GzEncoder<BufWriter<File>>,
}

impl ArchiveWriter {
    /// A new file; refused if there is one already.
    pub(super) fn create(path: &Path, month: Month) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let mut out = GzEncoder::new(BufWriter::new(file), Compression::default());
        let header = Header { dayline_archive: VERSION, month: month.to_string() };
        serde_json::to_writer(&mut out, &header)?;
        out.write_all(b"\n")?;
        Ok(Self { out })
    }

    /// Adds a row, given as a JSON object.
    pub(super) fn add(&mut self, section: Section, row: &str) -> io::Result<()> {
        writeln!(self.out, "{{\"{}\":{row}}}", section.key())
    }

    /// Ends the archive and makes it durable.
    pub(super) fn finish(mut self, summary: &ArchiveSummary) -> io::Result<()> {
        self.out.write_all(b"{\"end\":")?;
        serde_json::to_writer(&mut self.out, summary)?;
        self.out.write_all(b"}\n")?;
        let file = self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}

/// Reads an archive.
pub(super) struct ArchiveReader {
    lines: Lines<BufReader<MultiGzDecoder<BufReader<File>>>>,
    /// As its first line says.
    pub(super) month: Month,
    seen: ArchiveSummary,
    ended: bool,
}

impl ArchiveReader {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let gzip = MultiGzDecoder::new(BufReader::new(File::open(path)?));
        let mut lines = BufReader::new(gzip).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let header: Header =
            serde_json::from_str(&first).map_err(|_| damaged("not an archive of dayline"))?;
        if header.dayline_archive != VERSION {
            return Err(damaged(format!("an archive of version {}", header.dayline_archive)));
        }
        let month = header.month.parse().map_err(|_| damaged("a month that does not exist"))?;
        Ok(Self { lines, month, seen: ArchiveSummary::default(), ended: false })
    }

    /// The next row; `None` after the last one, if all are there.
    pub(super) fn next(&mut self) -> io::Result<Option<(Section, String)>> {
        let Some(line) = self.lines.next().transpose()? else {
            return if self.ended { Ok(None) } else { Err(damaged("the archive is cut off")) };
        };
        if self.ended {
            return Err(damaged("something follows the archive's end"));
        }
        let (section, row) = match serde_json::from_str(&line)? {
            Line::Days(row) => (Section::Days, row),
            Line::Counted(row) => (Section::Counted, row),
            Line::Outranked(row) => (Section::Outranked, row),
            Line::End(summary) => {
                if summary != self.seen {
                    return Err(damaged(format!(
                        "the archive should hold {summary:?}, but has {:?}",
                        self.seen
                    )));
                }
                self.ended = true;
                return self.next();
            }
        };
        *self.seen.of(section) += 1;
        Ok(Some((section, row.get().to_owned())))
    }
}

fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("month.gz");
        let mut writer = ArchiveWriter::create(&path, "2026-03".parse().unwrap()).unwrap();
        writer.add(Section::Days, r#"{"user":"a","version":1}"#).unwrap();
        writer.add(Section::Counted, r#"{"domain":null}"#).unwrap();
        writer.finish(&ArchiveSummary { days: 1, counted: 1, outranked: 0 }).unwrap();
        path
    }

    #[test]
    fn an_archive_gives_back_what_was_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let mut reader = ArchiveReader::open(&archive(folder.path())).unwrap();
        assert_eq!(reader.month.to_string(), "2026-03");
        let days = (Section::Days, r#"{"user":"a","version":1}"#.to_owned());
        assert_eq!(reader.next().unwrap(), Some(days));
        assert_eq!(reader.next().unwrap(), Some((Section::Counted, r#"{"domain":null}"#.to_owned())));
        assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn an_archive_that_is_cut_off_anywhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let whole = std::fs::read(archive(folder.path())).unwrap();
        for length in 0..whole.len() {
            let path = folder.path().join("cut.gz");
            std::fs::write(&path, &whole[..length]).unwrap();
            let read = ArchiveReader::open(&path).and_then(|mut reader| {
                while reader.next()?.is_some() {}
                Ok(())
            });
            assert!(read.is_err(), "cut at {length} of {}", whole.len());
        }
    }

    #[test]
    fn an_archive_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = archive(folder.path());
        assert!(ArchiveWriter::create(&path, "2026-03".parse().unwrap()).is_err());
    }
}
