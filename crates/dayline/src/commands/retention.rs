//! `dayline retention`: what is older than it is to be kept. A dry run: only servers remove.

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_app::ports::{Clock, Past};
use dayline_app::tracking::retention::{DryRun, WouldGo};
use dayline_domain::Retention;
use dayline_local::SystemClock;

use crate::config::DataOptions;
use crate::wire;
use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

/// Options of `dayline retention`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: DataOptions,
    /// As for servers
    #[arg(long, env = "DAYLINE_KEEP", value_name = "TIME")]
    keep: Option<Retention>,
    /// Also list the people: identity, first UTC day that stays, and what would go
    #[arg(long, env = "DAYLINE_RETENTION_PEOPLE", value_parser = BoolishValueParser::new())]
    people: bool,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let (mut app, _) = wire::alongside(&options.data)?;
    app.rules.keep = options.keep;
    let mut dry_run = DryRun::new(&app, SystemClock.now());
    let (mut people, mut all) = (0u64, Past::default());
    while let Some(WouldGo { user, before, past }) = dry_run.next(&app).await.map_err(Failure::because)? {
        if options.people {
            say(format_args!("{user}  {before}  {}", told(&past)));
        }
        people += 1;
        all.days += past.days;
        all.pieces += past.pieces;
        all.bytes += past.bytes;
    }
    say(format_args!("{people} people  {}", told(&all)));
    Ok(())
}

fn told(Past { days, pieces, bytes }: &Past) -> String {
    let mib = *bytes as f64 / f64::from(1 << 20);
    format!("{days} days  {pieces} pieces  {mib:.1} MiB of observations and sums")
}
