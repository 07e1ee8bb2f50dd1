//! The results of report jobs in the forms of the API: the same as the answers to the same
//! questions, part by part.
//! Not here: where results are kept.

use dayline_app::reporting::export::Page;
use dayline_app::reporting::result_forms::{ResultForms, ResultWriter};
use dayline_domain::UtcMs;
use dayline_domain::report::{LocalDays, Report, ReportFormat};
use dayline_domain::timeline::Piece;
use dayline_http_kit::instant;
use serde::Serialize;

use crate::views::accept::Format;
use crate::views::csv::Csv;
use crate::views::export::{ExportLines, lines};
use crate::views::interval::{COLUMNS, IntervalItem, row};
use crate::views::report::show;

/// The forms that clients of the API know.
pub struct ClientForms;

impl ResultForms for ClientForms {
    fn report(&self, report: Report, days: &LocalDays, format: ReportFormat, out: &mut Vec<u8>) {
        let format = if format == ReportFormat::Csv { Format::Csv } else { Format::Json };
        out.append(&mut show(report, days, format));
    }

    fn timeline(&self, days: &LocalDays, format: ReportFormat) -> Box<dyn ResultWriter<Vec<Piece>>> {
        Box::new(Timeline::new(days, format == ReportFormat::Csv))
    }

    fn export(&self) -> Box<dyn ResultWriter<Page>> {
        Box::new(ExportLines::new(None))
    }
}

/// A timeline, interval by interval.
struct Timeline {
    is_csv: bool,
    ends: (UtcMs, UtcMs),
    begun: bool,
}

impl Timeline {
    fn new(days: &LocalDays, is_csv: bool) -> Self {
        let nothing = days.zone.start_of(days.from);
        let ends = days.interval().map_or((nothing, nothing), |all| (all.start(), all.end()));
        Self { is_csv, ends, begun: false }
    }

    fn rows(&mut self, pieces: &[Piece], out: &mut Vec<u8>) {
        let mut csv = if self.begun { Csv::more() } else { Csv::new(COLUMNS) };
        self.begun = true;
        for piece in pieces {
            row(&mut csv, piece, true);
        }
        out.extend_from_slice(csv.finish().as_bytes());
    }

    fn intervals(&mut self, pieces: &[Piece], out: &mut Vec<u8>) {
        for piece in pieces {
            self.open(out);
            write_json(&IntervalItem::from(piece), out);
        }
    }

    /// Writes what comes before an interval: all that comes before the first, or a comma.
    fn open(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return out.push(b',');
        }
        let (from, to) = self.ends;
        let head = format!(r#"{{"from":"{}","to":"{}","intervals":["#, instant::utc(from), instant::utc(to));
        out.extend_from_slice(head.as_bytes());
    }
}

impl ResultWriter<Vec<Piece>> for Timeline {
    fn part(&mut self, pieces: Vec<Piece>, out: &mut Vec<u8>) {
        if self.is_csv { self.rows(&pieces, out) } else { self.intervals(&pieces, out) }
    }

    fn end(mut self: Box<Self>, out: &mut Vec<u8>) {
        if self.is_csv {
            return;
        }
        if !self.begun {
            self.open(out);
        }
        out.extend_from_slice(b"]}");
    }
}

impl ResultWriter<Page> for ExportLines {
    fn part(&mut self, page: Page, out: &mut Vec<u8>) {
        lines(page).for_each(|record| self.write(&record, out));
    }

    fn end(self: Box<Self>, out: &mut Vec<u8>) {
        self.finish(out);
    }
}

fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    // Structs of texts and numbers always serialise, and memory takes all bytes.
    let _ = serde_json::to_writer(out, value);
}
