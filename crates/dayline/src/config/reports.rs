//! Options about report jobs.

use std::time::Duration;

use clap::Args;
use dayline_domain::JobPolicy;

use dayline_cli_kit::units::{self, whole_ms};

/// How long report jobs may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Report jobs")]
pub struct ReportOptions {
    /// After so long without a sign of life from its worker another one begins a report job again
    #[arg(long, env = "DAYLINE_REPORT_LEASE", default_value = "30s", value_parser = units::some_time)]
    pub(crate) report_lease: Duration,
    /// Most report jobs of one person that wait or run
    #[arg(long, env = "DAYLINE_REPORT_JOBS", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) report_jobs: u16,
}

impl ReportOptions {
    /// The rules for jobs.
    pub(crate) fn policy(&self) -> JobPolicy {
        let (lease_ms, max_unfinished) = (whole_ms(self.report_lease), usize::from(self.report_jobs));
        // The others are not for operators to set.
        let JobPolicy { max_ended, max_bytes, max_attempts, keep_ms, .. } = JobPolicy::default();
        JobPolicy { max_unfinished, max_ended, max_bytes, max_attempts, lease_ms, keep_ms }
    }
}
