//! The results of report jobs in the forms of the API: the same as the answers to the same questions, part by part.
//! Deliberately absent: where results are kept.

use dayline_app::ports::{Part, ResultForms, ResultWriter};
use dayline_app::reporting::reports::LocalDays;
use dayline_domain::timeline::Piece;
use dayline_domain::{ReportFormat, ReportKind, UtcMs};
use serde::Serialize;

use crate::routes::export::{ExportLines, lines};
use crate::routes::reports::{
    AppSeconds, DaySeconds, DomainSeconds, HourSeconds, Line, Report, items, table,
};
use crate::routes::timeline::{COLUMNS, IntervalItem, row};
use crate::wire::csv::Csv;
use crate::wire::instant;

/// The forms that clients of the API know.
pub struct ClientForms;

impl ResultForms for ClientForms {
    fn begin(
        &self,
        kind: ReportKind,
        format: ReportFormat,
        days: Option<&LocalDays>,
    ) -> Box<dyn ResultWriter> {
        match (days, kind, format) {
            (Some(days), ReportKind::Timeline, ReportFormat::Csv) => Box::new(Timeline::new(days, true)),
            (Some(days), ReportKind::Timeline, _) => Box::new(Timeline::new(days, false)),
            (Some(days), _, format) => Box::new(Sums { days: days.clone(), format }),
            (None, ..) => Box::new(ExportLines::new(None)),
        }
    }
}

/// A report, which comes as one part.
struct Sums {
    days: LocalDays,
    format: ReportFormat,
}

impl ResultWriter for Sums {
    fn part(&mut self, part: Part, out: &mut Vec<u8>) {
        match part {
            Part::Apps(sums) => self.write(items::<_, AppSeconds>(sums), out),
            Part::Domains(sums) => self.write(items::<_, DomainSeconds>(sums), out),
            Part::Hours(slots) => self.write(items::<_, HourSeconds>(slots), out),
            Part::Days(sums) => self.write(items::<_, DaySeconds>(sums), out),
            Part::Timeline(_) | Part::Export(_) => {}
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

impl Sums {
    fn write<L: Line>(&self, items: Vec<L>, out: &mut Vec<u8>) {
        match self.format {
            ReportFormat::Csv => out.extend_from_slice(table(&items).as_bytes()),
            ReportFormat::Json | ReportFormat::Ndjson => write_json(&Report::new(&self.days, items), out),
        }
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

impl ResultWriter for Timeline {
    fn part(&mut self, part: Part, out: &mut Vec<u8>) {
        let Part::Timeline(pieces) = part else { return };
        if self.is_csv { self.rows(&pieces, out) } else { self.intervals(&pieces, out) }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.is_csv {
            return;
        }
        if !self.begun {
            self.open(out);
        }
        out.extend_from_slice(b"]}");
    }
}

impl ResultWriter for ExportLines {
    fn part(&mut self, part: Part, out: &mut Vec<u8>) {
        let Part::Export(page) = part else { return };
        lines(page).for_each(|record| self.write(&record, out));
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.finish(out);
    }
}

fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    // Structs of texts and numbers always serialise, and memory takes all bytes.
    let _ = serde_json::to_writer(out, value);
}
