//! Claim (f): memory at rest and under load, and how soon the server is ready.

use std::time::Duration;

use clap::Args;

use crate::Failure;
use crate::place::Lab;
use crate::stats::{Table, ms, spread};

#[derive(Args)]
pub(crate) struct Options {
    /// Fresh starts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(lab: &Lab, options: &Options) -> Result<Table, Failure> {
    let (mut ready, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let dayline = lab.start(&[]).await?;
        ready.push(dayline.ready_after);
        tokio::time::sleep(Duration::from_secs(1)).await;
        rest.push(dayline.resident_bytes()? as f64 / f64::from(1 << 20));
    }
    ready.sort_unstable();
    let mut table = Table::new("Start and memory", &["ready after, ms (median)", "resident at rest, MiB"]);
    table.rows.push(vec![ms(ready[ready.len() / 2]), spread(&rest).1]);
    Ok(table)
}
