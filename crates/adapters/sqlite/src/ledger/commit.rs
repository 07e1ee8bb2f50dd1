//! Applies one step of a worker: position, days with their pieces and state, corrections and dead
//! letters, in one transaction that the caller commits or undoes. Nothing is trusted: every change
//! names what it changes, and is refused if that is not there.

use std::collections::BTreeSet;

use dayline_app::ports::{
    Applied, DayWrite, DeadLetter, Edition, LedgerCommit, Partition, Position, StateWrite,
};
use dayline_domain::{Correction, Piece, PieceChanges, Resized, Says, Source, Terms, UserId, UtcDay, UtcMs};
use rusqlite::{OptionalExtension, Transaction, params};

use super::corrections::Kept;
use super::numbers::{Dictionaries, Dictionary, Numbers};
use super::{corrections, first_edition, state, unused};
use crate::failure::Failure;
use crate::values::columns_of;
use crate::{raw_events, users};

const FIRST_POSITION: &str = "
    INSERT INTO log_positions (partition, major, minor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(super) const MOVE_POSITION: &str = "
    UPDATE log_positions SET major = ?4, minor = ?5 WHERE partition = ?1 AND major = ?2 AND minor = ?3";
const POSITIONS: &str = "SELECT major, minor FROM log_positions";
pub(super) const VERSION: &str = "SELECT version FROM ledger_days WHERE day = ?1 AND user_number = ?2";
const FIRST_VERSION: &str = "
    INSERT INTO ledger_days (day, user_number, version, mark, changed_ms, beat_hold_minutes, audible_counts,
                             merges, tail_source, tail_start_ms, tail_end_ms, recent)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
pub(super) const NEXT_VERSION: &str = "
    UPDATE ledger_days
    SET version = ?3, mark = ?4, changed_ms = ?5, beat_hold_minutes = ?6, audible_counts = ?7, merges = ?8,
        tail_source = ?9, tail_start_ms = ?10, tail_end_ms = ?11, recent = ?12
    WHERE day = ?1 AND user_number = ?2";
pub(super) const REMOVE: &str = "
    DELETE FROM app_usage WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4";
pub(super) const RESIZE: &str = "
    UPDATE app_usage SET end_ms = ?5
    WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4";
const ADD: &str =
    "INSERT INTO app_usage (user_number, start_ms, source_number, end_ms) VALUES (?1, ?2, ?3, ?4)";
const BURY: &str = "
    INSERT INTO dead_pings (user_number, at_ms, partition, major, minor, reason, record)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is applied.
    Done,
    /// It is applied, and took away what must not stay readable in any file.
    Erased,
    /// It is not: the transaction must be undone.
    Not(Applied),
}

/// Applies a commit.
pub(super) fn apply(
    tx: &Transaction<'_>,
    commit: &LedgerCommit,
    dictionaries: &mut Dictionaries,
) -> Result<Outcome, Failure> {
    if commit.to < commit.from {
        return Err(Failure::Rejected("a position would move back"));
    }
    if !move_position(tx, commit.partition, commit.from, commit.to)? {
        return Ok(Outcome::Not(Applied::Fenced));
    }
    // All versions before any change: what is stale is not refused for what it would change.
    let mut people = Vec::with_capacity(commit.days.len());
    for (user, write) in &commit.days {
        let Some(user) = users::number_of(tx, *user)? else { return Ok(Outcome::Not(Applied::Stale)) };
        match edition_at(tx, user, write.day, write.from_version)? {
            Some(edition) => people.push((user, edition)),
            None => return Ok(Outcome::Not(Applied::Stale)),
        }
    }
    for ((user, edition), (_, write)) in people.into_iter().zip(&commit.days) {
        write_day(tx, user, edition, write, commit.at, dictionaries.of(user))?;
    }
    let erased = keep_corrections(tx, &commit.corrections, dictionaries)?;
    for dead in &commit.dead {
        bury(tx, commit, dead)?;
    }
    Ok(if erased { Outcome::Erased } else { Outcome::Done })
}

/// Writes what is there already: the file's first page, which is synced like any other, if all
/// positions can be read.
pub(super) fn check(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut positions = tx.prepare_cached(POSITIONS)?;
    let mut positions = positions.query([])?;
    while positions.next()?.is_some() {}
    let version: i32 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    tx.pragma_update(None, "user_version", version)
}

fn move_position(
    tx: &Transaction<'_>,
    partition: Partition,
    from: Position,
    to: Position,
) -> Result<bool, Failure> {
    let ((major, minor), (to_major, to_minor)) = (columns_of(from), columns_of(to));
    if from == Position::START {
        tx.prepare_cached(FIRST_POSITION)?.execute(params![partition.0, major, minor])?;
    }
    let mut statement = tx.prepare_cached(MOVE_POSITION)?;
    Ok(statement.execute(params![partition.0, major, minor, to_major, to_minor])? == 1)
}

