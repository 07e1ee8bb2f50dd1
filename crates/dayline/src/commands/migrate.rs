//! `dayline migrate`: brings the database to this program's schema, or says what is missing. A server with a data folder
//! does the same when it starts; with PostgreSQL operators choose the moment, and servers of the version before go on.

use clap::{Args, Subcommand};
use dayline_postgres::{PgConfig, PgStore};
use dayline_sqlite::{FolderLock, SqliteStore, migration_states};

use crate::config::{DataOptions, KafkaOptions};
use crate::wire;
use dayline_cli_kit::console::say;
use dayline_cli_kit::failure::Failure;

/// Options of `dayline migrate`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    kafka: KafkaOptions,
    /// Partitions of a topic in Kafka that is made
    #[arg(long, env = "DAYLINE_LOG_PARTITIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    log_partitions: u32,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Action {
    /// Take the steps that are missing (this is also what happens without a word); no server may run on the data
    /// folder, but servers may run on PostgreSQL
    Apply,
    /// Say which steps are applied and which are missing; changes nothing
    Status,
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let action = options.action.unwrap_or(Action::Apply);
    match options.data.database.postgres()? {
        Some(config) => in_postgres(&config, action).await?,
        None => in_folder(&options.data, action)?,
    }
    match (&options.kafka.kafka_brokers, action) {
        (Some(brokers), Action::Apply) => in_kafka(brokers, &options).await,
        _ => Ok(()),
    }
}

/// There is nothing to change in a topic that is there: a server that starts says what is wrong with it.
async fn in_kafka(brokers: &str, options: &Options) -> Result<(), Failure> {
    let made = wire::kafka::make_topic(brokers, &options.kafka, options.log_partitions).await?;
    let word = if made { "made" } else { "there already" };
    say(format_args!("kafka topic {}: {word}", options.kafka.kafka_topic));
    Ok(())
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
        let lock = FolderLock::acquire(&options.data).map_err(Failure::because)?;
        drop(SqliteStore::create(lock).map_err(Failure::because)?);
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
