//! What a person gets back: reports, long ones in the background, and everything as an export.

pub mod coding;
pub mod devices;
pub mod export;
pub mod filters;
pub mod labels;
pub mod report_jobs;
pub mod report_worker;
pub mod reports;
pub mod result_forms;
pub(crate) mod states;
pub mod stored_labels;
pub mod stored_sums;
pub mod timeline;
pub mod why;
