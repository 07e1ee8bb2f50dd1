//! What `dayline simulate` can be told.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_cli_kit::units;

/// Options of `dayline simulate`.
#[derive(Debug, Args)]
pub struct Options {
    /// Server to send to
    #[arg(long, env = "DAYLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub(super) url: String,
    /// People; each is a new account with one to three devices, on which they switch apps every few seconds, read pages,
    /// write code, go away, and now and then correct what was seen
    #[arg(long, env = "DAYLINE_SIMULATE_USERS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(super) users: u32,
    /// How often each device sends what it saw
    #[arg(long, env = "DAYLINE_SIMULATE_INTERVAL", default_value = "5s", value_parser = interval)]
    pub(super) interval: Duration,
    /// How long they send
    #[arg(long, env = "DAYLINE_SIMULATE_DURATION", default_value = "60s", value_parser = units::duration)]
    pub(super) duration: Duration,
    /// Let things go wrong: pings late, out of order, twice, growing, in bursts, and requests whose answer is not waited for
    #[arg(long, env = "DAYLINE_SIMULATE_CHAOS", value_parser = BoolishValueParser::new())]
    pub(super) chaos: bool,
    /// Makes what people do the same each time
    #[arg(long, env = "DAYLINE_SIMULATE_SEED", default_value_t = 1)]
    pub(super) seed: u64,
    /// How long a request is tried again while the server is down or overloaded
    #[arg(long, env = "DAYLINE_SIMULATE_PATIENCE", default_value = "60s", value_parser = units::duration)]
    pub(super) patience: Duration,
    /// How long after the last ping it may take until all is there and all timelines are right
    #[arg(long = "settle", env = "DAYLINE_SIMULATE_SETTLE", default_value = "30s", value_parser = units::duration)]
    pub(super) catch_up: Duration,
    /// Sign-ups and sign-ins under way at a time. A server that is not on this machine may limit them per address;
    /// its options --register-limit and --login-address-limit raise that
    #[arg(long, env = "DAYLINE_SIMULATE_SIGN_INS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) sign_ins: u32,
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = units::duration(text)?;
    if interval.is_zero() || interval > Duration::from_hours(1) {
        return Err(format!("{text:?} is not between 1ms and 1h"));
    }
    Ok(interval)
}
