//! The schema's versions: files embedded in the program, each applied once, in one transaction,
//! with a checksum kept. Not here: ways back. Files only add, so that processes of the version
//! before keep serving; the one that can't says so and refuses them.

use std::borrow::Cow;

use dayline_app::ports::PortError;
use sha2::{Digest, Sha256};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{ConnectionPool, Transaction};
use crate::error::corrupt;
use crate::rule_edition;
use crate::values::column;

struct Migration {
    name: &'static str,
    sql: &'static str,
    /// The oldest program, by the number of migrations it knows, that may still write after this
    /// one. Stays at the one before as long as a migration only adds.
    oldest_writer: i64,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "foundation",
        sql: include_str!("../migrations/0001_foundation.sql"),
        oldest_writer: 1,
    },
    Migration {
        name: "report_jobs",
        sql: include_str!("../migrations/0002_report_jobs.sql"),
        oldest_writer: 1,
    },
    // A program of the version before goes on writing, but can't make months, which it has made
    // some ahead.
    Migration {
        name: "covered_reports",
        sql: include_str!("../migrations/0003_covered_reports.sql"),
        oldest_writer: 2,
    },
    Migration { name: "day_sums", sql: include_str!("../migrations/0004_day_sums.sql"), oldest_writer: 2 },
    Migration {
        name: "approving_session",
        sql: include_str!("../migrations/0005_approving_session.sql"),
        oldest_writer: 2,
    },
    // A program of the version before would keep pieces, and forget what was observed.
    Migration {
        name: "what_was_observed",
        sql: include_str!("../migrations/0006_what_was_observed.sql"),
        oldest_writer: 6,
    },
    // A program of the version before would make reports of everything where they were asked for of some.
    Migration {
        name: "filtered_reports",
        sql: include_str!("../migrations/0007_filtered_reports.sql"),
        oldest_writer: 7,
    },
    Migration {
        name: "rule_edition",
        sql: include_str!("../migrations/0008_rule_edition.sql"),
        oldest_writer: 7,
    },
    Migration {
        name: "device_names",
        sql: include_str!("../migrations/0009_device_names.sql"),
        oldest_writer: 7,
    },
    // A program of the version before would count a merged device as one of its own.
    Migration { name: "merges", sql: include_str!("../migrations/0010_merges.sql"), oldest_writer: 10 },
    // A program of the version before would let people in who are disabled: nobody is before all are new.
    Migration {
        name: "people_let_in",
        sql: include_str!("../migrations/0011_people_let_in.sql"),
        oldest_writer: 10,
    },
    Migration { name: "labels", sql: include_str!("../migrations/0012_labels.sql"), oldest_writer: 10 },
    Migration { name: "buckets", sql: include_str!("../migrations/0013_buckets.sql"), oldest_writer: 10 },
    // What a program of the version before brings back, the next clean-up removes.
    Migration { name: "retention", sql: include_str!("../migrations/0014_retention.sql"), oldest_writer: 10 },
    Migration {
        name: "raw_events",
        sql: include_str!("../migrations/0015_raw_events.sql"),
        oldest_writer: 10,
    },
];

/// What this program knows: the number of its last migration.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// One file that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStep {
    /// Its number, from 1.
    pub version: u32,
    /// Says what the step is for: the file's name without its number.
    pub name: &'static str,
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The files applied now; empty if there was nothing to do.
    pub applied: Vec<MigrationStep>,
}

/// One of this program's files, and whether it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// One of those that this program has.
    pub step: MigrationStep,
    /// Whether the schema has it.
    pub applied: bool,
}

/// "DAYL": the lock that makes migrations wait for each other. It belongs to the transaction, not
/// the session.
const LOCK: i64 = 0x4441_594C;

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version       bigint PRIMARY KEY,
    name          text NOT NULL,
    checksum      text NOT NULL,
    -- Programs that know fewer migrations than this must not write.
    oldest_writer bigint NOT NULL,
    applied_at    timestamptz NOT NULL DEFAULT now()
)";

/// Applies what is missing.
pub(crate) async fn migrate(pool: &ConnectionPool) -> Result<Migrated, PortError> {
    let mut applied = Vec::new();
    for (version, migration) in (1u32..).zip(MIGRATIONS) {
        let mut transaction = pool.begin().await?;
        let outcome = apply(&mut transaction, i64::from(version), migration).await;
        match outcome {
            Ok(true) => {
                transaction.commit().await?;
                applied.push(MigrationStep { version, name: migration.name });
            }
            Ok(false) => transaction.roll_back().await,
            Err(error) => {
                transaction.roll_back().await;
                return Err(error);
            }
        }
    }
    judge(&history(pool).await?)?;
    let mut transaction = pool.begin().await?;
    let raised = rule_edition::raise(&mut transaction).await;
    transaction.finish(raised).await?;
    rule_edition::judge(pool).await??;
    Ok(Migrated { applied })
}

