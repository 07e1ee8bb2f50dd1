//! Reports over local days, and the state machine of a report that is made in the background.

pub mod report_job;
mod totals;

pub use totals::*;
