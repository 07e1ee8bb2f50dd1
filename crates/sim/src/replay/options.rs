//! What `dayline replay` can be told.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_cli_kit::units;
use dayline_domain::UtcDay;

use super::{plan, recording};
use crate::sign_in::SignIn;

/// Options of `dayline replay`.
#[derive(Debug, Args)]
#[command(after_long_help = recording::FORMAT)]
pub struct Options {
    /// Recorded file, one JSON object per line (--help tells the format); `-` is standard input
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) sign_in: SignIn,
    /// Whose day it is; without it a new account is made, and its address and password are shown
    #[arg(long, env = "DAYLINE_EMAIL")]
    pub(super) email: Option<String>,
    /// Make the account first, unless it exists
    #[arg(long, env = "DAYLINE_REPLAY_REGISTER", value_parser = BoolishValueParser::new())]
    pub(super) register: bool,
    /// Day (UTC) on which the recording begins; the day before yesterday by default
    #[arg(long, env = "DAYLINE_REPLAY_DAY", value_name = "YYYY-MM-DD", value_parser = recording::day)]
    pub(super) day: Option<UtcDay>,
    /// Pings in one request, 1 to 1000; a range such as 1-1000 takes a different number each time
    #[arg(long, env = "DAYLINE_REPLAY_BATCH", default_value = "100", value_parser = plan::batch)]
    pub(super) batch: RangeInclusive<u64>,
    /// Send in any order
    #[arg(long, env = "DAYLINE_REPLAY_SHUFFLE", value_parser = BoolishValueParser::new())]
    pub(super) shuffle: bool,
    /// How often each ping is sent
    #[arg(long, env = "DAYLINE_REPLAY_REPEAT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) repeat: u32,
    /// Makes order and batches the same each time
    #[arg(long, env = "DAYLINE_REPLAY_SEED", default_value_t = 1)]
    pub(super) seed: u64,
    /// Send everything over one session, each ping with its device, instead of one session per device
    #[arg(long, env = "DAYLINE_REPLAY_ONE_SESSION", value_parser = BoolishValueParser::new())]
    pub(super) one_session: bool,
    /// How long a request is tried again while the server is down or overloaded
    #[arg(long, env = "DAYLINE_REPLAY_PATIENCE", default_value = "5m", value_parser = units::duration)]
    pub(super) patience: Duration,
}
