//! The forms in which clients know the results of jobs: what the report worker asks of the face
//! that shows them. Not here: how the worker comes by what it writes.

use dayline_domain::Piece;
use dayline_domain::report::{LocalDays, Report, ReportFormat};

use crate::reporting::devices::DeviceNames;
use crate::reporting::export::Page;

/// Writes results, each to the end of a buffer that may be emptied in between.
pub trait ResultForms: Send + Sync {
    /// Writes a whole report over the days. Of a report per device `names` has what the devices are
    /// called.
    fn report(
        &self,
        report: Report,
        names: &DeviceNames,
        days: &LocalDays,
        format: ReportFormat,
        out: &mut Vec<u8>,
    );

    /// Begins the timeline of the days, whose parts are counted pieces in their order.
    fn timeline(&self, days: &LocalDays, format: ReportFormat) -> Box<dyn ResultWriter<Vec<Piece>>>;

    /// Begins an export, whose parts are its pages in their order.
    fn export(&self) -> Box<dyn ResultWriter<Page>>;
}

/// A result being written, part by part.
pub trait ResultWriter<Part>: Send {
    /// Writes a part.
    fn part(&mut self, part: Part, out: &mut Vec<u8>);

    /// Writes what comes after the last part.
    fn end(self: Box<Self>, out: &mut Vec<u8>);
}
