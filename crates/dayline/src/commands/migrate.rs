//! `dayline migrate`: brings the data base to this program's schema, or says what is missing. A server does the same
//! when it starts; this is for operators who want to choose the moment.

use clap::{Args, Subcommand};
use dayline_sqlite::{FolderLock, SqliteStore, migration_states};

use crate::config::DataOptions;
use crate::console::say;
use crate::failure::Failure;

/// Options of `dayline migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: DataOptions,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Action {
    /// Take the steps that are missing; no server may run (this is also what happens without a word)
    Apply,
    /// Say which steps are taken and which are missing; changes nothing
    Status,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    if let Some(Action::Status) = options.action {
        return show(options);
    }
    // Who looks does not make a data base where there was none.
    if !options.data.data.exists() {
        return Err(Failure::new(format!("there is no data folder {}", options.data.data.display())));
    }
    let lock = FolderLock::take(&options.data.data).map_err(Failure::because)?;
    drop(SqliteStore::open(lock).map_err(Failure::because)?);
    show(options)
}

fn show(options: &Options) -> Result<(), Failure> {
    for state in migration_states(&options.data.data).map_err(Failure::because)? {
        let word = if state.applied { "applied" } else { "pending" };
        say(format_args!("{:04} {word} {}", state.number, state.name));
    }
    Ok(())
}
