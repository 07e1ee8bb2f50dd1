//! The statements of a commit. Each does one kind of thing for all people at once, from arrays.
//! Deliberately absent: running them, and what comes of it (see `apply`).

use std::borrow::Cow;

use dayline_app::ports::{LedgerCommit, Position};
use dayline_domain::UtcDay;
use tokio_postgres::types::Type;

use super::columns::{Columns, DayColumns, DeadColumns, PieceColumns, TableColumns};
use crate::db::{Param, Statement};
use crate::values::{Day, Timestamp, bits};

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
    /// The first and the last day, and the instants around them: constants that let the planner leave out all
    /// other months.
    days: (Day, Day),
    times: (Timestamp, Timestamp),
}

impl<'a> Values<'a> {
    pub(super) fn of(commit: &'a LedgerCommit) -> Self {
        let (from, to) = (commit.from, commit.to);
        let days = || commit.changes.iter().map(|(_, change)| change.day);
        let (first, last) = (days().min().unwrap_or(UtcDay(0)), days().max().unwrap_or(UtcDay(0)));
        Self {
            columns: Columns::of(commit),
            partition: i64::from(commit.partition.0),
            at_start: from == Position::START,
            position: [bits(from.major), bits(from.minor), bits(to.major), bits(to.minor)],
            at: Timestamp(commit.at),
            days: (Day(first), Day(last)),
            times: (Timestamp(first.start()), Timestamp(last.interval().end())),
        }
    }

    /// The statements, in the order in which they are judged and in which no two counted pieces ever overlap.
    /// Letters and new days come before changed days: they lock their people, as deleting a person does first.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = vec![self.move_position()];
        parts.extend(self.bury(&self.columns.dead));
        parts.extend(self.make_days(&self.columns.new_days));
        parts.extend(self.change_days(&self.columns.changed_days));
        let tables = [("app_usage", &self.columns.counted), ("outranked_usage", &self.columns.outranked)];
        for (table, TableColumns { removed, resized, added }) in tables {
            parts.extend(self.remove(table, removed));
            parts.extend(self.resize(table, resized));
            parts.extend(add(table, added));
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

    fn make_days<'s>(&'s self, days: &'s DayColumns) -> Option<Part<'s>> {
        const SQL: &str = "INSERT INTO ledger_days (user_id, day, version, changed_at, sums, sums_version)
SELECT users.id, new.day, new.version, $5, new.sums, new.version
FROM unnest($1, $2, $3, $4) AS new (uuid, day, version, sums) JOIN users USING (uuid)
FOR KEY SHARE OF users
ON CONFLICT (user_id, day) DO NOTHING";
        let mut params = days.created();
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(SQL, params, days.len(), Short::Stale))
    }

    fn change_days<'s>(&'s self, days: &'s DayColumns) -> Option<Part<'s>> {
        const SQL: &str = "UPDATE ledger_days AS stored
SET version = new.version, changed_at = $8, sums = new.sums, sums_version = new.version
FROM unnest($1, $2, $3, $4, $5) AS new (uuid, day, version, sums, from_version) JOIN users USING (uuid)
WHERE stored.user_id = users.id AND stored.day = new.day AND stored.version = new.from_version
  AND stored.day >= $6 AND stored.day <= $7";
        let mut params = days.changed();
        params.push((&self.days.0, Type::DATE));
        params.push((&self.days.1, Type::DATE));
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(SQL, params, days.len(), Short::Stale))
    }

    fn remove<'s>(&'s self, table: &str, pieces: &'s PieceColumns<'_>) -> Option<Part<'s>> {
        let sql = format!(
            "DELETE FROM {table} AS stored
USING unnest($3, $4, $5, $6, $7, $8) AS old (uuid, start_time, end_time, device_id, app_name, domain)
  JOIN users USING (uuid)
WHERE {SAME}"
        );
        let params = self.bounded(pieces.pieces());
        (pieces.len() > 0).then(|| part(sql, params, pieces.len(), Short::Rejected))
    }

    fn resize<'s>(&'s self, table: &str, pieces: &'s PieceColumns<'_>) -> Option<Part<'s>> {
        let sql = format!(
            "UPDATE {table} AS stored SET end_time = old.new_end
FROM unnest($3, $4, $5, $6, $7, $8, $9)
  AS old (uuid, start_time, end_time, device_id, app_name, domain, new_end)
  JOIN users USING (uuid)
WHERE {SAME}"
        );
        let params = self.bounded(pieces.resized());
        (pieces.len() > 0).then(|| part(sql, params, pieces.len(), Short::Rejected))
    }

    /// Puts the bounds in front of the parameters.
    fn bounded<'s>(&'s self, pieces: Vec<Param<'s>>) -> Vec<Param<'s>> {
        let mut params: Vec<Param<'_>> =
            vec![(&self.times.0, Type::TIMESTAMPTZ), (&self.times.1, Type::TIMESTAMPTZ)];
        params.extend(pieces);
        params
    }
}

/// The stored piece is the old one, in all it has.
const SAME: &str =
    "stored.user_id = users.id AND stored.start_time = old.start_time AND stored.end_time = old.end_time
  AND stored.device_id = old.device_id AND stored.app_name = old.app_name
  AND stored.domain IS NOT DISTINCT FROM old.domain
  AND stored.start_time >= $1 AND stored.start_time < $2";

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
