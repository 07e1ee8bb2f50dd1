//! `dayline migrate`: brings the database to this program's schema, or says what is missing. A server with a data folder
//! does the same when it starts; with PostgreSQL operators choose the moment, and servers of the version before go on.

use clap::{Args, Subcommand};
use dayline_postgres::{PgConfig, PgStore};
use dayline_sqlite::{FolderLock, SqliteStore, migration_states};

use crate::config::DataOptions;
use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

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
    /// Take the steps that are missing (this is also what happens without a word); no server may run on the data
    /// folder, but servers may run on PostgreSQL
    Apply,
    /// Say which steps are taken and which are missing; changes nothing
    Status,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let action = options.action.unwrap_or(Action::Apply);
    match options.data.database.postgres()? {
        Some(config) => in_postgres(&config, action).await,
        None => in_folder(&options.data, action),
    }
}

async fn in_postgres(config: &PgConfig, action: Action) -> Result<(), Failure> {
    let store = PgStore::open(config).map_err(Failure::usage)?;
    if matches!(action, Action::Apply) {
        store.migrate().await.map_err(Failure::because)?;
    }
    for state in store.migration_states().await.map_err(Failure::because)? {
        show(state.step.version, state.applied, state.step.name);
    }
    Ok(())
}

fn in_folder(options: &DataOptions, action: Action) -> Result<(), Failure> {
    if matches!(action, Action::Apply) {
        // Who looks does not make a database where there was none.
        if !options.data.exists() {
            return Err(Failure::new(format!("there is no data folder {}", options.data.display())));
        }
        let lock = FolderLock::take(&options.data).map_err(Failure::because)?;
        drop(SqliteStore::open(lock).map_err(Failure::because)?);
    }
    for state in migration_states(&options.data).map_err(Failure::because)? {
        show(state.number, state.applied, &state.name);
    }
    Ok(())
}

fn show(number: u32, applied: bool, name: &str) {
    let word = if applied { "applied" } else { "pending" };
    say(format_args!("{number:04} {word} {name}"));
}
