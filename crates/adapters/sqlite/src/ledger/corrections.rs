//! A person's corrections, each in its greatest version. Not here: which there are before they reach
//! the ledger (see `correction_numbers`).

use dayline_domain::{Correction, CorrectionId, Interval, Says, Source};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::dictionary::Met;
use super::numbers::Numbers;
use super::pieces;
use crate::failure::Failure;
use crate::values::IdBytes;

const NOTHING: u8 = 0;
const ENTRY: u8 = 1;
const ERASURE: u8 = 2;

const STORED: &str = "SELECT version, kind FROM corrections WHERE user_number = ?1 AND id = ?2";
const KEEP: &str = "
    INSERT OR REPLACE INTO corrections (user_number, id, version, kind, start_ms, end_ms, source_number)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const FIND: &str = "
    SELECT id, version, kind, start_ms, end_ms, source_number FROM corrections
    WHERE user_number = ?1 AND id = ?2";
pub(super) const WITHIN: &str = "
    SELECT id, version, kind, start_ms, end_ms, source_number FROM corrections
    WHERE user_number = ?1 AND kind <> 0 AND start_ms < ?3 AND end_ms > ?2";

/// What came of a correction that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    /// It was known already, or a greater version of it was.
    Not,
    /// It is kept.
    Added,
    /// It is kept, and something went for it: what it erases, or what an entry said before.
    TookAway,
}

/// Keeps a correction, unless a greater version of it is there; an erasure is never replaced.
pub(super) fn keep(
    tx: &Transaction<'_>,
    user: i64,
    correction: &Correction,
    sources: &mut Numbers<Source>,
) -> Result<Kept, Failure> {
    let id = IdBytes::from(correction.id);
    let stored: Option<(i64, u8)> = tx
        .prepare_cached(STORED)?
        .query_row(params![user, id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let is_erasure = matches!(correction.says, Says::Erasure { .. });
    if let Some((version, kind)) = stored
        && (kind == ERASURE || !is_erasure && version as u64 >= correction.version)
    {
        return Ok(Kept::Not);
    }
    let source = match &correction.says {
        Says::Entry { source, .. } => Some(sources.get(tx, source)?),
        Says::Nothing | Says::Erasure { .. } => None,
    };
    write(tx, user, correction, source)?;
    let takes_away = is_erasure || stored.is_some_and(|(_, kind)| kind == ENTRY);
    Ok(if takes_away { Kept::TookAway } else { Kept::Added })
}

/// Lets go of what entries say that newer erasures cover wholly, among those that a correction which
/// was kept meets; whether there were any.
pub(super) fn forget_erased(tx: &Transaction<'_>, user: i64, met: Interval) -> Result<bool, Failure> {
    let mut sources = Met::of(user);
    let mut entries = within(tx, Some(met), &mut sources)?;
    entries.retain(|said| matches!(said.says, Says::Entry { .. }));
    let all = entries.iter().filter_map(|entry| entry.says.interval()).reduce(Interval::hull);
    let Some(all) = all else { return Ok(false) };
    let near = within(tx, Some(all), &mut sources)?;
    entries.retain(|entry| entry.is_erased_by(&near));
    for entry in &entries {
        write(tx, user, &entry.without_words(), None)?;
    }
    Ok(!entries.is_empty())
}

/// Writes a correction in place of what was there.
fn write(
    tx: &Transaction<'_>,
    user: i64,
    correction: &Correction,
    source: Option<u32>,
) -> rusqlite::Result<()> {
    let kind = match correction.says {
        Says::Nothing => NOTHING,
        Says::Entry { .. } => ENTRY,
        Says::Erasure { .. } => ERASURE,
    };
    let interval = correction.says.interval();
    let [start, end] = [Interval::start, Interval::end].map(|of| interval.map(|interval| of(interval).0));
    let (id, version) = (IdBytes::from(correction.id), correction.version as i64);
    tx.prepare_cached(KEEP)?.execute(params![user, id, version, kind, start, end, source])?;
    Ok(())
}

/// Some of a person's corrections, those never stored left out.
pub(super) fn some(
    tx: &Transaction<'_>,
    user: i64,
    ids: &[CorrectionId],
) -> Result<Vec<Correction>, Failure> {
    let mut sources = Met::of(user);
    let mut statement = tx.prepare_cached(FIND)?;
    let mut found = Vec::new();
    for id in ids {
        let mut rows = statement.query(params![user, IdBytes::from(*id)])?;
        if let Some(row) = rows.next()? {
            found.push(parse(tx, row, &mut sources)?);
        }
    }
    Ok(found)
}

/// Those that say something of an interval, or of any time, by version.
pub(super) fn within(
    tx: &Transaction<'_>,
    interval: Option<Interval>,
    sources: &mut Met<Source>,
) -> Result<Vec<Correction>, Failure> {
    let (start, end) = interval.map_or((i64::MIN, i64::MAX), |within| (within.start().0, within.end().0));
    let mut statement = tx.prepare_cached(WITHIN)?;
    let mut rows = statement.query(params![sources.user(), start, end])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(parse(tx, row, sources)?);
    }
    found.sort_unstable_by_key(|correction| (correction.version, correction.id));
    Ok(found)
}

fn parse(tx: &Transaction<'_>, row: &Row<'_>, sources: &mut Met<Source>) -> Result<Correction, Failure> {
    let interval = || pieces::interval(row.get("start_ms")?, row.get("end_ms")?);
    let says = match row.get("kind")? {
        NOTHING => Says::Nothing,
        ENTRY => Says::Entry { interval: interval()?, source: sources.get(tx, row.get("source_number")?)? },
        ERASURE => Says::Erasure { interval: interval()? },
        other => return Err(Failure::Corrupt(format!("a stored correction is of the kind {other}"))),
    };
    let (id, version): (IdBytes, i64) = (row.get("id")?, row.get("version")?);
    Ok(Correction { id: id.id(), version: version as u64, says })
}
