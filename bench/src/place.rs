//! Where Dayline is measured: embedded, one process with a data folder; or clustered, two API processes and two
//! workers over PostgreSQL, PgBouncer and Redis.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::Failure;
use crate::server::Server;
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
pub(crate) enum Place {
    Embedded,
    Clustered,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Clustered => "clustered",
        })
    }
}

impl Where {
    /// The places that are meant and can be. Of both, a cluster that can't be started is left out with a remark.
    pub(crate) fn places(self) -> Result<Vec<Place>, Failure> {
        const MISSING: &str =
            "a cluster needs PostgreSQL, PgBouncer and Redis: run under scripts/with-servers";
        match (self, Services::available()) {
            (Self::Embedded, _) => Ok(vec![Place::Embedded]),
            (Self::Clustered, true) => Ok(vec![Place::Clustered]),
            (Self::Clustered, false) => Err(MISSING.into()),
            (Self::Both, true) => Ok(vec![Place::Embedded, Place::Clustered]),
            (Self::Both, false) => {
                eprintln!("embedded only: {MISSING}");
                Ok(vec![Place::Embedded])
            }
        }
    }
}

/// What a measurement starts its servers with.
pub(crate) struct Lab {
    /// The dayline program.
    pub(crate) program: PathBuf,
    pub(crate) place: Place,
}

impl Lab {
    /// A fresh Dayline with limits that do not stand in the way of a benchmark; returns when it is ready.
    pub(crate) async fn start(&self, options: &[&str]) -> Result<Server, Failure> {
        self.start_limited(&[&["--unlimited"], options].concat()).await
    }

    /// A fresh Dayline with the limits that it has by default; returns when it is ready.
    pub(crate) async fn start_limited(&self, options: &[&str]) -> Result<Server, Failure> {
        Server::start(&self.program, self.place, options).await
    }
}
