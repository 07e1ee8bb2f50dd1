//! Options about trackers of the server's own computer.

use std::net::SocketAddr;

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_cli_kit::failure::Failure;
use dayline_domain::Email;

use super::network::listen_address;

/// A door for trackers of this computer that can send no key.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Trackers of this computer")]
pub struct TrackerOptions {
    /// Address and port for trackers of this computer that can send no key, as `127.0.0.1:5600`; whoever can call it
    /// tracks for the one account
    #[arg(
        long,
        env = "DAYLINE_TRACKERS",
        value_name = "ADDRESS:PORT",
        requires = "trackers_for",
        value_parser = listen_address
    )]
    trackers: Option<SocketAddr>,
    /// Address of the account that they track for
    #[arg(long, env = "DAYLINE_TRACKERS_FOR", value_name = "EMAIL", requires = "trackers", value_parser = email)]
    trackers_for: Option<Email>,
    /// Let them ask for what there is, too
    #[arg(long, env = "DAYLINE_TRACKERS_MAY_READ", requires = "trackers", value_parser = BoolishValueParser::new())]
    trackers_may_read: bool,
    /// Say to them that this server is for tests, which the tests of their libraries want to hear; no watcher minds
    #[arg(long, env = "DAYLINE_TRACKERS_TESTING", requires = "trackers", value_parser = BoolishValueParser::new())]
    trackers_testing: bool,
}

/// A door to be opened.
#[derive(Debug, Clone)]
pub(crate) struct DoorOptions {
    /// Where.
    pub(crate) address: SocketAddr,
    /// For whom.
    pub(crate) email: Email,
    /// Whether who calls may read.
    pub(crate) may_read: bool,
    /// Whether they are told that this is a server for tests.
    pub(crate) testing: bool,
}

impl TrackerOptions {
    /// The door, if there is to be one.
    ///
    /// # Errors
    /// If others than this computer could call it, or in a cluster, where nobody knows which computer that is.
    pub(crate) fn door(&self, is_cluster: bool) -> Result<Option<DoorOptions>, Failure> {
        let (Some(address), Some(email)) = (self.trackers, self.trackers_for.clone()) else {
            return Ok(None);
        };
        if is_cluster {
            return Err(Failure::usage(
                "--trackers needs all in one data folder; in a cluster, give trackers keys",
            ));
        }
        if !address.ip().is_loopback() {
            return Err(Failure::usage(format!(
                "--trackers lets in whoever calls, so {address} can't be its address; write 127.0.0.1:{}, and give \
                 trackers on other computers keys",
                address.port()
            )));
        }
        let (may_read, testing) = (self.trackers_may_read, self.trackers_testing);
        Ok(Some(DoorOptions { address, email, may_read, testing }))
    }
}

fn email(text: &str) -> Result<Email, String> {
    Email::new(text).map_err(|error| error.to_string())
}
