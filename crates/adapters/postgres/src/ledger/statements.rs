//! The statements of a commit. Each does one kind of thing for all people in a month at once, from
//! arrays. Not here: running them, and what comes of it (see `apply`).
//!
//! They name the month's own tables and not their parents. To leave out all other months the
//! planner would need bounds on the day, and of today's rows its statistics know nothing yet: it
//! then believes that there are hardly any, and reads all of the month for each changed row.

use std::borrow::Cow;

use dayline_app::ports::{LedgerCommit, PortError, Position};
use tokio_postgres::types::Type;

use super::columns::{Columns, DayColumns, DeadColumns, MonthColumns, PieceColumns, TableColumns};
use crate::db::{Param, Statement};
use crate::months::Month;
use crate::values::{Timestamp, bits};

/// What it means if a statement changes fewer rows than it should.
#[derive(Debug, Clone, Copy)]
pub(super) enum Short {
    /// Somebody else has moved the position.
    Fenced,
    /// A day is not as the change wants it, or its person is gone.
    Stale,
    /// A piece is not there.
    Rejected,
    /// A letter's person is gone, which is fine.
    Forgotten,
}

/// A statement and how many rows it should change.
pub(super) struct Part<'a> {
    pub(super) statement: Statement<'a>,
    pub(super) rows: usize,
    pub(super) short: Short,
}

/// What the statements of a commit refer to.
pub(super) struct Values<'a> {
    columns: Columns<'a>,
    partition: i64,
    at_start: bool,
    /// Major and minor, before and after.
    position: [i64; 4],
    at: Timestamp,
}

impl<'a> Values<'a> {
    pub(super) fn of(commit: &'a LedgerCommit) -> Result<Self, PortError> {
        let (from, to) = (commit.from, commit.to);
        Ok(Self {
            columns: Columns::of(commit)?,
            partition: i64::from(commit.partition.0),
            at_start: from == Position::START,
            position: [bits(from.major), bits(from.minor), bits(to.major), bits(to.minor)],
            at: Timestamp(commit.at),
        })
    }

    /// The months whose tables are written to.
    pub(super) fn months(&self) -> impl Iterator<Item = Month> {
        self.columns.months.keys().copied()
    }

    /// The statements, in the order in which they are judged and in which no two counted pieces
    /// ever overlap. Letters and new days come before changed days: they lock their people, as
    /// deleting a person does first.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let months = &self.columns.months;
        let mut parts = vec![self.move_position()];
        parts.extend(self.bury(&self.columns.dead));
        parts.extend(months.iter().filter_map(|(month, columns)| self.make_days(*month, &columns.new_days)));
        parts.extend(
            months.iter().filter_map(|(month, columns)| self.change_days(*month, &columns.changed_days)),
        );
        for (month, MonthColumns { counted, outranked, .. }) in months {
            for (parent, TableColumns { removed, resized, added }) in
                [("app_usage", counted), ("outranked_usage", outranked)]
            {
                let table = month.table(parent);
                parts.extend(
                    [remove(&table, removed), resize(&table, resized), add(&table, added)]
                        .into_iter()
                        .flatten(),
                );
            }
        }
        parts
    }

    /// The compare-and-set that is commit point and fence. At the start there may be no row yet.
    fn move_position(&self) -> Part<'_> {
        const FIRST: &str =
            "INSERT INTO log_positions AS stored (partition, major, minor) VALUES ($1, $4, $5)
ON CONFLICT (partition) DO UPDATE SET major = $4, minor = $5
WHERE stored.major = $2 AND stored.minor = $3";
        const LATER: &str = "UPDATE log_positions SET major = $4, minor = $5
WHERE partition = $1 AND major = $2 AND minor = $3";
        let mut params: Vec<Param<'_>> = vec![(&self.partition, Type::INT8)];
        for number in &self.position {
            params.push((number, Type::INT8));
        }
        part(if self.at_start { FIRST } else { LATER }, params, 1, Short::Fenced)
    }

    /// Letters of people who are gone are forgotten.
    fn bury<'s>(&'s self, dead: &'s DeadColumns<'_>) -> Option<Part<'s>> {
        const SQL: &str = "INSERT INTO dead_pings (user_uuid, reason, record, at, partition, major, minor)
