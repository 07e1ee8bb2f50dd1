//! How long timelines are kept.

use std::path::PathBuf;

use clap::Args;
use dayline_domain::Retention;

/// How long timelines are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retention")]
pub struct RetentionOptions {
    /// How long timelines are kept, in whole days of each person, as 400d, 18mo or 3y; what is older is deleted for good.
    /// For ever if not given. People may choose less for themselves. `dayline retention` says what would go
    #[arg(long, env = "DAYLINE_KEEP", value_name = "TIME")]
    pub(crate) keep: Option<Retention>,
    /// Folder where what is deleted is kept first, in files that `dayline import` reads; on each machine that deletes
    #[arg(long, env = "DAYLINE_KEEP_ARCHIVE", value_name = "FOLDER")]
    pub(crate) keep_archive: Option<PathBuf>,
}
