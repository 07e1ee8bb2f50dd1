//! Applies one step of a worker: position, versions and sums, pieces and dead letters, in one
//! transaction that the caller commits or undoes. Nothing is trusted: every change names what it
//! changes, and is refused if that is not there.

use dayline_app::ports::{Applied, DeadLetter, LedgerCommit, Partition, Position};
use dayline_app::reporting::stored_sums;
use dayline_domain::timeline::Piece;
use dayline_domain::{DayChange, PieceChanges, Resized, UtcMs};
use rusqlite::{Transaction, params};

use super::sources;
use crate::failure::Failure;
use crate::users;
use crate::values::columns_of;

const FIRST_POSITION: &str = "
    INSERT INTO log_positions (partition, major, minor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(super) const MOVE_POSITION: &str = "
    UPDATE log_positions SET major = ?4, minor = ?5 WHERE partition = ?1 AND major = ?2 AND minor = ?3";
const POSITIONS: &str = "SELECT major, minor FROM log_positions";
const FIRST_VERSION: &str = "
    INSERT INTO ledger_days (user_number, day, version, changed_ms, sums, sums_version)
    VALUES (?1, ?2, ?3, ?4, ?5, ?3)
    ON CONFLICT DO NOTHING";
pub(super) const NEXT_VERSION: &str = "
    UPDATE ledger_days SET version = ?3, changed_ms = ?4, sums = ?5, sums_version = ?3
    WHERE user_number = ?1 AND day = ?2 AND version = ?6";
const BURY: &str = "
    INSERT INTO dead_pings (user_number, at_ms, partition, major, minor, reason, record)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// The statements for one kind of pieces.
pub(super) struct Statements {
    pub(super) remove: &'static str,
    pub(super) resize: &'static str,
    add: &'static str,
}

pub(super) const COUNTED: Statements = Statements {
    remove:
        "
        DELETE FROM app_usage WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4",
    resize: "
        UPDATE app_usage SET end_ms = ?5
        WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4",
    add: "INSERT INTO app_usage (user_number, start_ms, source_number, end_ms) VALUES (?1, ?2, ?3, ?4)",
};

pub(super) const OUTRANKED: Statements = Statements {
    remove: "
        DELETE FROM outranked_usage
        WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4",
    resize: "
        UPDATE outranked_usage SET end_ms = ?5
        WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4",
    add: "INSERT INTO outranked_usage (user_number, start_ms, source_number, end_ms) VALUES (?1, ?2, ?3, ?4)",
};

/// Applies a commit. Unless this gives `Done`, the transaction must be undone.
pub(super) fn apply(tx: &Transaction<'_>, commit: &LedgerCommit) -> Result<Applied, Failure> {
    if commit.to < commit.from {
        return Err(Failure::Rejected("a position would move back"));
    }
    if !move_position(tx, commit.partition, commit.from, commit.to)? {
        return Ok(Applied::Fenced);
    }
    let mut people = Vec::with_capacity(commit.changes.len());
    for (user, change) in &commit.changes {
        let Some(user) = users::number_of(tx, *user)? else { return Ok(Applied::Stale) };
        if !move_version(tx, user, change, commit.at)? {
            return Ok(Applied::Stale);
        }
        people.push(user);
    }
    for (user, (_, change)) in people.into_iter().zip(&commit.changes) {
        change_pieces(tx, user, &change.counted, &COUNTED)?;
        change_pieces(tx, user, &change.outranked, &OUTRANKED)?;
    }
    for dead in &commit.dead {
        bury(tx, commit, dead)?;
    }
    Ok(Applied::Done)
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

fn move_version(tx: &Transaction<'_>, user: i64, change: &DayChange, at: UtcMs) -> Result<bool, Failure> {
    let (day, from, to) = (change.day.0, change.from_version as i64, change.to_version as i64);
    let sums = stored_sums::encode(&change.sums);
    let moved = match change.from_version {
        0 => tx.prepare_cached(FIRST_VERSION)?.execute(params![user, day, to, at.0, sums])?,
        _ => tx.prepare_cached(NEXT_VERSION)?.execute(params![user, day, to, at.0, sums, from])?,
    };
    Ok(moved == 1)
}

/// Removed, then resized, then added, so that counted pieces never overlap on the way.
fn change_pieces(
    tx: &Transaction<'_>,
    user: i64,
    changes: &PieceChanges,
    statements: &Statements,
) -> Result<(), Failure> {
    for Piece { source, interval } in &changes.removed {
        let source = sources::find(tx, user, source)?;
        let row = params![user, interval.start().0, source, interval.end().0];
        found(tx.prepare_cached(statements.remove)?.execute(row)?)?;
    }
    for Resized { piece: Piece { source, interval }, new_end } in &changes.resized {
        let source = sources::find(tx, user, source)?;
        let row = params![user, interval.start().0, source, interval.end().0, new_end.0];
        found(tx.prepare_cached(statements.resize)?.execute(row)?)?;
    }
    for Piece { source, interval } in &changes.added {
        let source = sources::find_or_add(tx, user, source)?;
        let row = params![user, interval.start().0, source, interval.end().0];
        tx.prepare_cached(statements.add)?.execute(row)?;
    }
    Ok(())
}

/// A change of a stored piece must find it exactly as it says it was.
fn found(rows: usize) -> Result<(), Failure> {
    if rows == 1 { Ok(()) } else { Err(Failure::Rejected("a change of a piece that is not there")) }
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
