//! Counts the instructions of each workload and refuses figures that grew: `check`, `check --accept`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod check;
mod count;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dayline_workloads::Failure;

#[derive(Parser)]
#[command(about = "Counts the instructions of Dayline's hot path")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Counts all workloads and compares them with the figures accepted before.
    Check {
        /// Writes the counts of this run down as accepted.
        #[arg(long)]
        accept: bool,
        /// Where the accepted figures are.
        #[arg(long, default_value = "bench/instructions.json")]
        file: PathBuf,
    },
    /// Does one workload twice: once to warm up, once for the counter.
    #[command(hide = true)]
    Run { name: String },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run { name } => count::run(&name).map(|()| true),
        Command::Check { accept, file } => checked(accept, &file),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("workloads: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Where nothing can be counted there is nothing to compare; CI must not take that for a good sign.
fn checked(accept: bool, file: &std::path::Path) -> Result<bool, Failure> {
    let Err(reason) = count::possible() else { return check::check(accept, file) };
    if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
        return Err(reason.into());
    }
    println!("instruction counts: skipped, {reason}");
    Ok(true)
}
