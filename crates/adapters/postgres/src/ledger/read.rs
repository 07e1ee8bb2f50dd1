//! Reports: plain ranges over `start_time`, so that the planner reads only the months that can
//! match; versions, sums and pieces from one snapshot.

use std::borrow::Cow;

use dayline_app::ports::{LedgerView, PortError};
use dayline_app::reporting::stored_sums;
use dayline_domain::{DaySums, Interval, Piece, UserId, UtcDay, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::load::piece;
use crate::db::{ConnectionPool, Param, Statement};
use crate::error::corrupt;
use crate::values::{Day, Interned, Timestamp, bits_column, column, uuid};

const VERSIONS: &str = "SELECT day, version FROM ledger_days
WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND day >= $2 AND day <= $3
ORDER BY day";

/// A piece never crosses midnight: what touches the interval starts on its first day or later.
const PIECES: &str = "SELECT start_time, end_time, device_id, app_name, domain FROM TABLE
WHERE user_id = (SELECT id FROM users WHERE uuid = $1)
  AND start_time >= $2 AND start_time < $3 AND end_time > $4";

/// Whether a day is read as sums. Unknown for sums of no version, which is as good as no.
const IS_SUMMED: &str = "(sums IS NOT NULL AND sums_version = version AND day <> ALL ($4))";

const SUMS: &str = "SELECT day, version, CASE WHEN IS_SUMMED THEN sums END AS sums FROM ledger_days
WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND day >= $2 AND day <= $3
ORDER BY day";

/// The pieces of the other days. The sub-select is kept apart by `OFFSET 0`: one index scan for
/// each day.
const PIECES_OF_THE_REST: &str = "SELECT piece.* FROM ledger_days AS rest
CROSS JOIN LATERAL (
  SELECT start_time, end_time, device_id, app_name, domain FROM app_usage
  WHERE user_id = rest.user_id AND start_time >= rest.day::timestamp AT TIME ZONE 'UTC'
    AND start_time < (rest.day + 1)::timestamp AT TIME ZONE 'UTC'
    AND start_time >= $5 AND start_time < $6 AND end_time > $7
  OFFSET 0
) AS piece
WHERE rest.user_id = (SELECT id FROM users WHERE uuid = $1) AND rest.day >= $2 AND rest.day <= $3
  AND IS_SUMMED IS NOT TRUE";

/// What one report reads.
pub(super) struct Report {
    user: Uuid,
    days: (Day, Day),
    first_midnight: Timestamp,
    start: Timestamp,
    end: Timestamp,
    outranked: bool,
}

impl Report {
    pub(super) fn new(user: UserId, interval: Interval, outranked: bool) -> Self {
        let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
        Self {
            user: uuid(user),
            days: (Day(first), Day(last)),
            first_midnight: Timestamp(first.start()),
            start: Timestamp(interval.start()),
            end: Timestamp(interval.end()),
            outranked,
        }
    }

    fn of_versions(&self) -> Statement<'_> {
        let params = vec![
            (&self.user as _, Type::UUID),
            (&self.days.0 as _, Type::DATE),
            (&self.days.1 as _, Type::DATE),
        ];
        Statement { sql: VERSIONS.into(), params }
    }

    fn of_pieces(&self, sql: Cow<'static, str>) -> Statement<'_> {
        let params: Vec<Param<'_>> = vec![
            (&self.user, Type::UUID),
            (&self.first_midnight, Type::TIMESTAMPTZ),
            (&self.end, Type::TIMESTAMPTZ),
            (&self.start, Type::TIMESTAMPTZ),
        ];
        Statement { sql, params }
    }

    pub(super) async fn versions(&self, pool: &ConnectionPool) -> Result<Vec<(UtcDay, u64)>, PortError> {
        let statement = self.of_versions();
        versions(&pool.query(&statement.sql, &statement.params).await?)
    }

    pub(super) async fn read(&self, pool: &ConnectionPool) -> Result<LedgerView, PortError> {
        let mut statements = vec![self.of_versions(), self.of_pieces(pieces_of("app_usage"))];
        if self.outranked {
            statements.push(self.of_pieces(pieces_of("outranked_usage")));
        }
        let answers = pool.snapshot(&statements).await?;
        let [days, counted, outranked @ ..] = answers.as_slice() else {
            return Err(corrupt("read", "not all answers"));
        };
        let mut interned = Interned::default();
        let counted = pieces(counted, &mut interned)?;
        let outranked = outranked.first().map(|rows| pieces(rows, &mut interned)).transpose()?;
        let outranked = outranked.unwrap_or_default();
        Ok(LedgerView { versions: versions(days)?, counted, outranked, sums: Vec::new() })
    }

    /// The same with sums of days instead of their pieces, where there are any and no `cut` forbids
    /// it.
    pub(super) async fn read_sums(
        &self,
        pool: &ConnectionPool,
        cut: &[UtcDay],
    ) -> Result<LedgerView, PortError> {
        let cut: Vec<Day> = cut.iter().copied().map(Day).collect();
        let of_days: Vec<Param<'_>> = [self.of_versions().params, vec![(&cut, Type::DATE_ARRAY)]].concat();
        let times = self.of_pieces(PIECES_OF_THE_REST.into()).params.split_off(1);
        let statements = [
            Statement { sql: summed(SUMS), params: of_days.clone() },
            Statement { sql: summed(PIECES_OF_THE_REST), params: [of_days, times].concat() },
        ];
        let answers = pool.snapshot(&statements).await?;
        let [days, rest] = answers.as_slice() else { return Err(corrupt("read", "not all answers")) };
        // Sums of a later program, or damaged: all there is to know is in the pieces.
        let Some(sums) = sums(days)? else { return self.read(pool).await };
        let counted = pieces(rest, &mut Interned::default())?;
        Ok(LedgerView { versions: versions(days)?, counted, sums, outranked: Vec::new() })
    }

    pub(super) async fn explain(
        &self,
        pool: &ConnectionPool,
        analyze: bool,
    ) -> Result<Vec<String>, PortError> {
        let options = if analyze { "ANALYZE, BUFFERS, TIMING OFF" } else { "COSTS OFF" };
        let statement = self.of_pieces(format!("EXPLAIN ({options}) {}", pieces_of("app_usage")).into());
        let rows = pool.query(&statement.sql, &statement.params).await?;
        rows.iter().map(|row| column(row, "QUERY PLAN")).collect()
    }
}

