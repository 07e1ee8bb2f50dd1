//! Results in a form that no client knows, but a test can look at: a line for each part.

use std::fmt::Debug;

use dayline_app::reporting::devices::DeviceNames;
use dayline_app::reporting::export::Page;
use dayline_app::reporting::result_forms::{ResultForms, ResultWriter};
use dayline_domain::Piece;
use dayline_domain::report::{LocalDays, Report, ReportFormat};

/// One line for each part.
pub struct FakeForms;

impl ResultForms for FakeForms {
    fn report(&self, report: Report, _: &DeviceNames, _: &LocalDays, _: ReportFormat, out: &mut Vec<u8>) {
        write(&report, out);
    }

    fn timeline(&self, _: &LocalDays, _: ReportFormat) -> Box<dyn ResultWriter<Vec<Piece>>> {
        Box::new(Lines)
    }

    fn export(&self) -> Box<dyn ResultWriter<Page>> {
        Box::new(Lines)
    }
}

struct Lines;

impl<Part: Debug> ResultWriter<Part> for Lines {
    fn part(&mut self, part: Part, out: &mut Vec<u8>) {
        write(&part, out);
    }

    fn end(self: Box<Self>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"end\n");
    }
}

fn write(part: &impl Debug, out: &mut Vec<u8>) {
    out.extend(format!("{part:?}\n").bytes());
}
