//! Reads stretches of the ledger for reports. Every statement is a search in one range of a key, so
//! that one person's days cost the same however many people there are.

use std::collections::BTreeMap;

use dayline_app::ports::{KnownDevice, LedgerView, Mark, Partition, Position, Settling};
use dayline_app::reporting::stored_sums;
use dayline_domain::{DaySums, DeviceId, Interval, Source, Terms, UtcDay, UtcMs};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::dictionary::Met;
use super::{first_edition, pieces};
use crate::failure::Failure;
use crate::users::Person;
use crate::values;

const POSITION: &str = "SELECT major, minor FROM log_positions WHERE partition = ?1";
pub(super) const DAYS: &str = "
    SELECT day, version, mark, tail_source, tail_start_ms, tail_end_ms FROM ledger_days
    WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3
    UNION ALL
    SELECT day, version, NULL, NULL, NULL, NULL FROM first_days
    WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3
    ORDER BY day";
pub(super) const DAYS_AND_SUMS: &str = "
    SELECT d.day, d.version, d.mark, d.tail_source, d.tail_start_ms, d.tail_end_ms, s.bytes AS sums
    FROM ledger_days d
    LEFT JOIN day_sums s ON s.user_number = d.user_number AND s.day = d.day AND s.version = d.version
    WHERE d.user_number = ?1 AND d.day BETWEEN ?2 AND ?3
    UNION ALL
    SELECT day, version, NULL, NULL, NULL, NULL, NULL FROM first_days
    WHERE user_number = ?1 AND day BETWEEN ?2 AND ?3
    ORDER BY day";
pub(super) const CHANGED_SINCE: &str = "
    SELECT day, version FROM ledger_days WHERE user_number = ?1 AND changed_ms >= ?2
    UNION ALL
    SELECT day, version FROM first_days WHERE user_number = ?1 AND changed_ms >= ?2
    ORDER BY day";
pub(super) const EXTENT: &str = "
    SELECT min(day), max(day) FROM (
        SELECT min(day) AS day FROM ledger_days WHERE user_number = ?1
        UNION ALL SELECT max(day) FROM ledger_days WHERE user_number = ?1
        UNION ALL SELECT min(day) FROM first_days WHERE user_number = ?1
        UNION ALL SELECT max(day) FROM first_days WHERE user_number = ?1)";
pub(super) const SETTLING: &str = "
    SELECT (SELECT count(*) FROM first_days WHERE user_number = ?1) + count(*),
           count(*) FILTER (WHERE beat_hold_minutes <> ?2 OR audible_counts <> ?3 OR merges <> ?4)
    FROM ledger_days WHERE user_number = ?1";
const DEVICES: &str = "
    SELECT device_id FROM sources WHERE user_number = ?1
    UNION SELECT device_id FROM subjects WHERE user_number = ?1";
const TAILS: &str = "
    SELECT tail_source, tail_end_ms FROM ledger_days WHERE user_number = ?1 AND tail_source IS NOT NULL";
const LAST_PIECES: &str = "
    SELECT source_number, end_ms FROM app_usage WHERE user_number = ?1 ORDER BY start_ms DESC";

/// The position up to which the ledger contains a partition.
pub(super) fn position(tx: &Transaction<'_>, partition: Partition) -> rusqlite::Result<Position> {
    let found = tx.prepare_cached(POSITION)?.query_row([partition.0], values::position).optional()?;
    Ok(found.unwrap_or(Position::START))
}

/// The marks of the days that an interval touches.
pub(super) fn marks(
    tx: &Transaction<'_>,
    user: i64,
    interval: Interval,
) -> Result<Vec<(UtcDay, Mark)>, Failure> {
    let mut statement = tx.prepare_cached(DAYS)?;
    let (first, last) = days_of(interval);
    let mut rows = statement.query(params![user, first.0, last.0])?;
    let mut marks = Vec::new();
    while let Some(row) = rows.next()? {
        marks.push(day_and_mark(tx, user, row)?);
    }
    Ok(marks)
}

fn day_and_mark(tx: &Transaction<'_>, user: i64, row: &Row<'_>) -> Result<(UtcDay, Mark), Failure> {
    let (day, version) = day_and_version(row)?;
    Ok(match row.get::<_, Option<i64>>("mark")? {
        Some(mark) => (day, Mark(mark as u64)),
        None => (day, first_edition::mark(tx, user, day, version)?),
    })
}

fn days_of(interval: Interval) -> (UtcDay, UtcDay) {
    (interval.start().day(), interval.end().plus(-1).day())
}

