//! Reads days and stretches of the ledger. Every statement is a search in one range of a primary
//! key, so that one person's day costs the same however many people there are.

use dayline_app::ports::{DayKey, LedgerView, LoadedDay, Partition, Position};
use dayline_app::reporting::stored_sums;
use dayline_domain::timeline::Piece;
use dayline_domain::{DaySums, Interval, LedgerDay, UtcDay, UtcMs};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::sources::Met;
use crate::failure::Failure;
use crate::users;
use crate::values;

const POSITION: &str = "SELECT major, minor FROM log_positions WHERE partition = ?1";
const VERSION: &str = "SELECT version FROM ledger_days WHERE user_number = ?1 AND day = ?2";
pub(super) const VERSIONS: &str = "
    SELECT day, version FROM ledger_days WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day";
pub(super) const SUMS: &str = "
    SELECT day, version, CASE WHEN sums_version = version THEN sums END FROM ledger_days
    WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day";
pub(super) const CHANGED_SINCE: &str = "
    SELECT day, version FROM ledger_days WHERE user_number = ?1 AND changed_ms >= ?2 ORDER BY day";
pub(super) const EXTENT: &str = "SELECT min(day), max(day) FROM ledger_days WHERE user_number = ?1";
// A piece lies within one day, so that those which touch an interval start at or after the midnight
// before it.
pub(super) const COUNTED: &str = "
    SELECT start_ms, end_ms, source_number FROM app_usage
    WHERE user_number = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND end_ms > ?4 ORDER BY start_ms";
pub(super) const OUTRANKED: &str = "
    SELECT start_ms, end_ms, source_number FROM outranked_usage
    WHERE user_number = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND end_ms > ?4 ORDER BY start_ms";

/// The position up to which the ledger contains a partition.
pub(super) fn position(tx: &Transaction<'_>, partition: Partition) -> rusqlite::Result<Position> {
    let found = tx.prepare_cached(POSITION)?.query_row([partition.0], values::position).optional()?;
    Ok(found.unwrap_or(Position::START))
}

/// A day as the worker needs it.
pub(super) fn day(tx: &Transaction<'_>, key: DayKey) -> Result<LoadedDay, Failure> {
    match find_day(tx, key) {
        // This day is no day, or lies on a page that can't be read; the others asked for may be fine.
        Err(Failure::Corrupt(why)) => Ok(LoadedDay::Damaged(why)),
        outcome => outcome,
    }
}

fn find_day(tx: &Transaction<'_>, key: DayKey) -> Result<LoadedDay, Failure> {
    let Some(user) = users::number_of(tx, key.user)? else { return Ok(LoadedDay::NoSuchUser) };
    Ok(LoadedDay::Day(Box::new(stored_day(tx, user, key.day)?)))
}

fn stored_day(tx: &Transaction<'_>, user: i64, day: UtcDay) -> Result<LedgerDay, Failure> {
    let version = tx.prepare_cached(VERSION)?.query_row(params![user, day.0], |row| row.get(0)).optional()?;
    let mut met = Met::default();
    let counted = pieces(tx, COUNTED, user, day.interval(), &mut met)?;
    let outranked = pieces(tx, OUTRANKED, user, day.interval(), &mut met)?;
    LedgerDay::restore(day, version.unwrap_or(0_i64) as u64, counted, outranked)
        .map_err(|why| Failure::corrupt("a stored day", why))
}

/// The versions of the days that an interval touches.
pub(super) fn versions(
    tx: &Transaction<'_>,
    user: i64,
    interval: Interval,
) -> rusqlite::Result<Vec<(UtcDay, u64)>> {
    let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
    let mut statement = tx.prepare_cached(VERSIONS)?;
    let rows = statement.query_map(params![user, first.0, last.0], day_and_version)?;
    rows.collect()
}

/// The days that changed at `since` or later, with their versions.
pub(super) fn changed_since(
    tx: &Transaction<'_>,
    user: i64,
    since: UtcMs,
) -> rusqlite::Result<Vec<(UtcDay, u64)>> {
    let mut statement = tx.prepare_cached(CHANGED_SINCE)?;
    let rows = statement.query_map(params![user, since.0], day_and_version)?;
    rows.collect()
}

