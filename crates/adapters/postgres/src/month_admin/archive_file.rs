//! The archive's format, version 2: gzip over lines of JSON. The first line says what it is, the last
//! how much there must be, so that a file that was cut off is not taken for a whole one.
//!
//! ```text
//! {"dayline_archive":2,"month":"2026-03"}
//! {"day":{"user":"…","day":"2026-03-01","version":12,"observed":{"subjects":[…],"observations":[[0,…,…]]}}}
//! {"day":{"user":"…","day":"2026-03-02","version":7,"counted":[…],"outranked":[…]}}
//! {"end":{"days":2,"observations":1,"counted":1,"outranked":1}}
//! ```
//!
//! Days of the rule's first edition have counted and outranked pieces instead of what was observed.
//! Files of version 1 are read too (see `first_archive`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::archived::{ArchivedDay, DayLine, Kept};
use crate::months::Month;

/// How much an archive holds, or how much of it was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArchiveSummary {
    /// Ledger days, each with its version.
    pub days: u64,
    /// What was observed in them, united.
    #[serde(default)]
    pub observations: u64,
    /// Counted pieces of days of the rule's first edition.
    pub counted: u64,
    /// Outranked pieces of such days.
    pub outranked: u64,
}

impl ArchiveSummary {
    pub(super) fn add(&mut self, day: &ArchivedDay) {
        self.days += 1;
        match &day.kept {
            Kept::Observed(observations) => self.observations += observations.len() as u64,
            Kept::First { counted, outranked } => {
                self.counted += counted.len() as u64;
                self.outranked += outranked.len() as u64;
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    dayline_archive: u32,
    month: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Day(Box<DayLine>),
    End(ArchiveSummary),
}

/// The version that is written.
const VERSION: u32 = 2;

/// Writes an archive.
pub(super) struct ArchiveWriter {
    out: GzEncoder<BufWriter<File>>,
    summary: ArchiveSummary,
}

impl ArchiveWriter {
    /// A new file; refused if there is one already.
    pub(super) fn create(path: &Path, month: Month) -> io::Result<Self> {
        let file = File::create_new(path)?;
        let out = GzEncoder::new(BufWriter::new(file), Compression::default());
        let mut writer = Self { out, summary: ArchiveSummary::default() };
        writer.line(&Header { dayline_archive: VERSION, month: month.to_string() })?;
        Ok(writer)
    }

    /// Adds a day.
    pub(super) fn add(&mut self, day: &ArchivedDay) -> io::Result<()> {
        self.summary.add(day);
        self.line(&Line::Day(Box::new(DayLine::of(day))))
    }

    /// Ends the archive and makes it durable.
    pub(super) fn finish(mut self) -> io::Result<ArchiveSummary> {
        let summary = self.summary;
        self.line(&Line::End(summary))?;
        let file = self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(summary)
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

pub(super) type TextLines = Lines<BufReader<MultiGzDecoder<BufReader<File>>>>;

/// Opens an archive; gives its version, its month and what follows the first line.
pub(super) fn open(path: &Path) -> io::Result<(u32, Month, TextLines)> {
    let gzip = MultiGzDecoder::new(BufReader::new(File::open(path)?));
    let mut lines = BufReader::new(gzip).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first).map_err(|_| damaged("not an archive of dayline"))?;
    if !(1..=VERSION).contains(&header.dayline_archive) {
        return Err(damaged(format!("an archive of version {}", header.dayline_archive)));
    }
    let month = header.month.parse().map_err(|_| damaged("a month that does not exist"))?;
    Ok((header.dayline_archive, month, lines))
}

/// Gives each day of an archive of version 2 to `take`, until that says no; whether it never did.
/// What is damaged before the end is an error then, also if the days before it were given.
pub(super) fn read(
    month: Month,
    lines: TextLines,
    mut take: impl FnMut(ArchivedDay) -> bool,
) -> io::Result<bool> {
    let (mut seen, mut ended) = (ArchiveSummary::default(), false);
    for line in lines {
        if ended {
            return Err(damaged("something follows the archive's end"));
        }
        match serde_json::from_str(&line?)? {
            Line::Day(line) => {
                let day = line.to_day().map_err(damaged)?;
                in_month(month, &day)?;
                seen.add(&day);
                if !take(day) {
                    return Ok(false);
                }
            }
            Line::End(summary) if summary == seen => ended = true,
            Line::End(summary) => {
                return Err(damaged(format!("the archive should hold {summary:?}, but has {seen:?}")));
            }
        }
    }
    if ended { Ok(true) } else { Err(damaged("the archive is cut off")) }
}

/// Refuses a day of another month.
pub(super) fn in_month(month: Month, day: &ArchivedDay) -> io::Result<()> {
    if Month::of(day.day) == Some(month) { Ok(()) } else { Err(damaged("a day of another month")) }
}

pub(super) fn damaged(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}
