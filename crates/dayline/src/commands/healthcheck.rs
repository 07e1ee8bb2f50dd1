//! `dayline healthcheck`: for containers and service managers, which look at the exit code.

use std::time::Duration;

use clap::Args;
use tokio::time::timeout;

use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units;
use dayline_sim::client::Client;

/// Options of `dayline healthcheck`.
#[derive(Debug, Args)]
pub struct Options {
    /// Server to ask
    #[arg(long, env = "DAYLINE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// How long the answer may take
    #[arg(long, env = "DAYLINE_HEALTHCHECK_TIMEOUT", default_value = "5s", value_parser = units::some_time)]
    timeout: Duration,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let client = Client::new(&options.url, None).map_err(Failure::usage)?;
    match timeout(options.timeout, client.ready()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => Err(Failure::new(format!("{} is not ready: {refusal}", options.url))),
        Err(_) => Err(Failure::new(format!("{} did not answer in {:?}", options.url, options.timeout))),
    }
}
