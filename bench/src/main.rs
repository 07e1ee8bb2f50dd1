//! Benchmarks of Dayline as a whole: one command per claim of the design's section 8. Each builds nothing by itself
//! but runs both sides in one run, interleaved, and prints medians with their spread as a table and as JSON.
//! Deliberately absent: timed tests. Figures drift from machine to machine; ratios of one run do not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints its results")]

mod accept;
mod baseline;
mod client;
mod drain;
mod memory;
mod reports;
mod server;
mod sign_ins;
mod slow_clients;
mod stats;

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// What a benchmark may fail with; it is only ever printed.
type Failure = Box<dyn Error + Send + Sync>;

/// Benchmarks of Dayline. Build first: `cargo build --release --workspace`.
#[derive(Parser)]
struct Arguments {
    /// The dayline program to measure.
    #[arg(long, global = true, default_value = "target/release/dayline")]
    dayline: PathBuf,
    /// Write the results as JSON to this file, too.
    #[arg(long, global = true)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    claim: Claim,
}

#[derive(Subcommand)]
enum Claim {
    /// Single pings: accept rate and latency, against a server that stores nothing.
    Accept(accept::Options),
    /// Batches of pings: accepted and durable per second.
    Batches(accept::BatchOptions),
    /// From accepted to in the ledger: drain rate of a backlog, and lag under steady load.
    Drain(drain::Options),
    /// Memory at rest and under load, and time to ready.
    Memory(memory::Options),
    /// Latency of pings while many people sign in at once.
    SignIns(sign_ins::Options),
    /// Latency of pings while thousands of clients send nothing, or half of something.
    SlowClients(slow_clients::Options),
    /// Latency of pings with and without reports of a year being made beside them.
    Reports(reports::Options),
    /// The server that stores nothing: verifies the token, parses the JSON, answers 202.
    #[command(hide = true)]
    Baseline(baseline::Options),
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let runtime =
        |threads| tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let table = match arguments.claim {
        Claim::Baseline(options) => return runtime(options.threads)?.block_on(baseline::serve(options)),
        Claim::Accept(options) => runtime(1)?.block_on(accept::single(&arguments.dayline, &options))?,
        Claim::Batches(options) => runtime(1)?.block_on(accept::batches(&arguments.dayline, &options))?,
        Claim::Drain(options) => runtime(1)?.block_on(drain::run(&arguments.dayline, &options))?,
        Claim::SignIns(options) => runtime(1)?.block_on(sign_ins::run(&arguments.dayline, &options))?,
        Claim::SlowClients(options) => {
            runtime(1)?.block_on(slow_clients::run(&arguments.dayline, &options))?
        }
        Claim::Memory(options) => runtime(1)?.block_on(memory::run(&arguments.dayline, &options))?,
        Claim::Reports(options) => runtime(1)?.block_on(reports::run(&arguments.dayline, &options))?,
    };
    print!("{}", table.to_markdown());
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&table)?)?;
    }
    Ok(())
}
