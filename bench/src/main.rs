//! Benchmarks of Dayline as a whole: one command per claim of the design's section 8. Each builds the program first,
//! runs both sides in one run, interleaved, and prints medians with their spread as a table and as JSON.
//! Not here: timed tests. Figures drift from machine to machine; ratios of one run do not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that prints its results")]

mod accept;
mod baseline;
mod client;
mod clock;
mod crowd;
mod database;
mod deployment;
mod drain;
mod failure;
mod flood;
mod grow;
mod histogram;
mod lab;
mod lag;
mod memory;
mod outcomes;
mod overload;
mod packed;
mod past;
mod peak;
mod plot;
mod reports;
mod resources;
mod server;
mod services;
mod sign_ins;
mod slow_clients;
mod soak;
mod stats;
mod storage;
mod stream;
mod sums;
mod switching;
mod table;
mod trackers;

use std::path::PathBuf;
use std::process::Command;

use clap::{Parser, Subcommand};

use deployment::{Deployment, Where};
use failure::Failure;
use lab::Lab;
use stats::Table;

/// Benchmarks of Dayline.
#[derive(Parser)]
struct Arguments {
    /// The dayline program to measure; if left out, it is built from the source that this one was built from.
    #[arg(long, global = true)]
    dayline: Option<PathBuf>,
    /// How Dayline runs; several, separated by commas, one after the other.
    #[arg(long = "where", global = true, value_enum, value_delimiter = ',', default_value = "embedded")]
    deployments: Vec<Where>,
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
    /// Latency of pings beside clients that send packed bodies which are much work.
    PackedBodies(packed::Options),
    /// Latency of pings with and without reports of a year being made beside them.
    Reports(reports::Options),
    /// Three times as much as the server can take, for a minute.
    Overload(overload::Options),
    /// Latency of a thousand people's pings beside one person who sends far too many.
    Flood(flood::Options),
    /// Half of what the server can take, for three quarters of an hour: memory, files, queue.
    Soak(soak::Options),
    /// What a person's time takes in the database.
    Storage(storage::Options),
    /// How figures grow with connections, people and rows; also as curves.
    Grow(grow::Options),
    /// Heartbeats of ActivityWatch and bulks of WakaTime, beside our own wire.
    Trackers(trackers::Options),
    /// All targets of the design in one table.
    Table(table::Options),
    /// The server that stores nothing: verifies the token, parses the JSON, answers 202.
    #[command(hide = true)]
    Baseline(baseline::Options),
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let runtime =
        |threads| tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    if let Claim::Baseline(options) = arguments.claim {
        return runtime(options.threads)?.block_on(baseline::serve(options));
    }
    let deployments = Deployment::all(&arguments.deployments)?;
    let program = match arguments.dayline {
        Some(program) => program,
        None => build(deployments.iter().any(|deployment| deployment.needs_kafka()))?,
    };
    let mut tables = Vec::new();
    for deployment in deployments {
        let lab = Lab { program: program.clone(), deployment };
        for mut table in runtime(1)?.block_on(measure(&arguments.claim, &lab))? {
            table.title = format!("{}, {deployment}", table.title);
            print!("{}", table.to_markdown());
            tables.push(table);
        }
    }
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&tables)?)?;
    }
    Ok(())
}

/// Builds the server as it is released, with Kafka if it is needed; gives the program.
fn build(with_kafka: bool) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program lies in no target folder")?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--package", "dayline", "--target-dir"]).arg(target);
    cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")]);
    if with_kafka {
        cargo.args(["--features", "kafka"]);
    }
    if !cargo.status()?.success() {
        return Err("dayline was not built".into());
    }
    Ok(target.join("release/dayline"))
}

async fn measure(claim: &Claim, lab: &Lab) -> Result<Vec<Table>, Failure> {
    let table = match claim {
        Claim::Accept(options) => accept::single(lab, options).await,
        Claim::Batches(options) => accept::batches(lab, options).await,
        Claim::Drain(options) => drain::run(lab, options).await,
        Claim::Memory(options) => memory::run(lab, options).await,
        Claim::SignIns(options) => sign_ins::run(lab, options).await,
        Claim::SlowClients(options) => slow_clients::run(lab, options).await,
        Claim::PackedBodies(options) => packed::run(lab, options).await,
        Claim::Reports(options) => reports::run(lab, options).await,
        Claim::Storage(options) => storage::run(lab, options).await,
        Claim::Trackers(options) => trackers::run(lab, options).await,
        Claim::Table(options) => table::run(lab, options).await,
        Claim::Overload(options) => overload::run(lab, options).await,
        Claim::Flood(options) => flood::run(lab, options).await,
        Claim::Soak(options) => return soak::run(lab, options).await,
        Claim::Grow(options) => return grow::run(lab, options).await,
        Claim::Baseline(_) => Err("the server that stores nothing is not measured by itself".into()),
    };
    Ok(vec![table?])
}
