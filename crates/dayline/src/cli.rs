//! The command line: which commands there are. Each command's options are beside the command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dayline_local::{SystemClock, SystemRandomness};

use crate::commands::{dead_letters, healthcheck, migrate, openapi, user};
use crate::config::ServeOptions;
use crate::console::{end_progress, remark};
use crate::failure::Failure;
use crate::{replay, serve, simulate};

/// Time tracking: trackers send what is being used, Dayline makes one clean timeline of it, and reports.
///
/// Every option can also be given by the environment variable named beside it. `dayline help COMMAND` tells all
/// about a command.
#[derive(Debug, Parser)]
#[command(name = "dayline", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server; this is also what happens without a command
    Serve(Box<ServeOptions>),
    /// Send a recorded file as its trackers would
    Replay(replay::Options),
    /// Send as many trackers at once, then check every timeline against the rule
    ///
    /// Ends with an error if anything that was acknowledged is missing (lost), counted twice (overlaps), or not as
    /// the rule says (wrong).
    Simulate(simulate::Options),
    /// Bring the data base to this program's schema, or say what is missing
    Migrate(migrate::Options),
    /// Pings that could not be processed: list, show, retry or delete them
    DeadLetters(dead_letters::Options),
    /// What an operator does for a person
    #[command(subcommand)]
    User(user::Command),
    /// Print the API document as JSON
    Openapi,
    /// End without error if a server is ready
    Healthcheck(healthcheck::Options),
}

/// `dayline` without a command: serves, with options from the environment.
#[derive(Debug, Parser)]
struct ByEnvironment {
    #[command(flatten)]
    serve: ServeOptions,
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let outcome = run(Cli::parse());
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    end_progress();
    remark(format_args!("dayline: {failure}"));
    ExitCode::from(failure.code())
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Some(command) = cli.command else { return serve::run(&ByEnvironment::parse_from(["dayline"]).serve) };
    match command {
        Command::Serve(options) => serve::run(&options),
        Command::Replay(options) => block_on(replay::run(options, &SystemClock, &SystemRandomness)),
        Command::Simulate(options) => block_on(simulate::run(options, &SystemClock, &SystemRandomness)),
        Command::Migrate(options) => migrate::run(&options),
        Command::DeadLetters(options) => block_on(dead_letters::run(options)),
        Command::User(command) => block_on(user::run(command)),
        Command::Openapi => openapi::run(),
        Command::Healthcheck(options) => block_on(healthcheck::run(options)),
    }
}

/// Runs a command that is a client.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("can't start threads: {error}"))?;
    runtime.block_on(command)
}