fn day_and_version(row: &Row<'_>) -> rusqlite::Result<(UtcDay, u64)> {
    Ok((UtcDay(row.get("day")?), row.get::<_, i64>("version")? as u64))
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

/// Marks and pieces of a stretch.
pub(super) fn view(tx: &Transaction<'_>, user: i64, interval: Interval) -> Result<LedgerView, Failure> {
    let mut sources = Met::of(user);
    let mut view =
        LedgerView { counted: pieces::touching(tx, interval, &mut sources)?, ..LedgerView::default() };
    let mut statement = tx.prepare_cached(DAYS)?;
    let (first, last) = days_of(interval);
    let mut rows = statement.query(params![user, first.0, last.0])?;
    while let Some(row) = rows.next()? {
        view.marks.push(day_and_mark(tx, user, row)?);
        add_tail(tx, row, interval, &mut view, &mut sources)?;
    }
    view.counted.sort_by_key(|piece| piece.interval.start());
    Ok(view)
}

/// Marks of a stretch, its days' sums, and the pieces of those days that are cut or have no sums.
pub(super) fn summed_view(
    tx: &Transaction<'_>,
    user: i64,
    interval: Interval,
    cut: &[UtcDay],
) -> Result<LedgerView, Failure> {
    let mut sources = Met::of(user);
    let mut view = LedgerView::default();
    let mut stretches = Vec::<Interval>::new();
    let mut statement = tx.prepare_cached(DAYS_AND_SUMS)?;
    let (first, last) = days_of(interval);
    let mut rows = statement.query(params![user, first.0, last.0])?;
    while let Some(row) = rows.next()? {
        let (day, mark) = day_and_mark(tx, user, row)?;
        view.marks.push((day, mark));
        if cut.binary_search(&day).is_err()
            && let Some(sums) = sums(row, day)?
        {
            view.sums.push(sums);
            continue;
        }
        add_tail(tx, row, interval, &mut view, &mut sources)?;
        match stretches.last_mut() {
            Some(stretch) if stretch.end() == day.start() => *stretch = stretch.hull(day.interval()),
            _ => stretches.push(day.interval()),
        }
    }
    for stretch in stretches.into_iter().filter_map(|stretch| stretch.clip(interval)) {
        view.counted.extend(pieces::touching(tx, stretch, &mut sources)?);
    }
    view.counted.sort_by_key(|piece| piece.interval.start());
    Ok(view)
}

fn add_tail(
    tx: &Transaction<'_>,
    row: &Row<'_>,
    interval: Interval,
    view: &mut LedgerView,
    sources: &mut Met<Source>,
) -> Result<(), Failure> {
    let tail = pieces::tail(tx, row, sources)?;
    view.counted.extend(tail.filter(|tail| tail.interval.clip(interval).is_some()));
    Ok(())
}

/// The sums in a row, if there are any that this program can read.
fn sums(row: &Row<'_>, day: UtcDay) -> Result<Option<DaySums>, Failure> {
    let bytes = row.get_ref("sums")?.as_blob_or_null()?;
    Ok(bytes.and_then(|bytes| stored_sums::decode(day, bytes).ok()))
}

/// How many days are settled by a person's terms.
pub(super) fn settling(tx: &Transaction<'_>, person: &Person) -> rusqlite::Result<Settling> {
    let Terms { choices, merges } = &person.terms;
    let made = merges.made().len() as i64;
    let row = params![person.number, choices.beat_hold.minutes(), choices.audible_counts, made];
    tx.prepare_cached(SETTLING)?.query_row(row, |row| {
        let (days, left): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Settling { days: days as u64, left: left as u64 })
    })
}

/// The devices of a person, by name. Pieces are looked through from the last one on until each device
/// has had one, so that devices of today cost little.
pub(super) fn devices(tx: &Transaction<'_>, user: i64) -> Result<Vec<KnownDevice>, Failure> {
    let mut sources = Met::<Source>::of(user);
    let mut devices = BTreeMap::new();
    let mut statement = tx.prepare_cached(DEVICES)?;
    let mut rows = statement.query([user])?;
    while let Some(row) = rows.next()? {
        let device = DeviceId::new(row.get_ref(0)?.as_str()?);
        devices.insert(device.map_err(|why| Failure::corrupt("a stored device", why))?, None::<UtcMs>);
    }
    let mut without = devices.len();
    for statement in [TAILS, LAST_PIECES] {
        let mut statement = tx.prepare_cached(statement)?;
        let mut rows = statement.query([user])?;
        while without > 0
            && let Some(row) = rows.next()?
        {
            let (source, end) = (sources.get(tx, row.get(0)?)?, UtcMs(row.get(1)?));
            let Some(last) = devices.get_mut(&source.device) else { continue };
            without -= usize::from(last.is_none());
            *last = (*last).max(Some(end));
        }
    }
    Ok(devices.into_iter().map(|(id, last_counted)| KnownDevice { id, last_counted }).collect())
}
