//! Starts the servers of a measurement.

use std::path::PathBuf;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::server::Server;

/// What a measurement starts its servers with.
pub(crate) struct Lab {
    /// The dayline program.
    pub(crate) program: PathBuf,
    pub(crate) deployment: Deployment,
}

impl Lab {
    /// A fresh Dayline with limits that do not stand in the way of a benchmark; returns when it is ready.
    pub(crate) async fn start(&self, options: &[&str]) -> Result<Server, Failure> {
        self.start_limited(&[&["--unlimited"], options].concat()).await
    }

    /// A fresh Dayline with the limits that it has by default; returns when it is ready.
    pub(crate) async fn start_limited(&self, options: &[&str]) -> Result<Server, Failure> {
        Server::start(&self.program, self.deployment, options).await
    }
}
