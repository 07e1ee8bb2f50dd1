//! Reports: plain ranges over `start_time`, so that the planner reads only the months that can
//! match; marks, sums and pieces from one snapshot.

use std::borrow::Cow;

use dayline_app::ports::{KnownDevice, LedgerView, Mark, PortError, Settling};
use dayline_app::reporting::stored_sums;
use dayline_domain::{Correction, CorrectionId, DaySums, DeviceId, Interval, Piece, UserId, UtcDay, UtcMs};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::stored::{correction, interval as interval_of};
use crate::db::{ConnectionPool, Param, Statement};
use crate::error::corrupt;
use crate::names::spelled_source;
use crate::values::{Day, Interned, Timestamp, bits_column, column, nth, uuid};

/// The person that all of a statement is about.
const PERSON: &str = "(SELECT id FROM users WHERE uuid = $1)";

/// The mark of a day. Those of the first edition that have never changed since share what is stored.
const MARK: &str = "CASE edition WHEN 2 THEN mark
  ELSE mark # hashint8extended(day - date '2000-01-01', user_id) END AS mark";

const MARKS: &str = "SELECT day, MARK FROM ledger_days
WHERE user_id = PERSON AND day >= $2 AND day <= $3
ORDER BY day";

/// A piece never crosses midnight: what touches the interval starts on its first day or later.
const PIECES: &str = "SELECT piece.start_time, piece.end_time,
  device_id, app_name, domain, project, language
FROM (
  SELECT start_time, end_time, source FROM pieces
  WHERE user_id = PERSON AND start_time >= $4 AND start_time < $5 AND end_time > $6
  UNION ALL
  SELECT tail_start, tail_end, tail_source FROM ledger_days
  WHERE user_id = PERSON AND day >= $2 AND day <= $3 AND tail_start < $5 AND tail_end > $6
) AS piece
LEFT JOIN names ON names.user_id = PERSON AND names.number = piece.source
UNION ALL
SELECT start_time, end_time, device_id, app_name, domain, NULL, NULL FROM first_pieces
WHERE user_id = PERSON AND start_time >= $4 AND start_time < $5 AND end_time > $6";

/// Whether a day is read as sums. Unknown for sums of no version, which is as good as no.
const IS_SUMMED: &str = "(sums IS NOT NULL AND sums_version = version AND day <> ALL ($7))";

const SUMS: &str = "SELECT day, MARK, CASE WHEN IS_SUMMED THEN sums END AS sums FROM ledger_days
WHERE user_id = PERSON AND day >= $2 AND day <= $3
ORDER BY day";

/// The pieces of the other days. The sub-selects are kept apart by `OFFSET 0`: one index scan for
/// each day.
const PIECES_OF_THE_REST: &str = "SELECT piece.start_time, piece.end_time,
  device_id, app_name, domain, project, language
FROM ledger_days AS rest
CROSS JOIN LATERAL (
  SELECT piece.start_time, piece.end_time, device_id, app_name, domain, project, language
  FROM (
    SELECT start_time, end_time, source FROM pieces
    WHERE user_id = rest.user_id AND start_time >= rest.day::timestamp AT TIME ZONE 'UTC'
      AND start_time < (rest.day + 1)::timestamp AT TIME ZONE 'UTC'
      AND start_time >= $4 AND start_time < $5 AND end_time > $6
    UNION ALL
    SELECT rest.tail_start, rest.tail_end, rest.tail_source WHERE rest.tail_start < $5 AND rest.tail_end > $6
  ) AS piece
  LEFT JOIN names ON names.user_id = rest.user_id AND names.number = piece.source
  UNION ALL
  SELECT start_time, end_time, device_id, app_name, domain, NULL, NULL FROM first_pieces
  WHERE user_id = rest.user_id AND start_time >= rest.day::timestamp AT TIME ZONE 'UTC'
    AND start_time < (rest.day + 1)::timestamp AT TIME ZONE 'UTC'
    AND start_time >= $4 AND start_time < $5 AND end_time > $6
  OFFSET 0
) AS piece
WHERE rest.user_id = PERSON AND rest.day >= $2 AND rest.day <= $3 AND IS_SUMMED IS NOT TRUE";

const CORRECTIONS: &str =
    "SELECT id, version, start_time, end_time, device_id, app_name, domain, project, language
FROM corrections
WHERE user_id = PERSON AND start_time IS NOT NULL
  AND end_time > coalesce($2, '-infinity') AND start_time < coalesce($3, 'infinity')
ORDER BY version";

const OF_IDS: &str =
    "SELECT id, version, start_time, end_time, device_id, app_name, domain, project, language
FROM corrections WHERE user_id = PERSON AND id = ANY ($2) ORDER BY version";

