//! Reports over local days, and the state machine of a report that is made in the background.

mod filter;
mod joining;
mod kind;
mod local_days;
pub mod report_job;
mod slots;
mod sorted;
mod sums;
mod totals;
mod work_days;

pub use filter::{Filter, name_or_none};
pub use joining::{Joining, OverlapJoining, join_at_midnight};
pub use kind::{Grouping, ReportFormat, ReportKind};
pub use local_days::{LocalDays, local_day, local_days};
pub use slots::{Cut, Period, cut_days};
pub use sorted::{Unsorted, by_category, unsorted};
pub use sums::{Report, Totals};
pub use totals::*;
pub use work_days::{WorkDay, WorkDays, Worked};
