//! Where Dayline is measured: embedded, one process with a data folder; or clustered, two API processes and two
//! workers over PostgreSQL, PgBouncer and Redis.

use std::fmt;

use clap::ValueEnum;

use crate::failure::Failure;
use crate::services::Services;

/// What the command line asks for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Where {
    /// One process with everything in its data folder.
    Embedded,
    /// Two API processes and two workers; run under scripts/with-servers.
    Clustered,
    /// One after the other.
    Both,
}

/// One of the two ways to run Dayline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deployment {
    Embedded,
    Clustered,
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Clustered => "clustered",
        })
    }
}

impl Where {
    /// The deployments that are meant and can be. Of both, a cluster that can't be started is left out with a remark.
    pub(crate) fn deployments(self) -> Result<Vec<Deployment>, Failure> {
        const MISSING: &str =
            "a cluster needs PostgreSQL, PgBouncer and Redis: run under scripts/with-servers";
        match (self, Services::available()) {
            (Self::Embedded, _) => Ok(vec![Deployment::Embedded]),
            (Self::Clustered, true) => Ok(vec![Deployment::Clustered]),
            (Self::Clustered, false) => Err(MISSING.into()),
            (Self::Both, true) => Ok(vec![Deployment::Embedded, Deployment::Clustered]),
            (Self::Both, false) => {
                eprintln!("embedded only: {MISSING}");
                Ok(vec![Deployment::Embedded])
            }
        }
    }
}