fn pieces_of(table: &str) -> Cow<'static, str> {
    PIECES.replace("TABLE", table).into()
}

fn summed(sql: &'static str) -> Cow<'static, str> {
    sql.replace("IS_SUMMED", IS_SUMMED).into()
}

/// The sums in rows; `None` if some can't be read.
fn sums(rows: &[Row]) -> Result<Option<Vec<DaySums>>, PortError> {
    let mut sums = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(bytes) = column::<Option<&[u8]>>(row, "sums")? else { continue };
        let Ok(day) = stored_sums::decode(column::<Day>(row, "day")?.0, bytes) else { return Ok(None) };
        sums.push(day);
    }
    Ok(Some(sums))
}

fn versions(rows: &[Row]) -> Result<Vec<(UtcDay, u64)>, PortError> {
    rows.iter().map(|row| Ok((column::<Day>(row, "day")?.0, bits_column(row, "version")?))).collect()
}

/// The pieces in rows, by start and source. Sorted here: rows come almost in order from the
/// indexes.
fn pieces(rows: &[Row], interned: &mut Interned) -> Result<Vec<Piece>, PortError> {
    let mut pieces = rows.iter().map(|row| piece(row, interned)).collect::<Result<Vec<_>, _>>()?;
    pieces.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
    Ok(pieces)
}

/// The days changed at a time or later, with their versions.
pub(super) async fn changed_since(
    pool: &ConnectionPool,
    user: UserId,
    since: UtcMs,
) -> Result<Vec<(UtcDay, u64)>, PortError> {
    let sql = "SELECT day, version FROM ledger_days
WHERE user_id = (SELECT id FROM users WHERE uuid = $1) AND changed_at >= $2
ORDER BY day";
    let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&Timestamp(since), Type::TIMESTAMPTZ)];
    versions(&pool.query(sql, &params).await?)
}

/// The first and the last day of a person.
pub(super) async fn extent(
    pool: &ConnectionPool,
    user: UserId,
) -> Result<Option<(UtcDay, UtcDay)>, PortError> {
    let sql = "SELECT min(day) AS first, max(day) AS last FROM ledger_days
WHERE user_id = (SELECT id FROM users WHERE uuid = $1)";
    let rows = pool.query(sql, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (first, last): (Option<Day>, Option<Day>) = (column(row, "first")?, column(row, "last")?);
    Ok(first.zip(last).map(|(first, last)| (first.0, last.0)))
}