/// The first and the last day of a person.
pub(super) fn extent(tx: &Transaction<'_>, user: i64) -> rusqlite::Result<Option<(UtcDay, UtcDay)>> {
    tx.prepare_cached(EXTENT)?.query_row([user], |row| {
        let ends: (Option<i32>, Option<i32>) = (row.get(0)?, row.get(1)?);
        Ok(ends.0.zip(ends.1).map(|(first, last)| (UtcDay(first), UtcDay(last))))
    })
}

fn day_and_version(row: &Row<'_>) -> rusqlite::Result<(UtcDay, u64)> {
    Ok((UtcDay(row.get(0)?), row.get::<_, i64>(1)? as u64))
}

/// Versions and pieces of a stretch.
pub(super) fn view(
    tx: &Transaction<'_>,
    user: i64,
    interval: Interval,
    with_outranked: bool,
) -> Result<LedgerView, Failure> {
    let mut met = Met::default();
    let mut outranked = Vec::new();
    if with_outranked {
        outranked = pieces(tx, OUTRANKED, user, interval, &mut met)?;
        outranked.sort_by(|a, b| (a.interval.start(), &a.source).cmp(&(b.interval.start(), &b.source)));
    }
    Ok(LedgerView {
        versions: versions(tx, user, interval)?,
        counted: pieces(tx, COUNTED, user, interval, &mut met)?,
        outranked,
        sums: Vec::new(),
    })
}

/// Versions of a stretch, its days' sums, and the pieces of those days that are cut or have no
/// sums.
pub(super) fn summed_view(
    tx: &Transaction<'_>,
    user: i64,
    interval: Interval,
    cut: &[UtcDay],
) -> Result<LedgerView, Failure> {
    let (first, last) = (interval.start().day(), interval.end().plus(-1).day());
    let mut view = LedgerView::default();
    let mut stretches = Vec::<Interval>::new();
    let mut statement = tx.prepare_cached(SUMS)?;
    let mut rows = statement.query(params![user, first.0, last.0])?;
    while let Some(row) = rows.next()? {
        let (day, version) = day_and_version(row)?;
        view.versions.push((day, version));
        match sums(row, day)?.filter(|_| cut.binary_search(&day).is_err()) {
            Some(sums) => view.sums.push(sums),
            None => match stretches.last_mut() {
                Some(stretch) if stretch.end() == day.start() => *stretch = stretch.hull(day.interval()),
                _ => stretches.push(day.interval()),
            },
        }
    }
    let mut met = Met::default();
    for stretch in stretches.into_iter().filter_map(|stretch| stretch.clip(interval)) {
        view.counted.extend(pieces(tx, COUNTED, user, stretch, &mut met)?);
    }
    Ok(view)
}

/// The sums in a row, if there are any that this program can read.
fn sums(row: &Row<'_>, day: UtcDay) -> rusqlite::Result<Option<DaySums>> {
    let bytes = row.get_ref(2)?.as_blob_or_null()?;
    Ok(bytes.and_then(|bytes| stored_sums::decode(day, bytes).ok()))
}

fn pieces(
    tx: &Transaction<'_>,
    statement: &str,
    user: i64,
    touching: Interval,
    met: &mut Met,
) -> Result<Vec<Piece>, Failure> {
    let (from, to) = (touching.start(), touching.end());
    let mut statement = tx.prepare_cached(statement)?;
    let mut rows = statement.query(params![user, from.day().start().0, to.0, from.0])?;
    let mut pieces = Vec::new();
    while let Some(row) = rows.next()? {
        let (start, end) = (UtcMs(row.get(0)?), UtcMs(row.get(1)?));
        let interval = Interval::new(start, end)
            .ok_or_else(|| Failure::Corrupt(format!("a stored piece ends at {} before it starts", end.0)))?;
        pieces.push(Piece { source: met.get(tx, row.get(2)?)?, interval });
    }
    Ok(pieces)
}
