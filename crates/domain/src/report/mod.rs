//! Reports over local days, and the state machine of a report that is made in the background.

mod joining;
mod kind;
mod local_days;
pub mod report_job;
mod sums;
mod totals;

pub use joining::{Joining, OverlapJoining, join_at_midnight};
pub use kind::{Grouping, ReportFormat, ReportKind};
pub use local_days::LocalDays;
pub use sums::{Report, Totals};
pub use totals::*;
