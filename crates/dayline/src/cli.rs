//! The command line: which commands there are. Each command's options are beside the command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use dayline_app::ports::{Clock, Randomness};
use dayline_domain::UtcMs;
use dayline_local::{SystemClock, SystemRandomness};
use dayline_sim::{import, replay, simulate};

use crate::commands::{
    backup, dead_letters, healthcheck, keys, migrate, openapi, partitions, retention, user,
};
use crate::config::ServeOptions;
use crate::environment::{self, Unknown};
use crate::serve;
use dayline_cli_kit::console::{end_progress, remark};
use dayline_cli_kit::failure::Failure;

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
    /// Bring in history: an export of ActivityWatch or of Dayline, or a data dump of WakaTime
    ///
    /// Sent again, the same file changes nothing. With --dry-run it is only said what the file has.
    Import(import::Options),
    /// Send as many trackers at once, then check every timeline against the rule
    ///
    /// Ends with an error if anything that was acknowledged is missing (lost), counted twice (overlaps), or not as
    /// the rule says (wrong).
    Simulate(simulate::Options),
    /// Bring the database to this program's schema, or say what is missing
    Migrate(migrate::Options),
    /// Months of timelines in PostgreSQL: list, create, archive, restore or drop them
    Partitions(partitions::Options),
    /// Say what is older than it is to be kept, and would go; nothing is removed by this
    ///
    /// Servers remove it, if they are started with the same --keep; what people chose for themselves they remove in any
    /// case.
    Retention(retention::Options),
    /// Copy a data folder as it is at one moment, while its server runs or not
    Backup(backup::Options),
    /// Pings that could not be processed: list, show, retry or delete them
    DeadLetters(dead_letters::Options),
    /// The keys that sign access tokens: list, make, add, retire or forget them
    ///
    /// A rotation, without a restart and without anybody noticing:
    ///
    /// 1. `dayline keys add`. Servers notice the changed file within seconds and accept tokens of the new key; after ten
    ///    seconds they sign with it. Servers that don't share the file each need a copy of it before that, so give
    ///    `--signs-after 10m` and copy it meanwhile.
    ///
    /// 2. Wait until `dayline keys list` says that the new key signs.
    ///
    /// 3. `dayline keys retire OLD`. Its tokens stay good until they end: 15 minutes, and one for clocks that differ.
    ///
    /// 4. After 16 minutes, `dayline keys forget`. If the file is copied, copy it after each step.
    ///
    /// If somebody else knows the key: `dayline keys add --signs-after 0s`, and at once `dayline keys retire OLD --at-once`.
    ///
    /// Sessions and refresh tokens live through all of this; their own key stays, since it makes no token by itself. To
    /// sign everybody out, stop the servers and delete the file. A file that has one secret text of your own in it is
    /// replaced at the first change by a document, in which the key made of that text is the oldest.
    Keys(keys::Options),
    /// People with accounts: make, list, disable, enable or delete them, give one a new password
    User(user::Options),
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
    let outcome = run(parse(std::env::args_os()));
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    end_progress();
    remark(format_args!("dayline: {failure}"));
    ExitCode::from(failure.code())
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Some(command) = cli.command else {
        let ByEnvironment { serve } = parse([OsString::from("dayline")]);
        return serve::run(&serve, &unknown_variables());
    };
    let unknown = unknown_variables();
    // A server says it in its log.
    if !matches!(command, Command::Serve(_)) {
        for unknown in &unknown {
            remark(format_args!("dayline: {unknown}"));
        }
    }
    match command {
        Command::Serve(options) => serve::run(&options, &unknown),
        Command::Replay(options) => block_on(replay::run(options, now, random())),
        Command::Import(options) => block_on(import::run(options, random())),
        Command::Simulate(options) => block_on(simulate::run(options, now, random())),
        Command::Migrate(options) => block_on(migrate::run(options)),
        Command::Partitions(options) => block_on(partitions::run(options)),
        Command::Retention(options) => block_on(retention::run(options)),
        Command::Backup(options) => block_on(backup::run(options)),
        Command::DeadLetters(options) => block_on(dead_letters::run(options)),
        Command::Keys(options) => keys::run(&options),
        Command::User(options) => block_on(user::run(options)),
        Command::Openapi => openapi::run(),
        Command::Healthcheck(options) => block_on(healthcheck::run(options)),
    }
}

/// Parses the command line and the environment; ends the process where that can't be.
fn parse<P: Parser>(words: impl IntoIterator<Item = OsString>) -> P {
    let matches = environment::without_empty(P::command()).get_matches_from(words);
    P::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn unknown_variables() -> Vec<Unknown> {
    environment::unknown(&Cli::command(), environment::variables())
}

fn now() -> UtcMs {
    SystemClock.now()
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    SystemRandomness.fill(&mut bytes);
    bytes
}

/// Runs a command that is a client.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("can't start threads: {error}"))?;
    runtime.block_on(command)
}