const DEVICES: &str = "SELECT device_id, max(end_time) AS last FROM (
  SELECT names.device_id, piece.end_time FROM names
  LEFT JOIN (
    SELECT source, max(end_time) AS end_time FROM pieces WHERE user_id = PERSON GROUP BY source
    UNION ALL
    SELECT tail_source, tail_end FROM ledger_days WHERE user_id = PERSON AND tail_source IS NOT NULL
  ) AS piece ON piece.source = names.number
  WHERE names.user_id = PERSON
  UNION ALL
  SELECT device_id, max(end_time) FROM first_pieces WHERE user_id = PERSON GROUP BY device_id
  UNION ALL
  SELECT DISTINCT device_id, NULL::timestamptz FROM first_outranked WHERE user_id = PERSON
) AS used
GROUP BY device_id ORDER BY device_id";

const SETTLING: &str = "SELECT count(stored.day) AS days,
  count(*) FILTER (WHERE edition = 2 AND (stored.beat_hold_minutes, stored.audible_counts, stored.merges)
    IS DISTINCT FROM (users.beat_hold_minutes, users.audible_counts, made.merges)) AS waiting
FROM users JOIN ledger_days AS stored ON stored.user_id = users.id
CROSS JOIN LATERAL (SELECT count(*) AS merges FROM device_merges WHERE user_id = users.id OFFSET 0) AS made
WHERE users.uuid = $1";

/// What one report reads.
pub(super) struct Report {
    user: Uuid,
    days: (Day, Day),
    first_midnight: Timestamp,
    start: Timestamp,
    end: Timestamp,
}

impl Report {
    pub(super) fn new(user: UserId, interval: Interval) -> Self {
        let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
        Self {
            user: uuid(user),
            days: (Day(first), Day(last)),
            first_midnight: Timestamp(first.start()),
            start: Timestamp(interval.start()),
            end: Timestamp(interval.end()),
        }
    }

    fn of_marks(&self) -> Statement<'_> {
        let params = self.params().into_iter().take(3).collect();
        Statement { sql: of_person(MARKS), params }
    }

    fn params(&self) -> Vec<Param<'_>> {
        vec![
            (&self.user, Type::UUID),
            (&self.days.0, Type::DATE),
            (&self.days.1, Type::DATE),
            (&self.first_midnight, Type::TIMESTAMPTZ),
            (&self.end, Type::TIMESTAMPTZ),
            (&self.start, Type::TIMESTAMPTZ),
        ]
    }

    pub(super) async fn marks(&self, pool: &ConnectionPool) -> Result<Vec<(UtcDay, Mark)>, PortError> {
        let statement = self.of_marks();
        marks(&pool.query(&statement.sql, &statement.params).await?)
    }

    pub(super) async fn read(&self, pool: &ConnectionPool) -> Result<LedgerView, PortError> {
        let statements = [self.of_marks(), Statement { sql: of_person(PIECES), params: self.params() }];
        let answers = pool.snapshot(&statements).await?;
        let [days, counted] = answers.as_slice() else { return Err(corrupt("read", "not all answers")) };
        Ok(LedgerView { marks: marks(days)?, counted: pieces(counted)?, sums: Vec::new() })
    }

    /// The same with sums of days instead of their pieces, where there are any and no `cut` forbids
    /// it.
    pub(super) async fn read_sums(
        &self,
        pool: &ConnectionPool,
        cut: &[UtcDay],
    ) -> Result<LedgerView, PortError> {
        let cut: Vec<Day> = cut.iter().copied().map(Day).collect();
        let params: Vec<Param<'_>> = [self.params(), vec![(&cut, Type::DATE_ARRAY)]].concat();
        let statements = [SUMS, PIECES_OF_THE_REST].map(|sql| Statement {
            sql: of_person(&sql.replace("IS_SUMMED", IS_SUMMED)),
            params: params.clone(),
        });
        let answers = pool.snapshot(&statements).await?;
        let [days, rest] = answers.as_slice() else { return Err(corrupt("read", "not all answers")) };
        // Sums of a later program, or damaged: all there is to know is in the pieces.
        let Some(sums) = sums(days)? else { return self.read(pool).await };
        Ok(LedgerView { marks: marks(days)?, counted: pieces(rest)?, sums })
    }

    pub(super) async fn explain(
        &self,
        pool: &ConnectionPool,
        analyze: bool,
    ) -> Result<Vec<String>, PortError> {
        let options = if analyze { "ANALYZE, BUFFERS, TIMING OFF" } else { "COSTS OFF" };
        let sql = format!("EXPLAIN ({options}) {}", of_person(PIECES)).into();
        let rows = pool.snapshot(&[Statement { sql, params: self.params() }]).await?;
        rows.iter().flatten().map(|row| column(row, "QUERY PLAN")).collect()
    }
}

