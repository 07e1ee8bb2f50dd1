//! The statements of a commit. Each does one kind of thing for all people in a month at once, from
//! arrays. Not here: running them, and what comes of it (see `apply`).
//!
//! They name the month's own tables and not their parents. To leave out all other months the
//! planner would need bounds on the day, and of today's rows its statistics know nothing yet: it
//! then believes that there are hardly any, and reads all of the month for each changed row.

use dayline_app::ports::{LedgerCommit, Position};
use dayline_domain::raw_event;
use tokio_postgres::types::Type;

use super::adopt::Adopted;
use super::columns::{Columns, DayColumns, HourColumns, PieceColumns, TailColumns};
use super::letters::{CorrectionColumns, DeadColumns};
use super::part::{Part, Short, part};
use crate::db::Param;
use crate::month_tables::sql::{DAYS, OBSERVATIONS, PIECES};
use crate::months::Month;
use crate::rule_edition;
use crate::values::{Timestamp, bits};

/// What else a commit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// It moves the position of a partition.
    Position,
    /// Nothing: it is an operator's.
    Nothing,
}

/// What the statements of a commit refer to, whoever its days belong to.
pub(super) struct Values<'a> {
    dead: DeadColumns<'a>,
    corrections: CorrectionColumns<'a>,
    moves: Moves,
    partition: i64,
    at_start: bool,
    /// Major and minor, before and after.
    position: [i64; 4],
    at: Timestamp,
}

impl<'a> Values<'a> {
    pub(super) fn of(commit: &'a LedgerCommit, moves: Moves) -> Self {
        let (from, to) = (commit.from, commit.to);
        Self {
            dead: DeadColumns::of(commit),
            corrections: CorrectionColumns::of(commit),
            moves,
            partition: i64::from(commit.partition.0),
            at_start: from == Position::START,
            position: [bits(from.major), bits(from.minor), bits(to.major), bits(to.minor)],
            at: Timestamp(commit.at),
        }
    }

    /// The statements, in the order in which they are judged and in which no two counted pieces
    /// ever overlap. Letters, corrections and new days come before changed days: they lock their
    /// people, as deleting a person does first.
    pub(super) fn parts<'s>(&'s self, columns: &'s Columns, adopted: &'s Adopted) -> Vec<Part<'s>> {
        let months = || columns.months.iter();
        let mut parts = vec![Part { statement: rule_edition::is_ours(), rows: 1, short: Short::OtherRule }];
        parts.extend(self.move_position());
        parts.extend(self.bury());
        parts.extend(self.correct());
        parts.extend(self.forget_erased());
        parts.extend(self.erase_events());
        parts.extend(months().filter_map(|(month, columns)| self.make_days(*month, &columns.new_days)));
        parts.extend(months().filter_map(|(month, columns)| self.change_days(*month, &columns.changed_days)));
        if columns.names.len() > 0 {
            parts.push(Part { statement: columns.names.put(), rows: 0, short: Short::Fine });
            let rows = columns.names.len();
            parts.push(Part { statement: columns.names.look(), rows, short: Short::Names });
        }
        parts.extend(adopted.parts());
        for (month, columns) in months() {
            let (pieces, hours) = (month.table(PIECES.name), month.table(OBSERVATIONS.name));
            let of_month = [
                remove(&pieces, &columns.removed),
                resize(&pieces, &columns.resized),
                add(&pieces, &columns.added),
                check_tails(&pieces, &columns.tails),
                empty_hours(&hours, &columns.emptied),
                observe(&hours, &columns.observed),
            ];
            parts.extend(of_month.into_iter().flatten());
        }
        parts
    }

    /// The compare-and-set that is commit point and fence. At the start there may be no row yet.
    fn move_position(&self) -> Option<Part<'_>> {
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
        let sql = if self.at_start { FIRST } else { LATER };
        (self.moves == Moves::Position).then(|| part(sql, params, 1, Short::Fenced))
    }

    /// Letters of people who are gone are forgotten.
    fn bury(&self) -> Option<Part<'_>> {
        const SQL: &str = "INSERT INTO dead_pings (user_uuid, reason, record, at, partition, major, minor)
SELECT user_uuid, reason, record, $4, $5, $6, $7
FROM unnest($1, $2, $3) WITH ORDINALITY AS letter (user_uuid, reason, record, number)
WHERE user_uuid IS NULL OR EXISTS (SELECT FROM users WHERE uuid = user_uuid FOR KEY SHARE)
ORDER BY number";
        let mut params = self.dead.letters();
        params.push((&self.at, Type::TIMESTAMPTZ));
        params.push((&self.partition, Type::INT8));
        params.push((&self.position[2], Type::INT8));
        params.push((&self.position[3], Type::INT8));
        (self.dead.len() > 0).then(|| part(SQL, params, self.dead.len(), Short::Fine))
    }

    /// Of each id the greatest version; an erasure takes the place of any entry and is final. Those
    /// of people who are gone are forgotten. People stay locked, since names may be taken from them afterwards.
    fn correct(&self) -> Option<Part<'_>> {
        const SQL: &str = "WITH of AS (
  SELECT users.id, new.* FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    AS new (uuid, correction, version, start_time, end_time, device_id, app_name, domain, project, language)
  JOIN users USING (uuid) ORDER BY users.id FOR NO KEY UPDATE OF users
), counted AS (
  UPDATE users SET correction_version = latest.version
  FROM (SELECT id, max(version) AS version FROM of GROUP BY id) AS latest
  WHERE users.id = latest.id AND users.correction_version < latest.version
)
INSERT INTO corrections AS stored
  (user_id, id, version, start_time, end_time, device_id, app_name, domain, project, language)