/// The edition of a day that has this version, 0 being that it is not there; `None` if it has
/// another.
fn edition_at(
    tx: &Transaction<'_>,
    user: i64,
    day: UtcDay,
    version: u64,
) -> rusqlite::Result<Option<Edition>> {
    let found: Option<i64> =
        tx.prepare_cached(VERSION)?.query_row(params![day.0, user], |row| row.get(0)).optional()?;
    if let Some(found) = found {
        return Ok((found as u64 == version).then_some(Edition::Second));
    }
    Ok(match first_edition::version(tx, user, day)? {
        Some(found) => (found == version).then_some(Edition::First),
        None => (version == 0).then_some(Edition::Second),
    })
}

/// Writes a day that has the version which the write starts from: pieces first, then the day's row,
/// whose tail must not overlap any of them.
fn write_day(
    tx: &Transaction<'_>,
    user: i64,
    edition: Edition,
    write: &DayWrite,
    at: UtcMs,
    names: &mut Dictionary,
) -> Result<(), Failure> {
    let is_new = write.from_version == 0 || edition == Edition::First;
    if edition == Edition::First {
        if !matches!(write.state, StateWrite::Folded { .. }) {
            return Err(Failure::Rejected("a day of the first edition gets no whole state"));
        }
        first_edition::remove(tx, user, write.day)?;
    }
    change_pieces(tx, user, write.day, &write.ended, &mut names.sources)?;
    let recent = state::write(tx, user, write, &mut names.subjects)?;
    let tail = match &write.tail {
        Some(Piece { source, interval }) => {
            Some((names.sources.get(tx, source)?, interval.start().0, interval.end().0))
        }
        None => None,
    };
    let Terms { choices, merges } = &write.settled_by;
    let row = params![
        write.day.0,
        user,
        write.to_version as i64,
        write.mark.0 as i64,
        at.0,
        choices.beat_hold.minutes(),
        choices.audible_counts,
        merges.made().len() as i64,
        tail.map(|(source, ..)| source),
        tail.map(|(_, start, _)| start),
        tail.map(|(.., end)| end),
        recent,
    ];
    let written = tx.prepare_cached(if is_new { FIRST_VERSION } else { NEXT_VERSION })?.execute(row)?;
    if written == 1 { Ok(()) } else { Err(Failure::Rejected("a day that is written twice")) }
}

/// Removed, then resized, then added, so that counted pieces never overlap on the way.
fn change_pieces(
    tx: &Transaction<'_>,
    user: i64,
    day: UtcDay,
    changes: &PieceChanges,
    sources: &mut Numbers<Source>,
) -> Result<(), Failure> {
    for Piece { source, interval } in &changes.removed {
        let source = sources.find(tx, source)?;
        let row = params![user, interval.start().0, source, interval.end().0];
        found(tx.prepare_cached(REMOVE)?.execute(row)?)?;
    }
    for Resized { piece: Piece { source, interval }, new_end } in &changes.resized {
        let source = sources.find(tx, source)?;
        let row = params![user, interval.start().0, source, interval.end().0, new_end.0];
        found(tx.prepare_cached(RESIZE)?.execute(row)?)?;
    }
    for Piece { source, interval } in &changes.added {
        if interval.clip(day.interval()) != Some(*interval) {
            return Err(Failure::Rejected("a piece of another day"));
        }
        let source = sources.get(tx, source)?;
        tx.prepare_cached(ADD)?.execute(params![user, interval.start().0, source, interval.end().0])?;
    }
    Ok(())
}

/// A change of a stored piece must find it exactly as it says it was.
fn found(rows: usize) -> Result<(), Failure> {
    if rows == 1 { Ok(()) } else { Err(Failure::Rejected("a change of a piece that is not there")) }
}

/// Keeps corrections beside those that are stored, and lets go of the names that they leave unused;
/// whether there may have been any.
fn keep_corrections(
    tx: &Transaction<'_>,
    all: &[(UserId, Correction)],
    dictionaries: &mut Dictionaries,
) -> Result<bool, Failure> {
    let mut taken_from = BTreeSet::new();
    for (user, correction) in all {
        // Those of a person who is gone are forgotten.
        let Some(user) = users::number_of(tx, *user)? else { continue };
        let sources = &mut dictionaries.of(user).sources;
        let kept = corrections::keep(tx, user, correction, sources)?;
        if let (Says::Erasure { interval }, true) = (&correction.says, kept != Kept::Not) {
            raw_events::erase(tx, user, *interval)?;
        }
        let erased = match correction.says.interval().filter(|_| kept != Kept::Not) {
            Some(met) => corrections::forget_erased(tx, user, met)?,
            None => false,
        };
        if erased || kept == Kept::TookAway {
            taken_from.insert(user);
        }
    }
    for user in &taken_from {
        unused::remove(tx, *user)?;
        dictionaries.forget(*user);
    }
    Ok(!taken_from.is_empty())
}

/// Puts a letter aside, unless it is of a person who is gone: nothing of theirs is kept.
fn bury(tx: &Transaction<'_>, commit: &LedgerCommit, dead: &DeadLetter) -> Result<(), Failure> {
    let user = match dead.user {
        None => None,
        Some(user) => match users::number_of(tx, user)? {
            None => return Ok(()),
            known => known,
        },
    };
    let (major, minor) = columns_of(commit.to);
    let row = params![user, commit.at.0, commit.partition.0, major, minor, dead.reason, dead.record];
    tx.prepare_cached(BURY)?.execute(row)?;
    Ok(())
}
