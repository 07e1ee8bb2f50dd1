//! Claim (f): memory at rest and under load, and how soon the server is ready.

use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::lab::Lab;
use crate::stats::{Table, mebibytes, ms, percentile, spread};

#[derive(Args)]
pub(crate) struct Options {
    /// Fresh starts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What fresh starts showed.
pub(crate) struct Starts {
    /// From the start to ready, sorted.
    pub(crate) ready: Vec<Duration>,
    /// Resident memory a second later, in MiB, in each round.
    pub(crate) rest: Vec<f64>,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let starts = starts(lab, options.rounds).await?;
    let mut table = Table::new("Start and memory", &["ready after, ms (median)", "resident at rest, MiB"]);
    table.rows.push(vec![ms(percentile(&starts.ready, 0.5)), spread(&starts.rest).1]);
    Ok(table)
}

pub(crate) async fn starts(lab: &Lab, rounds: usize) -> Result<Starts, Failure> {
    let mut starts = Starts { ready: Vec::new(), rest: Vec::new() };
    for _ in 0..rounds {
        let dayline = lab.start(&[]).await?;
        starts.ready.push(dayline.ready_after);
        tokio::time::sleep(Duration::from_secs(1)).await;
        starts.rest.push(mebibytes(dayline.resident_bytes()?));
    }
    starts.ready.sort_unstable();
    Ok(starts)
}