SELECT user_uuid, reason, record, $4, $5, $6, $7
FROM unnest($1, $2, $3) WITH ORDINALITY AS letter (user_uuid, reason, record, number)
WHERE user_uuid IS NULL OR EXISTS (SELECT FROM users WHERE uuid = user_uuid FOR KEY SHARE)
ORDER BY number";
        let mut params = dead.letters();
        params.push((&self.at, Type::TIMESTAMPTZ));
        params.push((&self.partition, Type::INT8));
        params.push((&self.position[2], Type::INT8));
        params.push((&self.position[3], Type::INT8));
        (dead.len() > 0).then(|| part(SQL, params, dead.len(), Short::Forgotten))
    }

    fn make_days<'s>(&'s self, month: Month, days: &'s DayColumns) -> Option<Part<'s>> {
        let sql = format!(
            "INSERT INTO {} (user_id, day, version, changed_at, sums, sums_version)
SELECT users.id, new.day, new.version, $5, new.sums, new.version
FROM unnest($1, $2, $3, $4) AS new (uuid, day, version, sums) JOIN users USING (uuid)
FOR KEY SHARE OF users
ON CONFLICT (user_id, day) DO NOTHING",
            month.table("ledger_days")
        );
        let mut params = days.created();
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(sql, params, days.len(), Short::Stale))
    }

    fn change_days<'s>(&'s self, month: Month, days: &'s DayColumns) -> Option<Part<'s>> {
        let sql = format!(
            "UPDATE {} AS stored
SET version = new.version, changed_at = $6, sums = new.sums, sums_version = new.version
FROM unnest($1, $2, $3, $4, $5) AS new (uuid, day, version, sums, from_version) JOIN users USING (uuid)
WHERE stored.user_id = users.id AND stored.day = new.day AND stored.version = new.from_version",
            month.table("ledger_days")
        );
        let mut params = days.changed();
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(sql, params, days.len(), Short::Stale))
    }
}

/// The stored piece is the old one, in all it has.
///
/// The person is compared as one of an array, which only the primary key can look up. A plain
/// comparison may be looked up in the index of the exclusion constraint while statistics believe
/// the month to be nearly empty; changes that were looked up so were seen to miss rows that are
/// there (PostgreSQL 15.18). Likely, but not shown: a scan of such an index that begins anew before
/// it has ended, as the inner side of a unique join does, marks living entries as dead.
const SAME: &str =
    "stored.user_id = ANY (ARRAY[users.id]) AND stored.start_time = old.start_time AND stored.end_time = old.end_time
  AND stored.device_id = old.device_id AND stored.app_name = old.app_name
  AND stored.domain IS NOT DISTINCT FROM old.domain";

fn remove<'s>(table: &str, pieces: &'s PieceColumns<'_>) -> Option<Part<'s>> {
    let sql = format!(
        "DELETE FROM {table} AS stored
USING unnest($1, $2, $3, $4, $5, $6) AS old (uuid, start_time, end_time, device_id, app_name, domain)
  JOIN users USING (uuid)
WHERE {SAME}"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.pieces(), pieces.len(), Short::Rejected))
}

fn resize<'s>(table: &str, pieces: &'s PieceColumns<'_>) -> Option<Part<'s>> {
    let sql = format!(
        "UPDATE {table} AS stored SET end_time = old.new_end
FROM unnest($1, $2, $3, $4, $5, $6, $7)
  AS old (uuid, start_time, end_time, device_id, app_name, domain, new_end)
  JOIN users USING (uuid)
WHERE {SAME}"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.resized(), pieces.len(), Short::Rejected))
}

fn add<'s>(table: &str, pieces: &'s PieceColumns<'_>) -> Option<Part<'s>> {
    let sql = format!(
        "INSERT INTO {table} (user_id, start_time, end_time, device_id, app_name, domain)
SELECT users.id, start_time, end_time, device_id, app_name, domain
FROM unnest($1, $2, $3, $4, $5, $6) AS new (uuid, start_time, end_time, device_id, app_name, domain)
  JOIN users USING (uuid)"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.pieces(), pieces.len(), Short::Rejected))
}

fn part(sql: impl Into<Cow<'static, str>>, params: Vec<Param<'_>>, rows: usize, short: Short) -> Part<'_> {
    Part { statement: Statement { sql: sql.into(), params }, rows, short }
}
