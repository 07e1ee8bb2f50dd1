//! Results in a form that no client knows, but a test can look at: a line for each part.

use dayline_app::ports::{Part, ResultForms, ResultWriter};
use dayline_app::reporting::reports::LocalDays;
use dayline_domain::{ReportFormat, ReportKind};

/// One line for each part.
pub struct FakeForms;

impl ResultForms for FakeForms {
    fn begin(&self, _: ReportKind, _: ReportFormat, _: Option<&LocalDays>) -> Box<dyn ResultWriter> {
        Box::new(Lines)
    }
}

struct Lines;

impl ResultWriter for Lines {
    fn part(&mut self, part: Part, out: &mut Vec<u8>) {
        out.extend(format!("{part:?}\n").bytes());
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"end\n");
    }
}
