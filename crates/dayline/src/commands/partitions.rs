//! `dayline partitions`: the months of timelines in PostgreSQL. Works alongside running servers.
//! Not here: dropping by age; which months may go is for an operator to say.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand};
use dayline_postgres::{ArchiveSummary, Month, MonthInfo, PgStore};

use crate::config::DatabaseOptions;
use dayline_cli_kit::console::{remark, say};
use dayline_cli_kit::failure::Failure;

/// Options of `dayline partitions`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the months: month, how many days of people, pieces of timelines, and pieces that the rule's
    /// first edition outranked, size
    List,
    /// Make months ahead; servers also do that, for this month and the two that follow
    Create {
        /// Months, as 2027-01
        #[arg(required = true)]
        months: Vec<Month>,
    },
    /// Write a month to a new file (gzip, one JSON object per line), durable when this ends; the month stays
    Archive {
        /// Month, as 2026-01
        month: Month,
        /// File to make; dayline-MONTH.ndjson.gz in the current folder if not given
        file: Option<PathBuf>,
    },
    /// Bring an archived month back, beside what came later; what was erased and who was deleted since
    /// stays away. It may be interrupted and repeated
    Restore {
        /// File that `archive` wrote
        file: PathBuf,
    },
    /// Drop a month with all that is in it, at once; refused unless it is as it was archived last
    Drop {
        /// Month, as 2026-01
        month: Month,
        /// Also if it has changed since, or never was archived
        #[arg(long, env = "DAYLINE_PARTITIONS_UNARCHIVED", value_parser = BoolishValueParser::new())]
        unarchived: bool,
        /// Really do it
        #[arg(long, env = "DAYLINE_PARTITIONS_YES", value_parser = BoolishValueParser::new())]
        yes: bool,
    },
}

/// Runs the command.
pub async fn run(options: Options) -> Result<(), Failure> {
    let store = PgStore::open(&options.database.required()?).map_err(Failure::usage)?;
    let admin = store.month_admin();
    match options.action {
        Action::List => {
            admin.list().await.map_err(Failure::because)?.iter().for_each(|month| say(line(month)));
        }
        Action::Create { months } => {
            for month in months {
                let made = admin.create(month).await.map_err(Failure::because)?;
                say(format_args!("{month}: {}", if made { "made" } else { "was there" }));
            }
        }
        Action::Archive { month, file } => {
            let file = file.unwrap_or_else(|| format!("dayline-{month}.ndjson.gz").into());
            remark(format_args!("writing {month} to {}", file.display()));
            let summary = admin.archive(month, &file).await.map_err(Failure::because)?;
            say(format_args!("{month}: {} archived in {}", counts(&summary), file.display()));
        }
        Action::Restore { file } => {
            let summary = admin.restore(&file).await.map_err(Failure::because)?;
            say(format_args!("{}: {} restored", file.display(), counts(&summary)));
        }
        Action::Drop { month, yes: false, .. } => {
            return Err(Failure::usage(format!("{month} would be gone for good; say --yes to drop it")));
        }
        Action::Drop { month, yes: true, unarchived } => {
            let dropped = if unarchived { admin.drop_anyway(month).await } else { admin.drop(month).await };
            if !dropped.map_err(Failure::because)? {
                return Err(Failure::new(format!("there is no month {month}")));
            }
            say(format_args!("{month}: dropped"));
        }
    }
    Ok(())
}

fn line(info: &MonthInfo) -> String {
    let MonthInfo { month, days, counted, outranked, bytes } = info;
    let mib = *bytes as f64 / f64::from(1 << 20);
    format!("{month}  {days} days  {counted} pieces  {outranked} outranked  {mib:.1} MiB")
}

fn counts(summary: &ArchiveSummary) -> String {
    let ArchiveSummary { days, observations, counted, outranked } = summary;
    format!("{days} days, {observations} observations, {counted} pieces, {outranked} outranked")
}