fn of_person(sql: &str) -> Cow<'static, str> {
    sql.replace("PERSON", PERSON).replace("MARK", MARK).into()
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

fn marks(rows: &[Row]) -> Result<Vec<(UtcDay, Mark)>, PortError> {
    rows.iter().map(|row| Ok((column::<Day>(row, "day")?.0, Mark(bits_column(row, "mark")?)))).collect()
}

/// The pieces in rows, by start. Sorted here: rows come almost in order from the indexes.
fn pieces(rows: &[Row]) -> Result<Vec<Piece>, PortError> {
    let mut interned = Interned::default();
    let mut pieces = rows.iter().map(|row| piece(row, &mut interned)).collect::<Result<Vec<_>, _>>()?;
    pieces.sort_by_key(|piece| piece.interval.start());
    Ok(pieces)
}

fn piece(row: &Row, interned: &mut Interned) -> Result<Piece, PortError> {
    let spelled = spelled_source(row, 2)?.ok_or_else(|| corrupt("a piece", "its source has no names"))?;
    Ok(Piece { source: interned.source(spelled)?, interval: interval_of(nth(row, 0)?, nth(row, 1)?)? })
}

/// The days changed at a time or later, with their versions.
pub(super) async fn changed_since(
    pool: &ConnectionPool,
    user: UserId,
    since: UtcMs,
) -> Result<Vec<(UtcDay, u64)>, PortError> {
    let sql = "SELECT day, version FROM ledger_days WHERE user_id = PERSON AND changed_at >= $2 ORDER BY day";
    let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&Timestamp(since), Type::TIMESTAMPTZ)];
    let rows = pool.query(&of_person(sql), &params).await?;
    rows.iter().map(|row| Ok((column::<Day>(row, "day")?.0, bits_column(row, "version")?))).collect()
}

/// The first and the last day of a person.
pub(super) async fn extent(
    pool: &ConnectionPool,
    user: UserId,
) -> Result<Option<(UtcDay, UtcDay)>, PortError> {
    let sql = "SELECT min(day) AS first, max(day) AS last FROM ledger_days WHERE user_id = PERSON";
    let rows = pool.query(&of_person(sql), &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (first, last): (Option<Day>, Option<Day>) = (column(row, "first")?, column(row, "last")?);
    Ok(first.zip(last).map(|(first, last)| (first.0, last.0)))
}

/// The devices of a person that anything is stored of.
pub(super) async fn devices(pool: &ConnectionPool, user: UserId) -> Result<Vec<KnownDevice>, PortError> {
    let user = uuid(user);
    let statement = Statement { sql: of_person(DEVICES), params: vec![(&user, Type::UUID)] };
    let rows = pool.snapshot(&[statement]).await?;
    let device = |row: &Row| {
        let id = DeviceId::new(column(row, "device_id")?).map_err(|error| corrupt("a device", error))?;
        let last: Option<Timestamp> = column(row, "last")?;
        Ok(KnownDevice { id, last_counted: last.map(|last| last.0) })
    };
    rows.iter().flatten().map(device).collect()
}

/// How many days of a person are settled by their terms.
pub(super) async fn settling(pool: &ConnectionPool, user: UserId) -> Result<Settling, PortError> {
    let rows = pool.query(SETTLING, &[(&uuid(user), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(Settling::default()) };
    Ok(Settling { days: bits_column(row, "days")?, left: bits_column(row, "waiting")? })
}

/// A person's corrections that say something of an interval, or of any time.
pub(super) async fn corrections(
    pool: &ConnectionPool,
    user: UserId,
    within: Option<Interval>,
) -> Result<Vec<Correction>, PortError> {
    let (start, end) =
        (within.map(|within| Timestamp(within.start())), within.map(|within| Timestamp(within.end())));
    let params: [Param<'_>; 3] =
        [(&uuid(user), Type::UUID), (&start, Type::TIMESTAMPTZ), (&end, Type::TIMESTAMPTZ)];
    let rows = pool.query(&of_person(CORRECTIONS), &params).await?;
    rows.iter().map(|row| correction(row, 0)).collect()
}

/// What is stored of some of a person's corrections.
pub(super) async fn corrections_of(
    pool: &ConnectionPool,
    user: UserId,
    ids: Vec<CorrectionId>,
) -> Result<Vec<Correction>, PortError> {
    let ids: Vec<Uuid> = ids.into_iter().map(uuid).collect();
    let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&ids, Type::UUID_ARRAY)];
    let rows = pool.query(&of_person(OF_IDS), &params).await?;
    rows.iter().map(|row| correction(row, 0)).collect()
}
