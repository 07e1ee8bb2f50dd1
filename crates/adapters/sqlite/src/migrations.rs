//! The steps that lead from an empty file to today's schema. A step that was released is never
//! edited: a database remembers the checksum of each step it has applied, and is refused if the
//! program's differs. Not here: steps back. An older program refuses a newer database.

#[cfg(test)]
mod tests;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::open_error::OpenError;

/// Tells Dayline's databases from others (`DYLN`).
const APPLICATION_ID: i32 = 0x4459_4C4E;

/// One step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// All steps, in order.
pub(crate) const ALL: &[Migration] = &[
    Migration {
        number: 1,
        name: "accounts_and_ledger",
        sql: include_str!("migrations/0001_accounts_and_ledger.sql"),
    },
    Migration { number: 2, name: "report_jobs", sql: include_str!("migrations/0002_report_jobs.sql") },
    Migration { number: 3, name: "day_sums", sql: include_str!("migrations/0003_day_sums.sql") },
    Migration {
        number: 4,
        name: "approving_session",
        sql: include_str!("migrations/0004_approving_session.sql"),
    },
    Migration { number: 5, name: "observations", sql: include_str!("migrations/0005_observations.sql") },
    Migration {
        number: 6,
        name: "filtered_reports",
        sql: include_str!("migrations/0006_filtered_reports.sql"),
    },
    Migration { number: 7, name: "device_names", sql: include_str!("migrations/0007_device_names.sql") },
    Migration { number: 8, name: "merges", sql: include_str!("migrations/0008_merges.sql") },
    Migration { number: 9, name: "people_let_in", sql: include_str!("migrations/0009_people_let_in.sql") },
    Migration { number: 10, name: "labels", sql: include_str!("migrations/0010_labels.sql") },
    Migration { number: 11, name: "buckets", sql: include_str!("migrations/0011_buckets.sql") },
    Migration { number: 12, name: "retention", sql: include_str!("migrations/0012_retention.sql") },
    Migration { number: 13, name: "raw_events", sql: include_str!("migrations/0013_raw_events.sql") },
];

/// What a database says about one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number, from 1.
    pub number: u32,
    /// Says what the step is for, in a few words.
    pub name: String,
    /// Whether the database has applied it.
    pub applied: bool,
}

impl Migration {
    /// The checksum of its text, without regard to how a check-out ends lines.
    fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        self.sql.lines().for_each(|line| {
            sum.update(line.as_bytes());
            sum.update(b"\n");
        });
        sum.finalize()
    }
}

/// Applies the steps that the database has not applied yet, each as one transaction.
pub(crate) fn apply(connection: &mut Connection, steps: &[Migration]) -> Result<(), OpenError> {
    prepare(connection)?;
    for step in steps {
        // A process alongside this one may do the same: look inside the transaction.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !check(&transaction, steps)?.contains(&step.number) {
            apply_step(&transaction, step)?;
            transaction.commit()?;
        }
    }
    check(connection, steps).map(drop)
}

/// Which steps the database has applied. Refuses a database that is not Dayline's, newer than
/// `steps`, or that applied other ones.
pub(crate) fn states(connection: &Connection, steps: &[Migration]) -> Result<Vec<MigrationState>, OpenError> {
    let applied = if is_empty(connection)? { Vec::new() } else { check(connection, steps)? };
    let state = |step: &Migration| MigrationState {
        number: step.number,
        name: step.name.to_owned(),
        applied: applied.contains(&step.number),
    };
    Ok(steps.iter().map(state).collect())
}

/// Refuses a file that belongs to another program, before anything about it is changed.
pub(crate) fn refuse_foreign(connection: &Connection) -> Result<(), OpenError> {
    match application_id(connection)? {
        APPLICATION_ID => Ok(()),
        _ if is_empty(connection)? => Ok(()),
        found => Err(OpenError::NotDayline { file: connection.path().unwrap_or_default().into(), found }),
    }
}

/// Marks an empty file as ours.
fn prepare(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute_batch(
            "CREATE TABLE migrations (
                 number INTEGER PRIMARY KEY,
                 name TEXT NOT NULL,
                 checksum INTEGER NOT NULL
             ) STRICT",
        )?;
    }
    Ok(transaction.commit()?)
}

fn is_empty(connection: &Connection) -> Result<bool, OpenError> {
    let something = connection.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional()?;
    Ok(something.is_none() && application_id(connection)? == 0)
}

fn application_id(connection: &Connection) -> Result<i32, OpenError> {
    Ok(connection.pragma_query_value(None, "application_id", |row| row.get(0))?)
}

/// The numbers of the steps applied, if all of them are known.
fn check(connection: &Connection, steps: &[Migration]) -> Result<Vec<u32>, OpenError> {
    let mut statement =
        connection.prepare("SELECT number, name, checksum FROM migrations ORDER BY number")?;
    let applied = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let applied = applied.collect::<rusqlite::Result<Vec<(u32, String, u32)>>>()?;
    for (number, name, checksum) in &applied {
        let Some(step) = steps.iter().find(|step| step.number == *number) else {
            let known = steps.last().map_or(0, |step| step.number);
            return Err(OpenError::Newer { found: *number, name: name.clone(), known });
        };
        if step.checksum() != *checksum {
            return Err(OpenError::Differs { number: *number, name: name.clone() });
        }
    }
    Ok(applied.into_iter().map(|(number, ..)| number).collect())
}

fn apply_step(transaction: &Transaction<'_>, step: &Migration) -> Result<(), OpenError> {
    let failed = |error| OpenError::Migration { number: step.number, name: step.name.to_owned(), error };
    transaction.execute_batch(step.sql).map_err(failed)?;
    let row = params![step.number, step.name, step.checksum()];
    transaction
        .execute("INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)", row)
        .map_err(failed)?;
    Ok(())
}