SELECT id, correction, version, start_time, end_time, device_id, app_name, domain, project, language FROM of
ON CONFLICT (user_id, id) DO UPDATE SET version = excluded.version,
  start_time = excluded.start_time, end_time = excluded.end_time, device_id = excluded.device_id,
  app_name = excluded.app_name, domain = excluded.domain, project = excluded.project, language = excluded.language
WHERE (stored.start_time IS NULL OR stored.app_name IS NOT NULL)
  AND (stored.version < excluded.version OR excluded.start_time IS NOT NULL AND excluded.app_name IS NULL)";
        let rows = self.corrections.len();
        (rows > 0).then(|| part(SQL, self.corrections.corrections(), rows, Short::Fine))
    }

    /// Of entries that newer erasures cover wholly only the version is kept. The corrections of the
    /// commit are there by now: what they meet is looked at, themselves among it.
    fn forget_erased(&self) -> Option<Part<'_>> {
        const SQL: &str = "WITH told AS (
  SELECT stored.user_id, stored.start_time, stored.end_time FROM unnest($1, $2) AS new (uuid, correction)
  JOIN users USING (uuid) JOIN corrections AS stored ON stored.user_id = users.id AND stored.id = new.correction
  WHERE stored.start_time IS NOT NULL
)
UPDATE corrections AS entry SET start_time = NULL, end_time = NULL, device_id = NULL, app_name = NULL,
  domain = NULL, project = NULL, language = NULL
FROM told
WHERE entry.user_id = told.user_id AND entry.app_name IS NOT NULL
  AND entry.start_time < told.end_time AND entry.end_time > told.start_time
  AND (
    SELECT range_agg(tstzrange(start_time, end_time)) FROM corrections AS erasure
    WHERE user_id = entry.user_id AND app_name IS NULL AND version > entry.version
      AND start_time < entry.end_time AND end_time > entry.start_time
  ) @> tstzrange(entry.start_time, entry.end_time)";
        let keys = self.corrections.keys();
        (self.corrections.len() > 0).then(|| part(SQL, keys, 0, Short::Fine))
    }

    /// What trackers sent goes with what is erased. The lock on the totals comes first, as where it is kept.
    fn erase_events(&self) -> Option<Part<'_>> {
        const SQL: &str = "WITH told AS (
  SELECT stored.user_id, stored.start_time, stored.end_time FROM unnest($1, $2) AS new (uuid, correction)
  JOIN users USING (uuid) JOIN corrections AS stored ON stored.user_id = users.id AND stored.id = new.correction
  WHERE stored.start_time IS NOT NULL AND stored.app_name IS NULL
), held AS MATERIALIZED (
  SELECT user_id FROM raw_totals WHERE user_id IN (SELECT user_id FROM told) ORDER BY user_id FOR UPDATE
), gone AS (
  DELETE FROM raw_events AS event USING told JOIN held USING (user_id)
  WHERE event.user_id = told.user_id
    AND event.ended_at BETWEEN told.start_time AND told.end_time + $3 * interval '1 millisecond'
    AND event.started_at < told.end_time
    AND (event.ended_at > told.start_time OR event.started_at >= told.start_time)
  RETURNING event.user_id, octet_length(event.data) + $4 AS bytes
)
UPDATE raw_totals SET bytes = raw_totals.bytes - freed.bytes
FROM (SELECT user_id, sum(bytes)::bigint AS bytes FROM gone GROUP BY user_id) AS freed
WHERE raw_totals.user_id = freed.user_id";
        const OVERHEAD: i64 = raw_event::OVERHEAD as i64;
        let mut params = self.corrections.keys();
        params.push((&raw_event::LONGEST_MS, Type::INT8));
        params.push((&OVERHEAD, Type::INT8));
        (self.corrections.len() > 0).then(|| part(SQL, params, 0, Short::Fine))
    }

    fn make_days<'s>(&'s self, month: Month, days: &'s DayColumns) -> Option<Part<'s>> {
        let sql = format!(
            "INSERT INTO {} (user_id, day, version, changed_at, sums_version, mark, tail_start, tail_end,
  tail_source, edition, beat_hold_minutes, audible_counts, merges, recent, sums)
SELECT users.id, new.day, new.version, $15, CASE WHEN new.sums IS NOT NULL THEN new.version END, new.mark,
  new.tail_start, new.tail_end, new.tail_source, 2, new.beat_hold, new.audible, new.merges, new.recent, new.sums
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
  AS new (uuid, person, epoch, day, version, mark, tail_start, tail_end, tail_source, beat_hold, audible, merges, recent,
    sums)
  JOIN users USING (uuid)
WHERE users.id = new.person AND users.names_epoch = new.epoch
FOR KEY SHARE OF users
ON CONFLICT (user_id, day) DO NOTHING",
            month.table(DAYS.name)
        );
        let mut params = days.created();
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(sql, params, days.len(), Short::Days))
    }

    fn change_days<'s>(&'s self, month: Month, days: &'s DayColumns) -> Option<Part<'s>> {
        let sql = format!(
            "UPDATE {} AS stored SET version = new.version, changed_at = $17,
  sums_version = CASE WHEN new.sums IS NULL THEN stored.sums_version ELSE new.version END, mark = new.mark,
  tail_start = new.tail_start, tail_end = new.tail_end, tail_source = new.tail_source, edition = 2,
  beat_hold_minutes = new.beat_hold, audible_counts = new.audible, merges = new.merges, recent = new.recent,
  sums = coalesce(new.sums, stored.sums)
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
  AS new (uuid, person, epoch, day, version, mark, tail_start, tail_end, tail_source, beat_hold, audible, merges, recent,
    sums, from_version, adopted)
  JOIN users USING (uuid)
WHERE users.id = new.person AND users.names_epoch = new.epoch
  AND stored.user_id = users.id AND stored.day = new.day AND stored.version = new.from_version
  AND (stored.edition = 2 OR new.adopted)",
            month.table(DAYS.name)
        );
        let mut params = days.changed();
        params.push((&self.at, Type::TIMESTAMPTZ));
        (days.len() > 0).then(|| part(sql, params, days.len(), Short::Days))
    }
}