/// Applies one migration unless it was applied already.
async fn apply(
    transaction: &mut Transaction,
    version: i64,
    migration: &Migration,
) -> Result<bool, PortError> {
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[(&LOCK, Type::INT8)]).await?;
    // The next statement sees what whoever held the lock before has committed.
    transaction.run(HISTORY).await?;
    let known = transaction
        .query("SELECT 1 FROM schema_migrations WHERE version >= $1", &[(&version, Type::INT8)])
        .await?;
    if !known.is_empty() {
        return Ok(false);
    }
    transaction.run(migration.sql).await?;
    let checksum = checksum(migration.sql);
    transaction
        .execute(
            "INSERT INTO schema_migrations (version, name, checksum, oldest_writer) VALUES ($1, $2, $3, $4)",
            &[
                (&version, Type::INT8),
                (&migration.name, Type::TEXT),
                (&checksum, Type::TEXT),
                (&migration.oldest_writer, Type::INT8),
            ],
        )
        .await?;
    Ok(true)
}

/// What of this program's files the schema has.
pub(crate) async fn states(pool: &ConnectionPool) -> Result<Vec<MigrationState>, PortError> {
    let mut version = 0;
    if let Some(last) = history(pool).await?.last() {
        version = column::<i64>(last, "version")?;
    }
    let state = |(number, migration): (u32, &Migration)| MigrationState {
        step: MigrationStep { version: number, name: migration.name },
        applied: i64::from(number) <= version,
    };
    Ok((1u32..).zip(MIGRATIONS).map(state).collect())
}

/// What was applied, the earliest first.
pub(crate) async fn history(pool: &ConnectionPool) -> Result<Vec<Row>, PortError> {
    const SQL: &str = "SELECT version, checksum, oldest_writer FROM schema_migrations ORDER BY version";
    let exists = pool.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS there", &[]).await?;
    match exists.first().map(|row| column::<bool>(row, "there")).transpose()? {
        Some(true) => pool.query(SQL, &[]).await,
        _ => Ok(Vec::new()),
    }
}

/// Whether this program may write a schema to which this was applied.
pub(crate) fn judge(history: &[Row]) -> Result<(), PortError> {
    let mut version = 0;
    for row in history {
        version = column::<i64>(row, "version")?;
        let oldest_writer = column::<i64>(row, "oldest_writer")?;
        if oldest_writer > KNOWN {
            return Err(PortError::Unavailable(format!(
                "the schema is at version {version} and can only be written by programs that know version \
                 {oldest_writer}; this one knows {KNOWN}: use a newer program"
            )));
        }
        let ours = usize::try_from(version - 1).ok().and_then(|at| MIGRATIONS.get(at));
        if ours.is_some_and(|ours| column::<&str>(row, "checksum") != Ok(&checksum(ours.sql))) {
            return Err(corrupt("schema", format!("migration {version} is not the one this program has")));
        }
    }
    if version < KNOWN {
        return Err(PortError::Unavailable(format!(
            "the schema is at version {version}, this program needs {KNOWN}: run `dayline migrate`"
        )));
    }
    Ok(())
}

fn checksum(sql: &str) -> Cow<'static, str> {
    let digest = Sha256::digest(sql.as_bytes());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(u32::from(nibble), 16));
            }
            hex
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_never_change() {
        // With each migration a line is added here, and none is ever edited.
        let released = [
            "27808bcabee2e33388519cc608eb5a09597908970470457f779bf7f851504842",
            "835d4fd9c4da7d47dcb620f4587c1cf8dcddac4250157e8752b76fe4814d0439",
            "200df343c760ad35075c32ed696fd511283711f018aa6cbd1170ccdbfd09d854",
            "77eeb8baceb1be57711a74328b1247a99462d7ccd8db2dee7d9be6b70c75b6e9",
            "19ec24b02a74d97c9f906b0c672dd1ff20caefdd5243ffbe181ab21e1773e525",
            "8798025c03c1443c7ca954c8145baf7b99a4efa19acfd63212526ee4764bfb07",
            "daca87acdb38a7264c73618dd73dfc468eb3d9f977a587cad3bbc023fe4e4f6c",
            "cfd4d0763116174d72ecf9d908f3a4a382eeba80f18faceed84e4f4959aee45a",
            "53421142d228db6e91023495629279fb1dc1b6eb64e1735e404d996f968fa763",
            "8e553b4608d777f13e762ad1d376f465acfef2f8c9cdbe5e9ea26319943d4c23",
            "4b2d24a3cdc87710cfe7e13e4cc396a597f779c210c159f37989c6f801dde1a5",
            "8022489018cb41dc1adb6e93af2ced252979e2d386a2a81aeb55d5f113fc0cc5",
            "1ce7ce65800b875692aa9e536508e06cd605ef44c145486a0a28a92fee537f41",
            "7674101e06c3a7af66b60e55be6861b07a61724d3c9f7490008b019cfa98db08",
            "245bc32b340146efe4c49da21f6e52f809b1a144d7c222d3fd5494080f8dd96f",
        ];
        let now: Vec<_> = MIGRATIONS.iter().map(|migration| checksum(migration.sql)).collect();
        assert_eq!(now, released);
    }

    /// But for those of the rule's second edition: a program of before it keeps pieces and forgets what
    /// was observed, and so it would destroy the state of each day that it writes to. It is refused,
    /// and operators stop it first.
    #[test]
    fn no_migration_locks_out_the_program_before_it_but_those_of_the_rules_second_edition() {
        const SECOND_EDITION: [&str; 3] = ["what_was_observed", "filtered_reports", "merges"];
        for (version, migration) in (1i64..).zip(MIGRATIONS) {
            let is_of_it = SECOND_EDITION.contains(&migration.name);
            let before = if is_of_it { version } else { (version - 1).max(1) };
            assert!(migration.oldest_writer <= before, "{}", migration.name);
        }
    }
}
