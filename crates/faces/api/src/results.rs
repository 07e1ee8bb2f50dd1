//! The results of report jobs in the forms of the API: the same as the answers to the same
//! questions, part by part.
//! Not here: where results are kept.

use dayline_app::reporting::devices::DeviceNames;
use dayline_app::reporting::export::Page;
use dayline_app::reporting::result_forms::{ResultForms, ResultWriter};
use dayline_domain::Piece;
use dayline_domain::report::{LocalDays, Report, ReportFormat};

use crate::views::accept::Format;
use crate::views::export::{ExportLines, lines};
use crate::views::report::show;
use crate::views::timeline::TimelineText;

/// The forms that clients of the API know.
pub struct ClientForms;

impl ResultForms for ClientForms {
    fn report(
        &self,
        report: Report,
        names: &DeviceNames,
        days: &LocalDays,
        format: ReportFormat,
        out: &mut Vec<u8>,
    ) {
        for text in show(report, names, days, table_or_json(format)) {
            out.extend(text);
        }
    }

    fn timeline(&self, days: &LocalDays, format: ReportFormat) -> Box<dyn ResultWriter<Vec<Piece>>> {
        let nothing = days.zone.start_of(days.from);
        let (from, to) = days.interval().map_or((nothing, nothing), |all| (all.start(), all.end()));
        Box::new(TimelineText::new(table_or_json(format), from, to))
    }

    fn export(&self) -> Box<dyn ResultWriter<Page>> {
        Box::new(ExportLines::new(None))
    }
}

fn table_or_json(format: ReportFormat) -> Format {
    if format == ReportFormat::Csv { Format::Csv } else { Format::Json }
}

impl ResultWriter<Vec<Piece>> for TimelineText {
    fn part(&mut self, pieces: Vec<Piece>, out: &mut Vec<u8>) {
        for piece in &pieces {
            self.interval(piece, out);
        }
    }

    fn end(self: Box<Self>, out: &mut Vec<u8>) {
        TimelineText::end(*self, out);
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