/// The stored piece is the old one, in all it has.
///
/// The person is compared as one of an array, which only the primary key can look up. A plain
/// comparison may be looked up in the index of the exclusion constraint while statistics believe
/// the month to be nearly empty; changes that were looked up so were seen to miss rows that are
/// there (PostgreSQL 15.18). Likely, but not shown: a scan of such an index that begins anew before
/// it has ended, as the inner side of a unique join does, marks living entries as dead.
const SAME: &str = "stored.user_id = ANY (ARRAY[old.person]) AND stored.start_time = old.start_time
  AND stored.end_time = old.end_time AND stored.source = old.source";

fn remove<'s>(table: &str, pieces: &'s PieceColumns) -> Option<Part<'s>> {
    let sql = format!(
        "DELETE FROM {table} AS stored
USING unnest($1, $2, $3, $4) AS old (person, start_time, end_time, source)
WHERE {SAME}"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.pieces(), pieces.len(), Short::Pieces))
}

fn resize<'s>(table: &str, pieces: &'s PieceColumns) -> Option<Part<'s>> {
    let sql = format!(
        "UPDATE {table} AS stored SET end_time = old.new_end
FROM unnest($1, $2, $3, $4, $5) AS old (person, start_time, end_time, source, new_end)
WHERE {SAME}"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.resized(), pieces.len(), Short::Pieces))
}

fn add<'s>(table: &str, pieces: &'s PieceColumns) -> Option<Part<'s>> {
    let sql = format!(
        "INSERT INTO {table} (user_id, start_time, end_time, source)
SELECT * FROM unnest($1, $2, $3, $4)"
    );
    (pieces.len() > 0).then(|| part(sql, pieces.pieces(), pieces.len(), Short::Pieces))
}

/// Gives the tails before which the day's last row has not ended: there must be none. The row before
/// the end of a day is looked for by whole keys, which only the primary key can do.
fn check_tails<'s>(table: &str, tails: &'s TailColumns) -> Option<Part<'s>> {
    let sql = format!(
        "SELECT FROM unnest($1, $2, $3) AS tail (person, start_time, day_end)
CROSS JOIN LATERAL (
  SELECT user_id, end_time FROM {table} AS stored
  WHERE (stored.user_id, stored.start_time) < (tail.person, tail.day_end)
  ORDER BY user_id DESC, start_time DESC LIMIT 1
) AS last
WHERE last.user_id = tail.person AND last.end_time > tail.start_time"
    );
    (tails.len() > 0).then(|| part(sql, tails.tails(), 0, Short::Pieces))
}

fn empty_hours<'s>(table: &str, hours: &'s HourColumns) -> Option<Part<'s>> {
    let sql = format!(
        "DELETE FROM {table} AS stored USING unnest($1, $2, $3) AS old (person, day, hour)
WHERE stored.user_id = old.person AND stored.day = old.day AND stored.hour = old.hour"
    );
    (hours.len() > 0).then(|| part(sql, hours.hours(), 0, Short::Fine))
}

fn observe<'s>(table: &str, hours: &'s HourColumns) -> Option<Part<'s>> {
    let sql = format!(
        "INSERT INTO {table} (user_id, day, hour, bytes) SELECT * FROM unnest($1, $2, $3, $4)
ON CONFLICT (user_id, day, hour) DO UPDATE SET bytes = excluded.bytes"
    );
    (hours.len() > 0).then(|| part(sql, hours.observed(), hours.len(), Short::Fine))
}
