//! Reads counted pieces.

use dayline_domain::{Interval, Piece, Source, UtcMs};
use rusqlite::{Row, Transaction, params};

use super::dictionary::Met;
use crate::failure::Failure;

// A piece lies within one day, so that those which touch an interval start at or after the midnight
// before it.
pub(super) const TOUCHING: &str = "
    SELECT start_ms, end_ms, source_number FROM app_usage
    WHERE user_number = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND end_ms > ?4 ORDER BY start_ms";

/// The pieces that touch an interval, by start; without tails.
pub(super) fn touching(
    tx: &Transaction<'_>,
    interval: Interval,
    sources: &mut Met<Source>,
) -> Result<Vec<Piece>, Failure> {
    read(tx, TOUCHING, interval, sources)
}

/// The pieces that a statement like [`TOUCHING`] gives.
pub(super) fn read(
    tx: &Transaction<'_>,
    statement: &str,
    touching: Interval,
    sources: &mut Met<Source>,
) -> Result<Vec<Piece>, Failure> {
    let (from, to) = (touching.start(), touching.end());
    let mut statement = tx.prepare_cached(statement)?;
    let mut rows = statement.query(params![sources.user(), from.day().start().0, to.0, from.0])?;
    let mut pieces = Vec::new();
    while let Some(row) = rows.next()? {
        pieces.push(Piece {
            interval: interval(row.get(0)?, row.get(1)?)?,
            source: sources.get(tx, row.get(2)?)?,
        });
    }
    Ok(pieces)
}

/// The tail in the columns `tail_…` of a day's row.
pub(super) fn tail(
    tx: &Transaction<'_>,
    row: &Row<'_>,
    sources: &mut Met<Source>,
) -> Result<Option<Piece>, Failure> {
    let Some(source) = row.get("tail_source")? else { return Ok(None) };
    let interval = interval(row.get("tail_start_ms")?, row.get("tail_end_ms")?)?;
    Ok(Some(Piece { source: sources.get(tx, source)?, interval }))
}

/// What two columns hold that are an interval.
pub(super) fn interval(start_ms: i64, end_ms: i64) -> Result<Interval, Failure> {
    let interval = Interval::new(UtcMs(start_ms), UtcMs(end_ms));
    interval
        .ok_or_else(|| Failure::Corrupt(format!("a stored interval ends at {end_ms}, not after it starts")))
}
